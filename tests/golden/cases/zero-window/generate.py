# SPDX-License-Identifier: BSD-3-Clause
"""clock: nothing is retransmitted into a closed window, by scoreboard or timer; when it opens the
hole is filled."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.send(5)
case.wait(5)
flow.ack(sack=s[1:2], window=0)
flow.ack(sack=s[1:3])
flow.ack(sack=s[1:4])
flow.ack(sack=s[1:5])
case.wait(100)
flow.control("A", seq=flow.una - 1)  # window probe
flow.ack(sack=s[1:5])
case.wait(10)
flow.ack(sack=s[1:5], window=60000, retransmits=s[:1])
case.wait(5)
flow.ack(s[4])
case.wait(200)
case.expect(radio_losses=1, repairs_confirmed=1)
case.write()
