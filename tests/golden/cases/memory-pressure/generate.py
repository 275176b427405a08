# SPDX-License-Identifier: BSD-3-Clause
"""clock: a flow that begins while the cache is nearly full is left alone until there is room
again."""
from lib import Case, Flow

case = Case()
first = Flow(case)
first.warm_up()
s = first.send(60)
case.wait(2)
second = Flow(case, dport=5002)
t = second.send(4)
case.wait(1)
second.ack(t[0])
for last in range(2, 5):
    second.ack(sack=t[1:last])
case.wait(1)
second.ack(t[3])
first.ack(s[59])
case.wait(1500)  # ageing comes by
t = second.send(10)
case.wait(5)
second.ack(t[9])
case.wait(1500)
case.expect(flows_squeezed=1, pass_bypass=9, flows_bypass=0, cached_segments_total=74,
            retransmits_timeout=0)
case.write()
