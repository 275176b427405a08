# SPDX-License-Identifier: BSD-3-Clause
"""clock: a D-SACK about a retransmission by snoopd that comes after all is acknowledged passes and
is counted."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
case.wait(0.5)
flow.ack(s[7])
case.wait(5)
flow.ack(dsack=s[0])
case.wait(200)
case.expect(spurious_repairs=1)
case.write()
