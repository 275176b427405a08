# SPDX-License-Identifier: BSD-3-Clause
"""Numbered packets of many flows in both directions, and whether their order survived.

Every packet carries (flow, direction, number) at its end. A stream is one direction of one flow.
"""

import ipaddress
import random
import struct

WIRED, WIRELESS = 0, 1
MARK = b"order"
TRAILER = struct.Struct("!5sHBI")

ETHERTYPE = {4: 0x0800, 6: 0x86DD}
TCP, UDP = 6, 17
# What a station sends has its address as source.
MACS = (bytes.fromhex("020000000001"), bytes.fromhex("020000000002"))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Flow:
    """kind is tcp, udp or fragment; ip is 4 or 6; vlans are (TPID, VID), outermost first."""

    def __init__(self, index, kind, ip, vlans, pair):
        self.index, self.kind, self.ip, self.vlans = index, kind, ip, vlans
        base = {4: (0x0A4D0101, 0x0A4D0202), 6: (0xFD77 << 112 | 1, 0xFD77 << 112 | 2 << 64)}[ip]
        make = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}[ip]
        # Several flows per station.
        self.addresses = (make(base[0] + pair % 3).packed, make(base[1] + pair % 7).packed)
        self.ports = (80 + pair % 5, 1024 + pair)

    def frame(self, side, number):
        """@param side  where the packet comes from"""
        payload = b"x" * (number * 7 % 900) + TRAILER.pack(MARK, self.index, side, number)
        return self._link(side) + self._packet(side, number, payload)

    def _link(self, side):
        tags = b"".join(struct.pack("!HH", tpid, vid) for tpid, vid in self.vlans)
        return MACS[1 - side] + MACS[side] + tags + struct.pack("!H", ETHERTYPE[self.ip])

    def _packet(self, side, number, payload):
        source, target = self.addresses[side], self.addresses[1 - side]
        ports = struct.pack("!HH", self.ports[side], self.ports[1 - side])
        protocol = UDP if self.kind == "udp" else TCP
        if self.kind == "tcp":
            segment = ports + struct.pack("!IIBBHHH", self._sequence(number), 1000, 5 << 4, 0x10,
                                          65535, 0, 0) + payload
            segment = self._fill_checksum(source, target, protocol, segment, 16)
        elif self.kind == "udp":
            segment = ports + struct.pack("!HH", 8 + len(payload), 0) + payload
            segment = self._fill_checksum(source, target, protocol, segment, 6)
        else:
            segment = payload  # neither first nor whole: no ports in it
        if self.ip == 6:
            if self.kind == "fragment":
                segment = struct.pack("!BBHI", protocol, 0, 8 << 3 | 1, number) + segment
                protocol = 44
            return (struct.pack("!IHBB", 6 << 28, len(segment), protocol, 64) + source + target +
                    segment)
        offset = 0x2000 | 8 if self.kind == "fragment" else 0x4000
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), number & 0xFFFF, offset, 64,
                             protocol, 0)
        header += source + target
        return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + segment

    @staticmethod
    def _sequence(number):
        # Segments follow each other without a hole: the length is a function of the number.
        return 1000 + sum(i * 7 % 900 + TRAILER.size for i in range(number))

    @staticmethod
    def _fill_checksum(source, target, protocol, segment, at):
        pseudo = source + target + struct.pack("!II", len(segment), protocol)
        return segment[:at] + struct.pack("!H", checksum(pseudo + segment)) + segment[at + 2:]


def make_flows(plain=False):
    """@param plain  neither VLANs nor fragments, for ways on which the kernel touches both"""
    flows = []
    for pair in range(24):
        kinds = [("tcp", 4, ()), ("tcp", 6, ())]
        if pair % 4 == 0:
            # Twins: the same addresses and ports in other networks.
            kinds += [("tcp", 4, ((0x8100, 5),)), ("tcp", 4, ((0x8100, 6),)),
                      ("tcp", 6, ((0x88A8, 5), (0x8100, 6)))]
        if pair % 8 == 0:
            kinds += [("udp", 4, ()), ("udp", 6, ()), ("fragment", 4, ()), ("fragment", 6, ())]
        if plain:
            kinds = [kind for kind in kinds if not kind[2] and kind[0] != "fragment"]
        flows += [Flow(len(flows) + i, *kind, pair) for i, kind in enumerate(kinds)]
    return flows


def interleave(flows, side, packets_per_flow, seed):
    """All packets of one side, streams mixed, each in its order."""
    turns = [flow for flow in flows for _ in range(packets_per_flow)]
    random.Random(seed + side).shuffle(turns)
    numbers = [0] * len(flows)
    frames = []
    for flow in turns:
        frames.append(flow.frame(side, numbers[flow.index]))
        numbers[flow.index] += 1
    return frames


def check_side(sent, got, may_retransmit):
    """@param sent, got  the frames that went in on one side and came out on the other

    @return (what is wrong as lines, packets lost, packets retransmitted)
    """
    known = {frame: TRAILER.unpack(frame[-TRAILER.size:]) for frame in sent}
    seen, last, lines, retransmitted = set(), {}, [], 0
    for frame in got:
        if frame not in known:
            lines.append("a frame that nobody sent: %s" % frame[:64].hex(" "))
            continue
        if frame in seen:
            retransmitted += 1
            if not may_retransmit:
                lines.append("flow %d side %d: packet %d twice" % known[frame][1:])
            continue
        seen.add(frame)
        _, flow, side, number = known[frame]
        if number <= last.get((flow, side), -1):
            lines.append("flow %d side %d: packet %d behind %d" %
                         (flow, side, number, last[flow, side]))
        last[flow, side] = max(number, last.get((flow, side), -1))
    return lines[:10], len(known) - len(seen), retransmitted
