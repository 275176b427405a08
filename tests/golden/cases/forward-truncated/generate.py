# SPDX-License-Identifier: BSD-3-Clause
"""pcap: frames that end before their headers or their IP length say cross both ways, down to 15
bytes."""
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

from lib import Case, STATION_MAC, WIRED_MAC

case = Case()
for send, source, target in ((case.wired, WIRED_MAC, STATION_MAC),
                             (case.wireless, STATION_MAC, WIRED_MAC)):
    for ip, cuts in ((IP(src="10.0.0.1", dst="10.0.1.2"), (15, 20, 33, 34, 40, 53, 54, 100)),
                     (IPv6(src="2001:db8::1", dst="2001:db8::2"), (15, 30, 53, 54, 70, 74, 120))):
        frame = bytes(Ether(src=source, dst=target) / ip / TCP(flags="A") / Raw(bytes(100)))
        for cut in cuts:
            send(frame[:cut])
    send(bytes(Ether(src=source, dst=target) / Dot1Q(vlan=3))[:17])
case.expect(pass_truncated=32)
case.write()
