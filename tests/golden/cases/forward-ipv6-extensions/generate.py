# SPDX-License-Identifier: BSD-3-Clause
"""pcap: IPv6 with every kind of extension header crosses both ways; TCP after them is
recognised."""
from scapy.layers.inet import TCP
from scapy.layers.inet6 import (IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting,
                                ICMPv6EchoRequest, Jumbo, RouterAlert)
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from lib import Case, STATION_MAC, WIRED_MAC

data = TCP(flags="A") / Raw(b"0123456789" * 10)
hops, destination = IPv6ExtHdrHopByHop(options=[RouterAlert()]), IPv6ExtHdrDestOpt()
deep = destination
for _ in range(6):
    deep = deep / destination.copy()
case = Case()
for send, source, target in ((case.wired, WIRED_MAC, STATION_MAC),
                             (case.wireless, STATION_MAC, WIRED_MAC)):
    for i, inside in enumerate((hops / data, destination / data, hops / destination / data,
                                deep / data,
                                IPv6ExtHdrRouting(addresses=["2001:db8::9"], segleft=0) / data,
                                IPv6ExtHdrRouting(addresses=["2001:db8::9"], segleft=1) / data,
                                hops / ICMPv6EchoRequest(), IPv6(dst="::1") / data)):
        send(Ether(src=source, dst=target) / IPv6(src="2001:db8::%x" % (i + 1),
                                                  dst="2001:db8:1::2") / inside)
    send(Ether(src=source, dst=target) / IPv6(src="2001:db8::1", dst="2001:db8:1::2", plen=0) /
         IPv6ExtHdrHopByHop(options=[Jumbo(jumboplen=66000)]) / Raw(bytes(100)))
case.expect(flows_created=4, cached_segments_total=4, pass_no_flow=4, pass_ext_depth=2,
            pass_source_route=2, pass_ip_other=2, pass_ip_in_ip=2, pass_jumbogram=2)
case.write()
