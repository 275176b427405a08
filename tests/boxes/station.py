# SPDX-License-Identifier: BSD-3-Clause
"""A station that moves between the radios of two boxes:

                                        +-- box 0 --[radio]----+
    wired host --[wired path]-- switch                        station
                                        +-- box 1 --[radio-1]--+

The station's address is on a bridge, which has the interface of one radio at a time. It announces
itself by gratuitous ARP where it arrives, so the switch learns where it is.
"""

import os
import socket
import struct
import threading
import time

from switches import add_cable
from fault_box import SYSCTLS
from lab import ADDRESSES, Lab, Link, Path, check_call
from crowd import RECEIVE_BYTES, piece
from stacks import DEADLINE_S, connect, demand, inside

PATH = Path("hand-off", wired=Link(50e6, 20_000, 400e3), radio=Link(150e6, 3000, 1e6))
PATH_RTT_S = 2e-6 * (PATH.wired.delay_us + PATH.radio.delay_us)
RADIOS = "radio", "radio-1"
ARP_TYPE = 0x0806
RTM_NEWLINK, IFLA_MASTER, NLM_F_REQUEST, NLM_F_ACK = 16, 10, 1, 4
STREAMS = 4
CHUNK_BYTES = 1 << 16
# Four streams fill no queue, so that the path's RTT is that of the links.
WINDOW_BYTES = 1 << 16
SENDER = ((socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic"),)
RECEIVER = ((socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, WINDOW_BYTES),)


class StationLab(Lab):
    """`at` is the radio that has the station."""

    links = (*Lab.links, (RADIOS[1], "box", "b2", "mobile", "m1"))

    def __init__(self):
        super().__init__(PATH, sysctls=SYSCTLS)
        self.switch, self.cell, self.at = f"swx{self.id}", f"stx{self.id}", 0

    def ip(self, *argv):
        return check_call("ip", "-n", self.netns["box"], *argv)

    def _configure_hosts(self):
        super()._configure_hosts()
        self.ip("link", "add", self.switch, "type", "bridge", "stp_state", "0", "forward_delay",
                "0")
        self.ip("link", "set", self.taps["b0"], "master", self.switch)
        self.ip("link", "set", self.switch, "up")
        mobile, station = ["ip", "-n", self.netns["mobile"]], ADDRESSES["mobile"]
        check_call(*mobile, "addr", "flush", "dev", self.taps["m0"])
        for number in range(2):  # the bridge has the station's address, not they
            check_call(*mobile, "link", "set", self.taps[f"m{number}"], "address",
                       f"02:00:00:00:78:0{number}")
        check_call(*mobile, "link", "add", self.cell, "address", station["mac"], "type", "bridge",
                   "stp_state", "0", "forward_delay", "0")
        check_call(*mobile, "link", "set", self.taps["m0"], "master", self.cell)
        check_call(*mobile, "link", "set", self.cell, "up")
        check_call(*mobile, "addr", "add", station[4] + "/24", "dev", self.cell)
        check_call(*mobile, "neigh", "replace", ADDRESSES["wired"][4], "lladdr",
                   ADDRESSES["wired"]["mac"], "dev", self.cell, "nud", "permanent")
        with inside(self, "mobile"):
            self.announcer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
            self.indexes = {name: index for index, name in socket.if_nameindex()}
        self.announcer.bind((self.cell, 0))

    def box_ends(self, index):
        """@return the interfaces of that box: the switch's cable, its radio"""
        return f"ew{index}x{self.id}", self.taps[f"b{index + 1}"]

    def plug_in(self, index):
        near = f"sw{index}x{self.id}"
        add_cable(self, near, self.box_ends(index)[0])
        self.ip("link", "set", near, "master", self.switch)

    def announce(self):
        """Gratuitous ARP."""
        mac = bytes.fromhex(ADDRESSES["mobile"]["mac"].replace(":", ""))
        ip = socket.inet_aton(ADDRESSES["mobile"][4])
        self.announcer.send(b"\xff" * 6 + mac + struct.pack("!HHHBBH", ARP_TYPE, 1, 0x0800, 6, 4, 1)
                            + mac + ip + bytes(6) + ip)

    def move(self, gap_s):
        """Leave the radio, and arrive at the other one. @return how long the station had none"""
        self._attach(f"m{self.at}", None)
        left, self.at = time.monotonic(), 1 - self.at
        time.sleep(gap_s)
        self._attach(f"m{self.at}", self.cell)
        self.announce()
        return time.monotonic() - left

    def _attach(self, tap, bridge):
        """As `ip link set`, without the time that a process takes to start."""
        body = struct.pack("=BxHiIIHHI", socket.AF_UNSPEC, 0, self.indexes[self.taps[tap]], 0, 0,
                           8, IFLA_MASTER, self.indexes[bridge] if bridge else 0)
        self.netlink.send(struct.pack("=IHHII", 16 + len(body), RTM_NEWLINK, NLM_F_REQUEST |
                                      NLM_F_ACK, 1, 0) + body)
        error = struct.unpack_from("=i", self.netlink.recv(4096), 16)[0]
        demand(error == 0, "%s: %s" % (tap, os.strerror(-error)))

    def close(self):
        for name in "announcer", "netlink":
            if hasattr(self, name):
                getattr(self, name).close()
        super().close()


class Stream:
    """One connection towards the station, as fast as it goes; every byte is compared."""

    def __init__(self, lab, index):
        self.index, self.received, self.stall_s, self.error = index, 0, 0.0, None
        self.ends, self.last = connect(lab, SENDER, RECEIVER), time.monotonic()
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.guard, args=(job,), daemon=True)
                        for job in (self.send, self.receive)]
        for thread in self.threads:
            thread.start()

    def guard(self, job):
        try:
            job()
        except Exception as error:  # whoever owns the stream looks
            self.error = self.error or error

    def send(self):
        sent = 0
        while not self.ended.is_set():
            sent += self.ends[0].send(piece(self.index, sent, CHUNK_BYTES))
        self.ends[0].shutdown(socket.SHUT_WR)

    def receive(self):
        while True:
            data = self.ends[1].recv(RECEIVE_BYTES)
            now = time.monotonic()
            self.stall_s, self.last = max(self.stall_s, now - self.last), now
            if not data:
                return
            demand(data == piece(self.index, self.received, len(data)), "the payload differs")
            self.received += len(data)

    def mark(self):
        self.stall_s = 0.0

    def finish(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(DEADLINE_S)
            demand(not thread.is_alive(), "stream %d does not end" % self.index)
        if self.error:
            raise self.error
        for end in self.ends:
            end.close()
