# SPDX-License-Identifier: BSD-3-Clause
"""pcap: where nothing but PPPoE passes, the status says that, and nothing of the radio."""
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from lib import Case, STATION_MAC, WIRED_MAC, pattern

case = Case()
for number in range(20):
    for send, source, target in ((case.wired, WIRED_MAC, STATION_MAC),
                                 (case.wireless, STATION_MAC, WIRED_MAC)):
        inside = bytes(IP(src="10.0.0.1", dst="10.0.1.2") / TCP(flags="A", seq=100 * number) /
                       Raw(pattern(1, 100)))
        head = b"\x11\x00\x12\x34" + (len(inside) + 2).to_bytes(2, "big") + b"\x00\x21"
        send(bytes(Ether(src=source, dst=target, type=0x8864)) + head + inside)
case.wired(Ether(src=WIRED_MAC, dst=STATION_MAC) / ARP())
case.expect(pass_pppoe=40, pass_non_ip=1)
case.expect_verdict("pppoe")
case.write()
