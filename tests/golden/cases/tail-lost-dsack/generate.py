# SPDX-License-Identifier: BSD-3-Clause
"""clock: a station that reports duplicates: a time-out whose answer reports none was a loss."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
late = flow.data()
case.retransmit(late, "timeout", between=(48, 60))
case.wait(64)
flow.ack(late, dsack=late)
case.wait(100)
lost = flow.data()
case.retransmit(lost, "timeout", between=(88, 140))
case.wait(145)
flow.ack(lost)
case.wait(300)
case.expect(timeouts=2, radio_losses=1, repairs_confirmed=1, spurious_repairs=1)
case.write()
