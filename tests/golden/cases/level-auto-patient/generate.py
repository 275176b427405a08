# SPDX-License-Identifier: BSD-3-Clause
"""clock: level auto touches no ACK while the sender retransmits nothing that was under repair."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
for _ in range(10):
    s = flow.send(6)
    case.wait(5)
    for last in range(2, 6):
        flow.ack(sack=s[1:last], retransmits=s[:1] if last == 4 else ())
    case.wait(5)
    flow.ack(s[5])
case.wait(200)
case.expect(radio_losses=10, repairs_confirmed=10)
case.write()
