# SPDX-License-Identifier: BSD-3-Clause
"""clock: a segment with a wrong checksum is forwarded, but neither cached nor retransmitted;
duplicate ACKs for it pass."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
bad = flow.data(corrupt=True)
s = flow.send(5)
case.wait(5)
for last in range(1, 6):
    flow.ack(sack=s[:last])
case.wait(30)
flow.again(bad)
case.wait(5)
flow.ack(s[4])
case.wait(200)
case.expect(pass_bad_checksum=1, upstream_holes=1, cached_segments_total=10, radio_losses=0)
case.write()
