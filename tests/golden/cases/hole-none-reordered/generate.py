# SPDX-License-Identifier: BSD-3-Clause
"""clock: a segment that arrives late, within the reordering window, is not retransmitted."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.send(3)
case.wait(5)
flow.ack(sack=s[1:2], withheld=True)
flow.ack(sack=s[1:3], withheld=True)
case.wait(0.5)
flow.ack(s[2])
case.wait(200)
case.expect(radio_losses=0)
case.write()
