# SPDX-License-Identifier: BSD-3-Clause
"""clock: the radio stalls, the timer retransmits one segment; the ACK for all shows that nothing
else was lost."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.send(6)
case.retransmit(s[0], "timeout", between=(7.9, 14))
case.wait(15)
flow.ack(s[5])
case.wait(5)
flow.ack(dsack=s[0])
case.wait(300)
case.expect(timeouts=1, radio_losses=0, spurious_repairs=1)
case.expect_verdict("spurious")
case.write()
