# SPDX-License-Identifier: BSD-3-Clause
"""clock: a running connection is picked up at its next data segment; earlier data is acknowledged
without harm."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
unseen = flow.lose_upstream(3000)  # crossed before the box was there
s = flow.send(6)
case.wait(2)
flow.ack()
case.wait(2)
flow.ack(unseen)
flow.ack(sack=s[1:2], withheld=True)
flow.ack(sack=s[1:3], withheld=True)
flow.ack(sack=s[1:4], withheld=True, retransmits=s[:1])
case.wait(5)
flow.ack(s[5])
case.wait(200)
case.expect(flows_created=1, flows_midstream=1, repairs_confirmed=1)
case.write()
