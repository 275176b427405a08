# SPDX-License-Identifier: BSD-3-Clause
"""clock: data marked CE on its way is retransmitted with the mark: CE is never cleared."""
from lib import Case, Flow

case = Case()
flow = Flow(case, ecn=2)
flow.warm_up()
s = [flow.data(ecn=3 if i == 0 else 2) for i in range(8)]
case.wait(5)
flow.ack(sack=s[1:2], withheld=True)
flow.ack(sack=s[1:3], withheld=True)
flow.ack(sack=s[1:4], withheld=True, retransmits=s[:1])
case.wait(5)
flow.ack(s[7], flags="EA")
case.wait(200)
case.expect(repairs_confirmed=1)
case.write()
