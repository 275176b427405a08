# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: duplicate ACKs of a hole that the box never had; nothing is
retransmitted."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
hole = flow.lose_upstream()
s = flow.send(5)
case.wait(5)
for last in range(1, 6):
    flow.ack(sack=s[:last])
case.wait(40)
flow.again(hole)
case.wait(5)
flow.ack(s[4])
case.wait(200)
case.expect(upstream_holes=1, upstream_bytes=1000, radio_losses=0)
case.expect_verdict("lossless")
case.write()
