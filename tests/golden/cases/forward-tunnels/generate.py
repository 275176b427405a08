# SPDX-License-Identifier: BSD-3-Clause
"""pcap: PPPoE sessions, MPLS and tunnels over IP cross both ways unchanged, each with its
reason."""
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from lib import Case, STATION_MAC, WIRED_MAC, pattern

inside = bytes(IP(src="10.0.0.1", dst="10.0.1.2") / TCP(flags="A") / Raw(pattern(1, 100)))
inside6 = bytes(IPv6(src="2001:db8::1", dst="2001:db8::2") / TCP(flags="A") / Raw(pattern(2, 100)))
outer, outer6 = IP(src="192.0.2.1", dst="192.0.2.2"), IPv6(src="2001:db8::1", dst="2001:db8::2")


def pppoe(protocol, packet):
    head = b"\x11\x00\x12\x34" + (len(packet) + 2).to_bytes(2, "big")
    return Raw(head + protocol.to_bytes(2, "big") + packet)


def udp(source, target):
    return UDP(sport=source, dport=target) / Raw(pattern(3, 60))


sessions = [pppoe(0x0021, inside), pppoe(0x0057, inside6), pppoe(0xC021, b"\x09\x01\x00\x08LCP!"),
            Raw(b"\x11")]
label = Raw(b"\x00\x06\x41\xff" + inside)
tags = [bytes.fromhex("88a800648100000a"), bytes.fromhex("8100a00a"), b""]
tunnels = [outer / udp(50000, port) for port in (1701, 2152, 4789, 4790, 5247, 6081, 8472)]
tunnels += [outer / udp(5247, 40000), outer6 / udp(50000, 4789),
            outer6 / IPv6ExtHdrDestOpt() / udp(1701, 1701)]
case = Case()
for send, source, target in ((case.wired, WIRED_MAC, STATION_MAC),
                             (case.wireless, STATION_MAC, WIRED_MAC)):
    ether = Ether(src=source, dst=target)
    for tag in tags:
        for kind, packets in ((0x8864, sessions), (0x8847, [label]), (0x8848, [label])):
            for packet in packets:
                send(bytes(ether)[:12] + tag + kind.to_bytes(2, "big") + bytes(packet))
    for packet in tunnels:
        send(ether / packet)
    for head in (IP(src="192.0.2.1", dst="192.0.2.2", proto=47), IPv6(nh=47)):
        send(ether / head / Raw(b"\0\0\x08\0" + inside))
    for head, packet in ((IP(proto=4), inside), (IP(proto=41), inside6), (IPv6(nh=4), inside),
                         (IPv6(nh=41), inside6)):
        send(ether / head / Raw(packet))
    for head in (IP(proto=50), IP(proto=51), IPv6(nh=50), IPv6(nh=51)):
        send(ether / head / Raw(pattern(4, 96)))
    send(ether / outer / udp(4500, 4500))
    send(ether / outer / udp(50000, 443))
case.expect(pass_pppoe=24, pass_mpls=12, pass_udp_tunnel=20, pass_gre=4, pass_ip_in_ip=8,
            pass_ipsec=10, pass_ip_other=2)
case.write()
