# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: a hole whose loss is older than the withholding budget, although it came to
the head only now."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.send(8)
case.wait(5)
flow.ack(sack=s[1:3], withheld=True)
flow.ack(sack=s[1:3] + s[4:8], withheld=True, retransmits=[s[0], s[3]])
s += flow.send(2)
case.wait(18)
flow.ack(s[2], sack=s[4:8])
case.wait(1)
flow.ack(sack=s[4:9], withheld=True, retransmits=[s[3]])
case.wait(2)
flow.ack(sack=s[4:10])  # 21 ms after the loss
flow.ack(s[9])
case.wait(300)
case.expect(spurious_repairs=1)  # answered 2 ms later, it was the one before that arrived
case.write()
