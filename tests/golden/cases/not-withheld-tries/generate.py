# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: duplicates of a hole that was retransmitted `tries` times."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.send(8)
case.wait(5)
flow.ack(sack=s[1:2], withheld=True)
flow.ack(sack=s[1:3], withheld=True)
flow.ack(sack=s[1:4], retransmits=s[:1])
flow.ack(sack=s[1:5])
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(repairs_confirmed=1)
case.write()
