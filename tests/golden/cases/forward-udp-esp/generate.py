# SPDX-License-Identifier: BSD-3-Clause
"""pcap: QUIC, ESP, AH, GRE, ICMP and other protocols above IP cross both ways unchanged."""
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from lib import Case, STATION_MAC, WIRED_MAC, pattern

quic = UDP(sport=443, dport=50000) / Raw(b"\xc3\0\0\0\x01\x08" + pattern(3, 1200))
case = Case()
for send, source, target in ((case.wired, WIRED_MAC, STATION_MAC),
                             (case.wireless, STATION_MAC, WIRED_MAC)):
    for ip in (IP(src="10.0.0.1", dst="10.0.1.2", tos=3),
               IPv6(src="2001:db8::1", dst="2001:db8::2")):
        send(Ether(src=source, dst=target) / ip / quic)
    for protocol in (50, 51, 47, 132, 0, 255):
        send(Ether(src=source, dst=target) / IP(src="10.0.0.1", dst="10.0.1.2", proto=protocol) /
             Raw(pattern(protocol, 96)))
    send(Ether(src=source, dst=target) / IPv6(src="2001:db8::1", dst="2001:db8::2", nh=50) /
         Raw(pattern(5, 96)))
    send(Ether(src=source, dst=target) / IP(src="10.0.0.1", dst="10.0.1.2") / ICMP() / Raw(b"ping"))
    send(Ether(src=source, dst="01:00:5e:00:00:fb") / IP(src="10.0.0.1", dst="224.0.0.251", ttl=1) /
         UDP(dport=5353))
case.expect(pass_ip_other=14, pass_ipsec=6, pass_gre=2)
case.expect_verdict("no_data")
case.write()
