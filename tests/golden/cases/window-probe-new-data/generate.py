# SPDX-License-Identifier: BSD-3-Clause
"""clock: senders that probe a closed window with new data, as all but Linux do: no loss, no
retransmit. The station takes the last probe of one of them; then losses are repaired as ever."""
from lib import Case, Flow

case = Case()
for port, size, taken in ((5000, 1, False), (5001, 1448, False), (5002, 1, True)):
    flow = Flow(case, dport=port)
    flow.handshake()
    flow.warm_up()
    s = flow.send(4, 1448)
    case.wait(4)
    flow.ack(s[3], window=0)
    for gap in (200, 400, 800, 1600):
        case.wait(gap)
        flow.data(size, seq=flow.next)
        case.wait(4)
        flow.ack()
    case.wait(300)
    if taken:  # the window has opened, and its update was lost
        flow.ack(flow.data(size), window=60000)
    else:
        flow.ack(window=60000)
    s = flow.send(8, 1448)
    case.wait(4)
    for last in range(1, 4):
        flow.ack(sack=s[1:1 + last], retransmits=s[:1] if last == 3 else ())
    case.wait(5)
    flow.ack(s[7])
    case.wait(200)
case.expect(radio_losses=3, repairs_confirmed=3, syn_remembered=2)
case.write()
