# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: the answer to a keep-alive of the sender; what was withheld goes out before
it."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
flow.control("A", seq=flow.una - 1)
flow.ack(sack=s[1:4])
flow.ack(sack=s[1:5], withheld=True)
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(acks_released=3, repairs_confirmed=1)
case.write()
