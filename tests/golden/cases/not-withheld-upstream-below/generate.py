# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: a radio hole right after an upstream hole is retransmitted, but the
duplicate ACKs tell of both."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
hole = flow.lose_upstream()
s = flow.send(5)
case.wait(5)
for last in range(2, 6):
    flow.ack(sack=s[1:last], retransmits=s[:1] if last == 4 else ())
case.wait(5)
flow.ack(sack=s)
flow.again(hole)
case.wait(5)
flow.ack(s[4])
case.wait(200)
case.expect(upstream_holes=1, upstream_bytes=1000, repairs_confirmed=1)
case.write()
