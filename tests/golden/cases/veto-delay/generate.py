# SPDX-License-Identifier: BSD-3-Clause
"""clock: a loss while the queueing delay is above `delay` is congestion: not retransmitted, its
duplicate ACKs pass."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
flow.warm_up(rtt=40, count=6)
s = flow.send(8)
case.wait(40)
for last in range(2, 6):
    flow.ack(sack=s[1:last], withheld=last < 4)
flow.again(s[0])
case.wait(40)
flow.ack(s[7])
case.wait(400)
case.expect(vetoes=1, radio_losses=1, sender_retransmits=1, repairs_confirmed=0)
case.write()
