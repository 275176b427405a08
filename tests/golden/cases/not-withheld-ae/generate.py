# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: a change of the AE flag of Accurate ECN; what was withheld goes out before
it."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
flow.ack(sack=s[1:5], flags="NA")
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(acks_released=3, repairs_confirmed=1)
case.write()
