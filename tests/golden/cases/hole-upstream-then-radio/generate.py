# SPDX-License-Identifier: BSD-3-Clause
"""clock: a hole that the sender fills is no reordering of the radio: the next loss is retransmitted
at its third SACK."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
hole = flow.lose_upstream()
s = flow.send(3)
case.wait(5)
for last in range(1, 4):
    flow.ack(sack=s[:last])
case.wait(40)
flow.again(hole)
case.wait(5)
flow.ack(s[2])
t = flow.lose()
case.wait(5)
flow.ack(t[7])
case.wait(200)
case.expect(upstream_holes=1, upstream_bytes=1000, repairs_confirmed=1)
case.write()
