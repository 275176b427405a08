# SPDX-License-Identifier: BSD-3-Clause
"""pcap: VLAN, priority, QinQ and deeper tags cross both ways unchanged."""
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

from lib import Case, STATION_MAC, WIRED_MAC

stacks = [Dot1Q(vlan=0, prio=6), Dot1Q(vlan=4095, id=1), Dot1Q(vlan=10) / Dot1Q(vlan=20),
          Dot1AD(vlan=100, prio=7) / Dot1Q(vlan=5), Dot1AD(vlan=1) / Dot1Q(vlan=2) / Dot1Q(vlan=3)]
case = Case()
for send, source, target in ((case.wired, WIRED_MAC, STATION_MAC),
                             (case.wireless, STATION_MAC, WIRED_MAC)):
    for stack in stacks:
        send(Ether(src=source, dst=target) / stack / IP(dst="10.0.0.9") / UDP(dport=53) /
             Raw(b"query"))
        send(Ether(src=source, dst=target) / stack / IP(dst="10.0.0.9") / TCP(flags="A"))
    send(Ether(src=source, dst=target, type=0x9100) /
         Raw(bytes.fromhex("00058100000a0800") + bytes(46)))
case.expect(pass_ip_other=8, pass_no_flow=8, pass_vlan_depth=4, pass_malformed=2)
case.write()
