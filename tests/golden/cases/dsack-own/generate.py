# SPDX-License-Identifier: BSD-3-Clause
"""clock: a D-SACK about a retransmission by snoopd is counted as spurious; while a hole is open it
may be withheld."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
case.wait(0.5)
flow.ack(s[3])  # the original was only late
flow.ack(sack=s[5:6], withheld=True)
case.wait(0.1)
flow.ack(dsack=s[0], sack=s[5:6], withheld=True)
flow.ack(s[7])
case.wait(5)
case.wait(200)
case.expect(spurious_repairs=1, radio_losses=0)
case.write()
