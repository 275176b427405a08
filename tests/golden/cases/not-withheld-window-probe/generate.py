# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: the answer to a window probe with one old byte, while a hole is under
repair."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
flow.control("A", seq=flow.una - 1, payload=b"x")
flow.ack(sack=s[1:4])
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(repairs_confirmed=1)
case.write()
