# SPDX-License-Identifier: BSD-3-Clause
"""clock: three holes in one window, the last one at its end but one: all are retransmitted in
order."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.send(12)
case.wait(5)
flow.ack(s[0])
flow.ack(sack=s[2:3], withheld=True)
flow.ack(sack=s[2:4], withheld=True)
flow.ack(sack=s[2:4] + s[5:6], withheld=True, retransmits=[s[1], s[4]])
flow.ack(sack=s[2:4] + s[5:7], withheld=True)
flow.ack(sack=s[2:4] + s[5:10], withheld=True)
flow.ack(sack=s[2:4] + s[5:10] + s[11:12], withheld=True, retransmits=[s[10]])
case.wait(5)
flow.ack(s[3], sack=s[5:10] + s[11:12])
flow.ack(s[9], sack=s[11:12])
flow.ack(s[11])
case.wait(200)
case.expect(radio_losses=3, repairs_confirmed=3)
case.write()
