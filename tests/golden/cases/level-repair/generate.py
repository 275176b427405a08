# SPDX-License-Identifier: BSD-3-Clause
"""clock: level repair retransmits the hole and touches no ACK."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.send(8)
case.wait(5)
for last in range(2, 8):
    flow.ack(sack=s[1:last], retransmits=s[:1] if last == 4 else ())
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(radio_losses=1, repairs_confirmed=1, acks_duplicate=6)
case.write()
