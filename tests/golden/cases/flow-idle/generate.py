# SPDX-License-Identifier: BSD-3-Clause
"""clock: a flow without a packet for `idle` is forgotten with all its bytes, and picked up again
when it wakes."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
case.wait(1500)
s = flow.send(4)
case.wait(5)
flow.ack(s[0])
flow.ack(s[3])
case.wait(1500)
case.expect(flows_created=2, flows_expired=2, flows_midstream=2, radio_losses=0)
case.expect_verdict("lossless")
case.write()
