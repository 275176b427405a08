# SPDX-License-Identifier: BSD-3-Clause
"""Connections through a Wire of bench.py whose station misses segments, again and again."""

import itertools
import time

from bench import Connection

SEGMENTS, LOST = 40, 19  # segments of a connection; the station misses the 2nd to the 20th


class Connections:
    """New connections; each makes snoopd retransmit LOST segments. They are never acknowledged; or,
    once `arrive` is set, they are, as if the retransmits had arrived; or, once `recover` is set,
    they are after the sender's own retransmits."""

    def __init__(self, wire, ends=("a0", "b0")):
        self.wire, self.numbers, self.last_s = wire, itertools.count(), 0
        self.ends, (self.wired, self.wireless) = ends, ends
        self.arrive, self.recover, self.open, self.answered = False, False, None, None

    def add(self, station):
        connection = Connection(10000 + next(self.numbers), station=station)
        self.send(connection, range(SEGMENTS))
        end = 1 + 100 * SEGMENTS
        for frame in connection.ack(101), connection.ack(101, sack=[(101 + 100 * LOST, end)]):
            self.wire.sockets[self.wireless].send(frame)
        return connection

    def send(self, connection, numbers):
        for number in numbers:
            self.wire.sockets[self.wired].send(connection.data(1 + 100 * number, b"y" * 100))

    def go_on(self, station):
        """A step is later than the path's time: an answer that comes sooner is of the original."""
        if self.answered:
            self.wire.sockets[self.wireless].send(self.answered.ack(1 + 100 * SEGMENTS))
        if self.recover and self.open:
            self.send(self.open, range(1, 1 + LOST))
        self.answered = self.open if self.recover or self.arrive else None
        self.open = self.add(station)

    def keep_up(self):
        """Open one connection in 40 ms, each with a station of its own, at whatever rate this is
        called."""
        if time.monotonic() - self.last_s > 0.04:
            self.last_s = time.monotonic()
            number = next(self.numbers)
            self.go_on(f"192.168.{number // 250 % 250}.{1 + number % 250}")
        for name in self.ends:
            self.wire.receive(name, 0)
