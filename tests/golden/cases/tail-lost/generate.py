# SPDX-License-Identifier: BSD-3-Clause
"""clock: a lone segment at the tail is retransmitted, by the timer, and not before a delayed ACK
could have come."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
last = flow.data()
case.retransmit(last, "timeout", between=(48, 60))  # two RTTs and delayed_ack
case.wait(64)
flow.ack(last)
case.wait(300)
# The station may have delayed its ACK until the copy came: nothing proves a loss.
case.expect(timeouts=1, radio_losses=0, repairs_confirmed=0, repairs_unproven=1)
case.expect_verdict("unproven")
case.write()
