# SPDX-License-Identifier: BSD-3-Clause
"""pcap: headers that contradict themselves cross both ways unchanged and touch no flow."""
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from lib import Case, STATION_MAC, WIRED_MAC

ip = {"src": "10.0.0.1", "dst": "10.0.1.2"}
tcp, body = TCP(flags="A"), Raw(bytes(100))
case = Case()
for send, source, target in ((case.wired, WIRED_MAC, STATION_MAC),
                             (case.wireless, STATION_MAC, WIRED_MAC)):
    ether = Ether(src=source, dst=target)
    for inside in (IP(**ip, ihl=4) / tcp, IP(**ip, ihl=0) / tcp, IP(**ip, version=5) / tcp,
                   IP(**ip, len=19) / tcp, IP(**ip, len=0) / tcp, IP(**ip, ihl=15, len=40) / tcp,
                   IP(**ip) / TCP(dataofs=4), IP(**ip) / TCP(dataofs=15) / Raw(b"1234"),
                   IP(**ip, len=30) / tcp):
        send(ether / inside / body if inside[IP].len else bytes(ether / inside))
    send(Ether(src=source, dst=target, type=0x86DD) / IP(**ip) / tcp / body)
    send(ether / IPv6(src="2001:db8::1", dst="2001:db8::2", plen=12) / tcp / body)
case.expect(pass_malformed=22)
case.write()
