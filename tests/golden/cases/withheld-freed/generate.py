# SPDX-License-Identifier: BSD-3-Clause
"""clock: withheld ACKs are freed when their hole is filled; a new hole withholds again."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
case.wait(5)
flow.ack(s[7])
case.wait(10)
t = flow.lose(hole=2)
case.wait(5)
flow.ack(t[7])
case.wait(200)
case.expect(acks_freed=6, repairs_confirmed=2)
case.write()
