# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: a radio hole is retransmitted, but its duplicate ACKs also tell of an
upstream hole above it."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
s = flow.send(2)
hole = flow.lose_upstream()
t = flow.send(3)
case.wait(5)
flow.ack(sack=s[1:])
flow.ack(sack=s[1:] + t[:1])
flow.ack(sack=s[1:] + t[:2], retransmits=s[:1])
case.wait(5)
flow.ack(s[1], sack=t)
flow.again(hole)
case.wait(5)
flow.ack(t[2])
case.wait(200)
case.expect(upstream_holes=1, upstream_bytes=1000, repairs_confirmed=1)
case.write()
