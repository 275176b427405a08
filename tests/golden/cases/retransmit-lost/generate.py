# SPDX-License-Identifier: BSD-3-Clause
"""clock: a lost retransmit is retransmitted again, when segments that were sent after it arrive."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
more = flow.send(4)
case.wait(0.5)
for last in range(5, 9):
    flow.ack(sack=s[1:last], withheld=True)
case.wait(5)
flow.ack(sack=s[1:] + more[:1], withheld=True, retransmits=s[:1])
flow.ack(sack=s[1:] + more[:2], withheld=True)
case.wait(5)
flow.ack(more[3])
case.wait(200)
case.expect(radio_losses=2, repairs_confirmed=2)
case.write()
