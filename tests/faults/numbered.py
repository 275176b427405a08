# SPDX-License-Identifier: BSD-3-Clause
"""Numbered datagrams in both directions from a process of their own: which were lost, which came
twice, which overtook others, how long the slowest took from host to host, and the longest time
between two that were sent one after the other and came."""

import json
import multiprocessing
import select
import socket
import struct
import time

from lab import ADDRESSES
from stacks import demand, inside

RATE_PER_S = 2000  # in each direction
PORT = 7771
BURST = 10
LATE_S = 0.5  # what has not come by then is lost
SO_TIMESTAMPNS, SO_RCVBUFFORCE = 35, 33
BODY = struct.Struct("=QQ")  # number, time
TIME = struct.Struct("=qq")


def make_socket(lab, role, addresses):
    with inside(lab, role):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 23)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.bind((addresses[role], PORT))
    sock.setblocking(False)
    return sock


class Direction:
    def __init__(self, source, target, where):
        self.source, self.target, self.where = source, target, where
        self.sent, self.last, self.overtaken, self.slowest_ns = 0, -1, 0, 0
        self.last_ns, self.outage_ns = None, 0
        self.came = {}

    def send(self):
        self.source.sendto(BODY.pack(self.sent, time.time_ns()), self.where)
        self.sent += 1

    def receive(self):
        while True:
            try:
                data, extra, _, _ = self.target.recvmsg(64, 128)
            except BlockingIOError:
                return
            number, sent_ns = BODY.unpack(data)
            seconds, nanoseconds = TIME.unpack(extra[0][2])
            self.came[number] = self.came.get(number, 0) + 1
            self.overtaken += number < self.last
            if number > self.last:  # what was sent between the two was lost
                self.outage_ns = max(self.outage_ns, sent_ns - (self.last_ns or sent_ns))
                self.last_ns = sent_ns
            self.last = max(self.last, number)
            self.slowest_ns = max(self.slowest_ns, seconds * 10**9 + nanoseconds - sent_ns)

    def figures(self):
        return {"sent": self.sent, "lost": self.sent - len(self.came),
                "twice": sum(count - 1 for count in self.came.values()),
                "overtaken": self.overtaken, "slowest_ms": self.slowest_ns / 1e6,
                "outage_ms": self.outage_ns / 1e6}


def _run(directions, stop):
    next_s, end = time.monotonic(), None
    arrivals = select.poll()  # select() takes no descriptor above 1023
    for direction in directions:
        arrivals.register(direction.target, select.POLLIN)
    while end is None or time.monotonic() < end:
        if end is None and stop.poll():
            stop.recv()
            end = time.monotonic() + LATE_S
        now = time.monotonic()
        if end is None and now >= next_s:
            for direction in directions:
                direction.send()
            # Who had no CPU for a while does not make up for all of it: that would be a burst.
            next_s = max(next_s + 1 / RATE_PER_S, now - BURST / RATE_PER_S)
        for direction in directions:
            direction.receive()
        arrivals.poll(max(0, 1e3 * (next_s - time.monotonic())))
    stop.send(json.dumps([direction.figures() for direction in directions]))


class Numbered:
    """`with Numbered(lab) as numbered`: they flow until finish()."""

    def __init__(self, lab, addresses=None):
        addresses = addresses or {role: each[4] for role, each in ADDRESSES.items()}
        wired, mobile = (make_socket(lab, role, addresses) for role in ("wired", "mobile"))
        directions = (Direction(wired, mobile, (addresses["mobile"], PORT)),
                      Direction(mobile, wired, (addresses["wired"], PORT)))
        self.stop, child = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("fork").Process(
            target=_run, args=(directions, child), daemon=True)

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.join()

    def finish(self):
        """@return the figures of both directions, from the wired host first"""
        self.stop.send(None)
        demand(self.stop.poll(30), "the numbered datagrams do not end")
        return json.loads(self.stop.recv())
