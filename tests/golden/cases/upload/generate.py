# SPDX-License-Identifier: BSD-3-Clause
"""clock: data of the station and the duplicate ACKs of the wired side for it cross untouched and
make no flow."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.handshake()
for _ in range(8):
    flow.ack(payload=b"upload" * 100)
case.wait(20)
for _ in range(6):
    flow.control("A")
case.wait(200)
case.expect(flows_created=0, cached_segments_total=0)
case.expect_verdict("no_data")
case.write()
