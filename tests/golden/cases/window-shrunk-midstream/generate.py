# SPDX-License-Identifier: BSD-3-Clause
"""clock: the window scale is unknown, yet a hole beyond what the station can have offered is not
retransmitted."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.send(10)
case.wait(5)
flow.ack(s[0])
flow.ack(s[4], sack=s[6:10], window=500)
case.wait(20)
flow.ack(sack=s[6:10], window=8000, retransmits=[s[5]])
case.wait(5)
flow.ack(s[9])
case.wait(200)
case.expect(radio_losses=1, repairs_confirmed=1, flows_midstream=1)
case.write()
