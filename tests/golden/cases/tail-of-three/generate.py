# SPDX-License-Identifier: BSD-3-Clause
"""clock: three segments are all lost: after two RTTs the timer retransmits the first, whose ACK
clocks out the others."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.send(3)
case.retransmit(s[0], "timeout", between=(7.9, 14))
case.wait(16)
flow.ack(s[0], retransmits=[s[1]], cause=None)
case.wait(5)
flow.ack(s[1], retransmits=[s[2]], cause=None)
case.wait(5)
flow.ack(s[2])
case.wait(300)
case.expect(timeouts=1, repairs_confirmed=2)  # the first may have arrived, its ACK delayed
case.write()
