# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: a SYN-ACK of the same 4-tuple, which ends the flow; what was withheld goes
out before it."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
flow.ack(sack=s[1:5], flags="SA")
case.wait(100)
flow.ack(sack=s[1:5])
case.wait(200)
case.expect(acks_released=3, repairs_confirmed=0, flows_reset=1)
case.write()
