# SPDX-License-Identifier: BSD-3-Clause
"""clock: a second full segment ends the allowance for a delayed ACK, but the timer starts with it:
nothing is retransmitted for one RTO more."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.handshake(gap=4)  # an RTO of 12 ms
case.wait(5)
first = flow.data(1448)
case.wait(25)
last = flow.data(1448)
case.wait(11.5)
flow.ack(last)
case.wait(100)
# The same, and both are lost.
first = flow.data(1448)
case.wait(25)
flow.data(1448)
case.retransmit(first, "timeout", between=(11.5, 40))
case.wait(45)
flow.ack(first)
case.wait(0.5)
case.expect(timeouts=1, radio_losses=0)
case.write()
