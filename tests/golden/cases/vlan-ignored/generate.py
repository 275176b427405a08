# SPDX-License-Identifier: BSD-3-Clause
"""clock: with [flows] vlan = ignore a connection whose directions carry other tags is repaired;
each copy has the tags of its segment."""
from scapy.layers.l2 import Dot1AD

from lib import Case, Flow, vlan

case = Case()
pairs = [(vlan(10), vlan(20)), (vlan(10), ()), ((), vlan(10)), ((Dot1AD(vlan=10),), vlan(10)),
         (vlan(100, 10), vlan(100, 20)), ((), ())]
flows = [Flow(case, station=2 + i, vlans=down, vlans_up=up) for i, (down, up) in enumerate(pairs)]
for flow in flows:
    flow.handshake()
    flow.warm_up()
sent = [flow.send(8) for flow in flows]
case.wait(5)
for flow, s in zip(flows, sent):
    flow.ack(s[0])
    for last in range(3, 6):
        flow.ack(sack=s[2:last], withheld=True, retransmits=s[1:2] if last == 5 else ())
case.wait(5)
for flow, s in zip(flows, sent):
    flow.ack(s[7])
case.wait(200)
case.expect(flows_created=6, radio_losses=6, repairs_confirmed=6, pass_no_flow=6,
            syn_remembered=0)
case.write()
