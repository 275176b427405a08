# SPDX-License-Identifier: BSD-3-Clause
"""What the oracle knows of a frame: its own parser, which shares nothing with lib/wire.

It is more liberal where order is concerned (a TCP segment with wrong options still belongs to its
connection), and stricter where something may be done to a packet: only what is `sound` may be
withheld or retransmitted.
"""

import struct

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
VLAN_TYPES = (0x8100, 0x88A8, 0x9100)
EXTENSIONS = (0, 43, 60)
WITHHOLDABLE_OPTIONS = {1, 5, 8}
MASK = 0xFFFFFFFF


def before(a, b):
    """Sequence numbers: a < b."""
    return 0 < (b - a) & MASK < 1 << 31


def before_or_at(a, b):
    return a == b or before(a, b)


def newest(a, b):
    return b if before(a, b) else a


def ones_sum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def flags_are_sent(flags):
    """RFC 9293 section 3.10.7: what a receiver drops unseen carries none of these, or SYN with an
    end."""
    return flags & (SYN | RST | ACK) and not (flags & SYN and flags & (FIN | RST))


class Packet:
    """A frame. `flow` is what its order is kept in: the connection, or one name for everything
    else."""

    __slots__ = ("frame", "time_us", "side", "flow", "tcp", "sound", "seq", "ack", "end", "flags",
                 "ecn", "window",
                 "payload", "options", "broken_options", "sack", "tsval", "scale", "vlans")

    def __init__(self, frame, time_us=0, side=0):
        self.frame, self.time_us, self.side = frame, time_us, side
        self.flow, self.tcp, self.sound, self.payload = "other", False, False, 0
        self.broken_options = False
        self.options, self.sack, self.tsval, self.scale = set(), [], None, None
        try:
            self._parse_frame()
        except (struct.error, IndexError):
            self.sound = False

    def _parse_frame(self):
        at, self.vlans = 12, ()
        (kind,) = struct.unpack_from(">H", self.frame, at)
        while kind in VLAN_TYPES:
            tag, inner = struct.unpack_from(">HH", self.frame, at + 2)
            if tag & 0xFFF:
                self.vlans += ((kind, tag & 0xFFF),)
            at, kind = at + 4, inner
        if kind == 0x0800:
            self._parse_ipv4(at + 2)
        elif kind == 0x86DD:
            self._parse_ipv6(at + 2)

    def _parse_ipv4(self, at):
        first, tos, total, _, fragment, _, protocol = struct.unpack_from(">BBHHHBB", self.frame, at)
        header = (first & 15) * 4
        self.ecn = tos & 3
        if first >> 4 != 4 or header < 20 or total < header or fragment & 0x3FFF or protocol != 6:
            return
        src, dst = self.frame[at + 12:at + 16], self.frame[at + 16:at + 20]
        self.sound = ones_sum(self.frame[at:at + header]) == 0xFFFF
        self._parse_tcp(at + header, at + total, src, dst)

    def _parse_ipv6(self, at):
        word, length, following = struct.unpack_from(">IHB", self.frame, at)
        src, dst = self.frame[at + 8:at + 24], self.frame[at + 24:at + 40]
        self.ecn = word >> 20 & 3
        end, at = at + 40 + length, at + 40
        if word >> 28 != 6:
            return
        self.sound = True
        while following in EXTENSIONS:
            if following == 43 and self.frame[at + 3]:
                return
            following, at = self.frame[at], at + (self.frame[at + 1] + 1) * 8
        if following == 6:
            self._parse_tcp(at, end, src, dst)

    def _parse_tcp(self, at, end, src, dst):
        (sport, dport, self.seq, self.ack, offset, self.flags,
         self.window) = struct.unpack_from(">HHIIBBH", self.frame, at)
        self.tcp = True
        ends = ((src, sport), (dst, dport))
        self.flow = (self.vlans, *(ends if self.side == 0 else ends[::-1]))
        header = (offset >> 4) * 4
        if end > len(self.frame) or not 20 <= header <= end - at or not flags_are_sent(self.flags):
            self.sound = self.tcp = False  # no receiver takes it: of no connection
            self.flow = "other"
            return
        self.ecn |= (offset & 1) << 2
        self.payload = end - at - header
        self.end = (self.seq + self.payload + bool(self.flags & SYN) +
                    bool(self.flags & FIN)) & MASK
        pseudo = src + dst + struct.pack(">IHH", end - at, 0, 6)
        self.sound = self.sound and ones_sum(pseudo + self.frame[at:end]) == 0xFFFF
        self._parse_options(self.frame[at + 20:at + header])

    def _parse_options(self, data):
        at = 0
        while at < len(data) and data[at] != 0:
            kind = data[at]
            self.options.add(kind)
            if kind == 1:
                at += 1
                continue
            size = data[at + 1] if at + 1 < len(data) else 0
            value = data[at + 2:at + size]
            if size < 2 or at + size > len(data) or (kind == 5 and
                                                     (size < 10 or size % 8 != 2)) or \
               (kind == 8 and size != 10):
                self.broken_options = True
                return
            if kind == 5:
                self.sack = [struct.unpack_from(">II", value, i)
                             for i in range(0, len(value) - 7, 8)]
            elif kind == 8:
                self.tsval = struct.unpack(">II", value)[0]
            elif kind == 3 and size == 3 and self.flags & SYN:
                self.scale = min(value[0], 14)
            at += size

    def is_data(self):
        """Something that a local repair may retransmit."""
        return (self.tcp and self.sound and not self.broken_options and not self.flags & RST and
                (self.payload > 0 or bool(self.flags & (SYN | FIN))))

    def ecn_bits(self):
        return (self.ecn, self.flags & (ECE | CWR))

    def __str__(self):
        if not self.tcp:
            return "%d bytes, not TCP" % len(self.frame)
        names = "".join(name for bit, name in zip((SYN, FIN, RST, PSH, ACK, URG, ECE, CWR),
                                                  "SFRPAUEC")
                        if self.flags & bit)
        return "%s:%d > %s:%d %s seq %d ack %d payload %d window %d sack %s" % (
            self.flow[1][0].hex(), self.flow[1][1], self.flow[2][0].hex(), self.flow[2][1], names,
            self.seq, self.ack, self.payload, self.window, self.sack)
