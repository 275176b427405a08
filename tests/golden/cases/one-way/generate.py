# SPDX-License-Identifier: BSD-3-Clause
"""clock: data whose ACKs take another way is forwarded; without an ACK no timer retransmits
anything."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
for _ in range(10):
    flow.send(10)
    case.wait(50)
case.wait(500)
case.expect(timeouts=0, cached_segments_total=64)
case.expect_verdict("no_ack")
case.write()
