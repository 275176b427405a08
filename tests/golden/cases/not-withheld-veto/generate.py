# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: under a veto the radio's own share of losses is retransmitted, but duplicate
ACKs pass."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
for _ in range(6):  # a lossy radio
    s = flow.lose(count=5)
    case.wait(5)
    flow.ack(s[4])
flow.warm_up(rtt=40, count=6)
s = flow.send(8)
case.wait(40)
for last in range(2, 5):
    flow.ack(sack=s[1:last], withheld=last < 4)  # the third makes 0 the signal, left to the sender
flow.again(s[0])
flow.ack(sack=s[1:4] + s[5:8], retransmits=[s[4]])
case.wait(10)
flow.ack(s[3], sack=s[5:8])
flow.ack(sack=s[5:8])
case.wait(30)
flow.ack(s[7])
case.wait(400)
case.expect(vetoes=1, radio_losses=8, sender_retransmits=1, repairs_confirmed=7)
case.write()
