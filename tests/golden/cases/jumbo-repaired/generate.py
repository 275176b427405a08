# SPDX-License-Identifier: BSD-3-Clause
"""clock: jumbo segments that span several buffers are cached, verified and retransmitted; a corrupt
one is not cached."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose(size=8000)
case.wait(5)
flow.ack(s[7])
bad = flow.data(8000, corrupt=True)
t = flow.send(1)
case.wait(5)
flow.ack(sack=t)
case.wait(20)
flow.again(bad)
case.wait(5)
flow.ack(t[0])
case.wait(200)
case.expect(repairs_confirmed=1, pass_bad_checksum=1, upstream_holes=1, cached_segments_total=14)
case.write()
