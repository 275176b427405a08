# SPDX-License-Identifier: BSD-3-Clause
"""clock: segments are freed by the cumulative ACK only; when SACKs are taken back, duplicates
pass."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
s = flow.lose(count=4)
case.wait(5)
flow.ack(s[0])  # all that was SACKed is gone
flow.ack()
flow.ack()
flow.again(s[1])
case.wait(5)
flow.ack(s[1])
for segment in s[2:]:
    flow.again(segment)
case.wait(5)
flow.ack(s[3])
case.wait(300)
case.expect(repairs_confirmed=1, sender_retransmits=3, cached_segments_total=8)
case.write()
