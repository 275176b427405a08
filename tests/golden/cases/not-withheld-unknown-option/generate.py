# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: a duplicate ACK with an unknown option; what was withheld goes out before
it."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
flow.ack(sack=s[1:5], extra=[(253, b"\\0\\1")])
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(acks_released=3, repairs_confirmed=1)
case.write()
