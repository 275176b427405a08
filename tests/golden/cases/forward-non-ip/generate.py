# SPDX-License-Identifier: BSD-3-Clause
"""pcap: ARP, LLDP, spanning tree in 802.3 LLC, PPPoE discovery and unknown types cross both ways
unchanged."""
from scapy.layers.l2 import ARP, Dot3, Ether, LLC, STP
from scapy.packet import Raw

from lib import Case, STATION_MAC, WIRED_MAC

case = Case()
for send, source, target in ((case.wired, WIRED_MAC, STATION_MAC),
                             (case.wireless, STATION_MAC, WIRED_MAC)):
    send(Ether(src=source, dst="ff:ff:ff:ff:ff:ff") /
         ARP(hwsrc=source, psrc="10.0.0.1", pdst="10.0.1.2"))
    send(Ether(src=source, dst="01:80:c2:00:00:0e", type=0x88CC) /
         Raw(b"\2\7\4\2\0\0\0\0\1\4\3\2\7\2\6\2\0\x78\0\0"))
    send(Dot3(src=source, dst="01:80:c2:00:00:00") / LLC() / STP())
    send(Ether(src=source, dst=target, type=0x8863) / Raw(bytes(range(60))))
    send(Ether(src=source, dst=target, type=0x88B5) / Raw(b"x" * 1500))
    send(Ether(src=source, dst="33:33:00:00:00:01", type=0xFFFF))
case.expect(pass_non_ip=12)
case.write()
