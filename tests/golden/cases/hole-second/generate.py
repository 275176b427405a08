# SPDX-License-Identifier: BSD-3-Clause
"""clock: two holes in one window: each is retransmitted once, when its proof comes; partial ACKs
pass, duplicates do not."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose(count=10)
flow.ack(sack=s[1:4] + s[5:6], withheld=True, retransmits=[s[4]])
flow.ack(sack=s[1:4] + s[5:7], withheld=True)
case.wait(5)
flow.ack(s[3], sack=s[5:10])
case.wait(1)
flow.ack(s[9])
case.wait(200)
case.expect(radio_losses=2, repairs_confirmed=2)
case.write()
