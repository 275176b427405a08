# SPDX-License-Identifier: BSD-3-Clause
"""pcap: TCP in both directions, every flag combination and old options, crosses unchanged."""
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from lib import Case, STATION_MAC, WIRED_MAC

case = Case()
for send, source, target, hosts in ((case.wired, WIRED_MAC, STATION_MAC, ("10.0.0.1", "10.0.1.2")),
                                    (case.wireless, STATION_MAC, WIRED_MAC,
                                     ("10.0.1.3", "10.0.0.1"))):
    for flags in range(512):
        send(Ether(src=source, dst=target) / IP(src=hosts[0], dst=hosts[1], id=flags) /
             TCP(sport=1000 + flags, dport=80, flags=flags, seq=flags) /
             Raw(b"payload" * (flags % 3)))
# SYN with FIN or RST, and neither SYN, ACK, RST nor FIN, make no sense.
case.expect(pass_malformed=512, syn_remembered=0)
case.expect_verdict("no_ack")
case.write()
