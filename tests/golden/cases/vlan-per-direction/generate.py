# SPDX-License-Identifier: BSD-3-Clause
"""clock: the two directions of a connection have other tags: it is forwarded and named, not
repaired; a twin in another VLAN is untouched."""
from scapy.layers.l2 import Dot1AD

from lib import Case, Flow, vlan

case = Case()
pairs = [(vlan(10), vlan(20)), (vlan(10), ()), ((), vlan(10)), ((Dot1AD(vlan=10),), vlan(10)),
         (vlan(100, 10), vlan(100, 20))]
flows = [Flow(case, station=2 + i, vlans=down, vlans_up=up) for i, (down, up) in enumerate(pairs)]
for flow in flows:
    flow.handshake()
    flow.warm_up()
twin = Flow(case, isn=2 * 10**9, vlans=vlan(30))  # the addresses and ports of the first
twin.warm_up()
sent = [flow.send(8) for flow in flows]
s = twin.send(8)
case.wait(5)
for flow, segments in zip(flows, sent):
    flow.ack(segments[0])
    for last in range(3, 6):
        flow.ack(sack=segments[2:last])
twin.ack(s[0])
for last in range(3, 6):
    twin.ack(sack=s[2:last], withheld=True, retransmits=s[1:2] if last == 5 else ())
case.wait(5)
twin.ack(s[7])
case.wait(20)
for flow, segments in zip(flows, sent):
    flow.again(segments[1])
    case.wait(4)
    flow.ack(segments[7])
# The first ACK of each handshake has no flow yet; the four of warm_up() and five more do.
case.wait(1200)
case.expect(flows_created=6, pass_other_vlan=5 * 9, pass_no_flow=5, radio_losses=1, acks_seen=9,
            repairs_confirmed=1, flows_because_other_vlan=5, flows_because_one_way=0)
for name in ("sender_retransmits", "cache_evictions", "flows_helped"):
    del case.counters[name]
case.write()
