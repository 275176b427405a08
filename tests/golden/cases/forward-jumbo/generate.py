# SPDX-License-Identifier: BSD-3-Clause
"""pcap: frames from the shortest to beyond the MTU cross both ways unchanged; above it TCP data is
not cached."""
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from lib import Case, STATION_MAC, WIRED_MAC, pattern

case = Case()
for send, source, target in ((case.wired, WIRED_MAC, STATION_MAC),
                             (case.wireless, STATION_MAC, WIRED_MAC)):
    for i, size in enumerate((0, 1, 18, 1472, 1473, 2048, 4000, 8972, 9174)):
        send(Ether(src=source, dst=target) / IP(src="10.0.0.1", dst="10.0.1.2", id=i) / UDP() /
             Raw(pattern(i, size)))
    for i, size in enumerate((1460, 4000, 8960)):
        send(Ether(src=source, dst=target) / IP(src="10.0.0.1", dst="10.0.1.2", id=i) /
             TCP(dport=1000 + i, flags="PA") / Raw(pattern(i, size)))
case.expect(pass_ip_other=18, pass_no_flow=3, flows_created=3, cached_segments_total=1,
            pass_not_shareable=2)
case.write()
