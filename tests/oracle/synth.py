# SPDX-License-Identifier: BSD-3-Clause
"""
Random connections over a lossy radio, as a box in the middle would see them: a sender, a station
with SACK, holes that are filled by the sender, by a local repair, or never, and everything odd that
either end may send in between.
"""

import heapq
import struct
from random import Random

from captures import WIRED, WIRELESS
from packets import (ACK, CWR, ECE, FIN, PSH, RST, SYN, URG, Packet, before, before_or_at, newest,
                     ones_sum)

MASK = 0xFFFFFFFF
MSS_MAX = 1400
ODD_OPTIONS = (bytes((30, 8)) + bytes(6), bytes((253, 4, 1, 2)), bytes((19, 18)) + bytes(16))
BROKEN_OPTIONS = (bytes((8, 200)), bytes((5, 9)) + bytes(7), bytes((2, 0)))


class Connection:
    def __init__(self, seed, index):
        self.random = random = Random("%s %d" % (seed, index))
        self.ipv6 = random.random() < 0.2
        self.tag = random.choice((b"", b"", struct.pack(">HH", 0x8100, 7)))
        self.ports = (1000 + random.randrange(3), 5000 + index)
        self.stamps, self.sack = random.random() < 0.8, random.random() < 0.85
        self.loss, self.upstream = random.choice((0, 0.02, 0.1, 0.4)), random.choice((0, 0, 0.02))
        self.oddity = random.choice((0, 0.01, 0.05))
        self.heal = random.choice((0, 0.5, 1))
        self.radio_us, self.wired_us = (random.choice((500, 3000, 20000)),
                                        random.choice((2000, 40000)))
        self.isn = (random.randrange(1 << 32), random.randrange(1 << 32))
        if random.random() < 0.3:
            self.isn = (MASK - random.randrange(20000), self.isn[1])
        self.window, self.scale = random.choice((200, 8000, 65535)), random.choice((0, 4, 14))
        self.next = self.rcv = self.una = (self.isn[0] + 1) & MASK
        self.back = (self.isn[1] + 1) & MASK
        self.islands, self.duplicates = [], 0
        self.events, self.frames, self.count, self.scheduled = [], [], 0, 0
        self.packets_left = random.randint(5, 250)

    # Frames

    def emit(self, side, time_us, seq, ack, flags, payload=b"", options=b"", window=None, ecn=0,
             broken=False):
        options += bytes((1,)) * (-len(options) % 4)
        ports = self.ports if side == WIRED else self.ports[::-1]
        tcp = struct.pack(">HHIIBBHHH", *ports, seq & MASK, ack & MASK,
                          (5 + len(options) // 4) << 4, flags,
                          self.window if window is None else window, 0, 0) + options + payload
        hosts = [bytes(15) + bytes((h,)) if self.ipv6 else bytes((10, 0, 0, h)) for h in (1, 2)]
        src, dst = hosts if side == WIRED else hosts[::-1]
        total = ones_sum(src + dst + struct.pack(">IHH", len(tcp), 0, 6) + tcp)
        tcp = tcp[:16] + struct.pack(">H", (~total & 0xFFFF) ^ (broken and 0x55)) + tcp[18:]
        self.count += 1
        if self.ipv6:
            ip, kind = (struct.pack(">IHBB", 6 << 28 | ecn << 20, len(tcp), 6, 64) + src + dst,
                        0x86DD)
        else:
            head = struct.pack(">BBHHHBBH", 0x45, ecn, 20 + len(tcp), self.count & 0xFFFF, 0, 64, 6,
                               0) + src + dst
            ip, kind = head[:10] + struct.pack(">H", ~ones_sum(head) & 0xFFFF) + head[12:], 0x0800
        self.frames.append((time_us, side, bytes(12) + self.tag + struct.pack(">H", kind) + ip +
                            tcp))

    def stamp(self, time_us):
        return struct.pack(">BBBBII", 1, 1, 8, 10, time_us // 1000 & MASK,
                           time_us // 1000 & MASK) if self.stamps else b""

    def odd(self):
        return self.random.random() < self.oddity

    def handshake(self, time_us):
        options = bytes((3, 3, self.scale)) + (bytes((4, 2)) if self.sack else b"")
        self.emit(WIRED, time_us, self.isn[0], 0, SYN, options=options)
        self.emit(WIRELESS, time_us + self.radio_us, self.isn[1], self.isn[0] + 1, SYN | ACK,
                  options=options)
        self.emit(WIRED, time_us + self.radio_us + self.wired_us, self.isn[0] + 1, self.isn[1] + 1,
                  ACK)

    # Events

    def at(self, time_us, what, *more):
        self.scheduled += 1
        heapq.heappush(self.events, (time_us, self.scheduled, what, more))

    def run(self, time_us):
        if self.random.random() < 0.7:
            self.handshake(time_us)
            time_us += 2 * (self.radio_us + self.wired_us)
        self.at(time_us, self.produce)
        for _ in range(6000):
            if not self.events:
                break
            time_us, _, what, more = heapq.heappop(self.events)
            what(time_us, *more)
        return self.frames

    def produce(self, time_us):
        if self.packets_left <= 0:
            return
        for _ in range(self.random.randint(1, 10)):
            size = self.random.choice((MSS_MAX, MSS_MAX, MSS_MAX, 1,
                                       self.random.randint(2, MSS_MAX)))
            if self.random.random() >= self.upstream:
                self.send(time_us, self.next, size)
            else:
                self.at(time_us + 2 * self.wired_us, self.send, self.next, size)
            self.next = (self.next + size) & MASK
            self.packets_left -= 1
            time_us += self.random.choice((0, 10, 200))
        self.oddities_of_sender(time_us)
        self.at(time_us + self.random.choice((100, 2000, 2000, 30000, 400000)), self.produce)

    def send(self, time_us, seq, size, flags=ACK | PSH):
        payload = bytes((seq + i) & 0xFF for i in range(size))
        broken = self.odd()
        self.emit(WIRED, time_us, seq, self.back, flags, payload, self.stamp(time_us),
                  ecn=3 if self.odd() else 0, broken=broken)
        if not broken and self.random.random() >= self.loss:
            self.at(time_us + self.radio_us // 2 + (self.radio_us if self.odd() else 0),
                    self.arrive, seq, (seq + size) & MASK)
        else:
            if self.random.random() < self.heal:
                self.at(time_us + 3 * self.radio_us, self.arrive, seq, (seq + size) & MASK)
            self.at(time_us + max(200000, 4 * self.wired_us), self.time_out, seq, size)

    def time_out(self, time_us, seq, size):
        if before(self.una, (seq + size) & MASK) and self.random.random() < 0.9:
            self.send(time_us, seq, size)

    def oddities_of_sender(self, time_us):
        sent = (self.next - self.isn[0] - 1) & MASK
        if self.odd():                              # keep-alive
            self.emit(WIRED, time_us, self.una - 1, self.back, ACK, options=self.stamp(time_us))
            self.at(time_us + self.radio_us, self.acknowledge)
        if self.odd():                              # old data
            self.send(time_us, (self.una - min(sent, 700)) & MASK, min(sent, 700))
        if self.odd() and sent > 3000:              # cut in other pieces
            self.send(time_us, (self.next - 2500) & MASK, 2000)
        if self.odd() and self.random.random() < 0.2:
            self.emit(WIRED, time_us, self.next, self.back,
                      self.random.choice((RST, RST | ACK, SYN, FIN | ACK)))
        if self.odd() and self.random.random() < 0.2:   # another connection, unseen
            self.next = self.rcv = self.una = (self.next +
                                               self.random.choice((5 << 20, 1 << 29))) & MASK
            self.islands = []

    def arrive(self, time_us, start, end):
        dsack = None
        if before_or_at(end, self.rcv):
            dsack = (start, end)
        elif before_or_at(start, self.rcv):
            self.rcv = end
        else:
            if any(before_or_at(a, start) and before_or_at(end, b) for a, b in self.islands):
                dsack = (start, end)
            touching = [i for i in self.islands if before_or_at(i[0], end) and
                        before_or_at(start, i[1])]
            for island in touching:
                self.islands.remove(island)
                start = island[0] if before(island[0], start) else start
                end = newest(end, island[1])
            self.islands.insert(0, (start, end))
        for island in sorted(self.islands, key=lambda i: (i[0] - self.rcv) & MASK):
            if before_or_at(island[0], self.rcv):
                self.rcv = newest(self.rcv, island[1])
        self.islands = [i for i in self.islands if before(self.rcv, i[1])]
        self.at(time_us + self.radio_us // 2, self.acknowledge, dsack)

    def acknowledge(self, time_us, dsack=None):
        options = self.stamp(time_us)
        blocks = ([dsack] if dsack else []) + self.islands[:4 if not self.stamps else 3]
        blocks = blocks[:4 if not self.stamps else 3]
        if self.sack and blocks:
            options += (bytes((1, 1, 5, 2 + 8 * len(blocks))) +
                        b"".join(struct.pack(">II", *block) for block in blocks))
        more = {}
        if self.odd():
            more["window"] = self.random.choice((0, 1, self.window // 2))
        if self.odd():
            more["ecn"] = self.random.randrange(4)
        if self.odd():
            more["payload"] = b"answer"
        if self.odd():
            options = options[:12] + self.random.choice(ODD_OPTIONS)
        if self.odd() and self.random.random() < 0.3:
            options = options[:12] + self.random.choice(BROKEN_OPTIONS)
        flags = ACK | (self.random.choice((ECE, CWR, URG, PSH, FIN)) if self.odd() else 0)
        if self.odd() and self.random.random() < 0.2:
            flags = self.random.choice((RST, SYN | ACK, PSH))
        ack = (self.rcv - 1500) & MASK if self.odd() else self.rcv
        for _ in range(2 if self.odd() else 1):
            self.emit(WIRELESS, time_us, self.back, ack, flags, options=options, broken=self.odd(),
                      **more)
        self.back = (self.back + len(more.get("payload", b""))) & MASK
        if before(self.una, self.rcv):
            self.una, self.duplicates = self.rcv, 0
        elif self.islands:
            self.duplicates += 1
            if self.duplicates == 3 and self.random.random() < 0.5:
                self.at(time_us + self.wired_us, self.time_out, self.una, MSS_MAX)


def synthesize(seed):
    """@return the packets of one to three connections, in order of time"""
    frames = []
    for index in range(Random(seed).randint(1, 3)):
        frames += Connection(seed, index).run(1_000_000 + 5000 * index)
    return [Packet(frame, time_us, side)
            for time_us, side, frame in sorted(frames, key=lambda f: f[0])]
