# SPDX-License-Identifier: BSD-3-Clause
"""clock: the first hole is retransmitted when three later segments are SACKed; its duplicate ACKs
never reach the sender."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
segments = flow.lose()
for last in range(5, 9):
    flow.ack(sack=segments[1:last], withheld=True)
case.wait(5)
flow.ack(segments[7])
case.wait(200)
case.expect(radio_losses=1, repairs_confirmed=1, acks_duplicate=7)
case.expect_verdict("helps")
case.write()
