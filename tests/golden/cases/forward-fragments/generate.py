# SPDX-License-Identifier: BSD-3-Clause
"""pcap: fragments of IPv4 and IPv6 datagrams, TCP's among them, cross both ways in order and
unchanged."""
from scapy.layers.inet import IP, TCP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from lib import Case, STATION_MAC, WIRED_MAC, pattern

case = Case()
for send, source, target in ((case.wired, WIRED_MAC, STATION_MAC),
                             (case.wireless, STATION_MAC, WIRED_MAC)):
    for layer in (TCP(flags="A"), UDP()):
        whole = IP(src="10.0.0.1", dst="10.0.1.2", id=77) / layer / Raw(pattern(1, 3000))
        for part in fragment(whole, 1400):
            send(Ether(src=source, dst=target) / part)
    for offset, more in ((0, 1), (150, 0), (0, 0)):
        send(Ether(src=source, dst=target) / IPv6(src="2001:db8::1", dst="2001:db8::2") /
             IPv6ExtHdrFragment(nh=6, offset=offset, m=more, id=9) / Raw(pattern(offset, 1200)))
case.expect(pass_fragment=18)
case.expect_verdict("not_understood")
case.write()
