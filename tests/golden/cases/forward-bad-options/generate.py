# SPDX-License-Identifier: BSD-3-Clause
"""pcap: TCP with malformed options crosses both ways, makes no flow and is never cached."""
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from lib import Case, STATION_MAC, WIRED_MAC

raw = [bytes.fromhex(options) for options in ("08000000", "080a0000", "051200000001000000020101",
                                              "22ff0000",
                                              "080a0000000100000002080a00000001000000020101")]
case = Case()
for send, source, target in ((case.wired, WIRED_MAC, STATION_MAC),
                             (case.wireless, STATION_MAC, WIRED_MAC)):
    for i, options in enumerate(raw):
        options += bytes(-len(options) % 4)
        header = TCP(sport=100 + i, dport=200, flags="A", dataofs=5 + len(options) // 4)
        send(Ether(src=source, dst=target) / IP(src="10.0.0.1", dst="10.0.1.2") / header /
             Raw(options + bytes(50)))
case.expect(pass_bad_options=10, flows_created=0, cached_segments_total=0)
case.write()
