# SPDX-License-Identifier: BSD-3-Clause
"""clock: with fewer than three SACKed segments above it a hole is retransmitted after a quarter of
the minimum RTT."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.send(3)
case.wait(5)
flow.ack(sack=s[1:2], withheld=True)
flow.ack(sack=s[1:3], withheld=True)
case.retransmit(s[0], "scoreboard", between=(0.8, 1.3))
case.wait(5)
flow.ack(s[2])
case.wait(200)
case.expect(radio_losses=1, repairs_confirmed=1)
case.write()
