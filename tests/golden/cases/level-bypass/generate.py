# SPDX-License-Identifier: BSD-3-Clause
"""pcap: level bypass looks at nothing: TCP with duplicate ACKs crosses, no flow is made."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
segments = flow.send(8)
for last in range(2, 8):
    flow.ack(sack=segments[1:last])
case.expect(pass_bypass=14, flows_created=0, cached_segments_total=0)
case.expect_verdict("bypass")
case.write()
