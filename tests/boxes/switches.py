# SPDX-License-Identifier: BSD-3-Clause
"""Two switches with two boxes between them, in parallel:

                              +-- box 0 --+
    wired host --[wired path]-- switch     switch --[radio]-- mobile host
                              +-- box 1 --+

The switches are kernel bridges with spanning tree (802.1D). The wired one is the root, and the path
of box 0 costs less, so the other switch blocks its port to box 1 while box 0 works.
"""

import contextlib
import json
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path as FilePath

TESTS = FilePath(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "faults"), str(TESTS / "lab")]

from boxes import Box  # noqa: E402
from fault_box import PATH, SYSCTLS, FaultBox  # noqa: E402
from lab import Lab, check_call  # noqa: E402
from stacks import address, inside  # noqa: E402

SIDES = "wired", "wireless"
LETTERS = {"wired": "w", "wireless": "r"}  # in names of interfaces
# The least that the kernel takes. 802.1D's defaults are 2, 15 and 20 s.
HELLO_S, FORWARD_DELAY_S, MAX_AGE_S = 1, 2, 6
# 802.1D wants what was learned forgotten a forward delay after a change. The kernel marks it as
# expired, but uses it until its collector runs, which is up to the ageing time (300 s) later.
AGEING_S = 2 * FORWARD_DELAY_S
COSTS = 10, 20
# Connections that an outage has made patient would keep each round waiting for as long again.
RTO_MAX = "net.ipv4.tcp_rto_max_ms", "2000"
PROBE_PORT = 5999
PROBE_INTERVAL_S = 0.005
START_S, STARTS_MAX = 30, 3
EXIT_PORT_LOST = 3


def add_cable(lab, near, far):
    """A veth pair between a switch and a box, whose kernels leave frames as they are."""
    lab.ip("link", "add", near, "type", "veth", "peer", "name", far)
    for name in near, far:
        lab.host_command("box", "ethtool", "-K", name, "gro", "off", "gso", "off", "tso", "off",
                         "tx", "off")
        lab.ip("link", "set", name, "up")


class SwitchLab(Lab):
    """The lab with a switch at either end of the boxes."""

    def __init__(self):
        sysctls = dict(SYSCTLS)
        if FilePath("/proc/sys/" + RTO_MAX[0].replace(".", "/")).exists():  # from Linux 6.15 on
            sysctls.update([RTO_MAX])
        super().__init__(PATH, sysctls=sysctls)
        self.switches = {side: f"s{LETTERS[side]}x{self.id}" for side in SIDES}

    def ip(self, *argv):
        return check_call("ip", "-n", self.netns["box"], *argv)

    def port(self, side, index):
        """@return the port of that switch to a box"""
        return f"s{LETTERS[side]}{index}x{self.id}"

    def _configure_hosts(self):
        super()._configure_hosts()
        for side, tap, priority in zip(SIDES, ("b0", "b1"), (4096, 8192)):
            self.ip("link", "add", self.switches[side], "type", "bridge", "stp_state", "1",
                    "priority", str(priority), "hello_time", str(100 * HELLO_S), "forward_delay",
                    str(100 * FORWARD_DELAY_S), "max_age", str(100 * MAX_AGE_S), "ageing_time",
                    str(100 * AGEING_S))
            self.ip("link", "set", self.switches[side], "up")
            self.ip("link", "set", self.taps[tap], "master", self.switches[side])

    def connect(self, side, index):
        """The switch takes an interface, which is there, as its port to a box."""
        port = self.port(side, index)
        self.ip("link", "set", port, "master", self.switches[side])
        self.ip("link", "set", port, "type", "bridge_slave", "cost", str(COSTS[index]))
        self.ip("link", "set", port, "up")

    def box_ends(self, index):
        """@return the interfaces of that box, if they are not taps"""
        return [f"e{LETTERS[side]}{index}x{self.id}" for side in SIDES]

    def plug_in(self, index):
        for side, end in zip(SIDES, self.box_ends(index)):
            add_cable(self, self.port(side, index), end)
            self.connect(side, index)

    def shown(self, device):
        """@return what `ip -d link show` says of a bridge or of its port, {} if it is not there"""
        done = subprocess.run(["ip", "-n", self.netns["box"], "-d", "-j", "link", "show", "dev",
                               device], capture_output=True, text=True, check=False)
        if done.returncode:
            return {}
        info = json.loads(done.stdout)[0]["linkinfo"]
        return info.get("info_slave_data") or info.get("info_data", {})

    def takes(self, index):
        """Is that box's path the one to the root, and do both of its ports forward?"""
        near, far = (self.shown(self.port(side, index)) for side in SIDES)
        return (near.get("state") == far.get("state") == "forwarding" and
                int(far["no"], 16) == self.shown(self.switches["wireless"])["root_port"])


class Path:
    """What the faults do to one of the two paths, its cables and what is between them."""

    index, lab = None, None

    def pull(self, side):
        """Both ends of the cable lose their carrier."""
        self.lab.ip("link", "set", self.lab.port(side, self.index), "down")

    def plug(self, side):
        self.lab.ip("link", "set", self.lab.port(side, self.index), "up")


class WirePath(Path, Box):
    """A plain wire: a bridge without spanning tree, which lets BPDUs pass as a box does. It has no
    process: to kill or to stop it is to take the bridge down, and its carriers stay."""

    def __init__(self, index):
        super().__init__("plain")
        self.index, self.bridge, self.lab = index, None, None

    def start(self, lab):
        self.lab = lab
        if self.bridge is None:
            self.bridge = f"w{self.index}x{lab.id}"
            lab.ip("link", "add", self.bridge, "type", "bridge", "stp_state", "0",
                   "forward_delay", "0")
            lab.plug_in(self.index)
            for end in lab.box_ends(self.index):
                lab.ip("link", "set", end, "master", self.bridge)
                # A wire learns nothing: what the switches flood would teach it wrong places.
                lab.ip("link", "set", end, "type", "bridge_slave", "learning", "off")
        lab.ip("link", "set", self.bridge, "up")

    def kill(self):
        self.lab.ip("link", "set", self.bridge, "down")

    pause, resume = kill, lambda self: self.start(self.lab)

    def restart(self):
        self.start(self.lab)

    def power_off(self):
        for end in self.lab.box_ends(self.index):
            self.lab.ip("link", "set", end, "down")

    def power_on(self):
        for end in self.lab.box_ends(self.index):
            self.lab.ip("link", "set", end, "up")


class PacketPath(Path, FaultBox):
    """snoopd on interfaces of the kernel: they keep their carriers when it dies, and it cannot
    take them down. Two workers on one CPU give it up when they are idle: so do both boxes."""

    def __init__(self, binary, index):
        super().__init__(binary, workers=2)
        self.index, self.name = index, f"box-{index}"

    def interfaces(self, lab):
        return lab.box_ends(self.index)

    def start(self, lab):
        if self.lab is None:
            lab.plug_in(self.index)
        for _ in range(STARTS_MAX):
            super().start(lab)
            if not self.lacks_port():
                break

    def lacks_port(self):
        """Did it end with the status that systemd answers with another start? The driver numbers
        its fanout group by process and interface, and the other box's may have the same number."""
        end = time.monotonic() + START_S
        while (self.process.poll() is None and self.counter("forwarded_packets") < 0 and
               time.monotonic() < end):
            time.sleep(0.02)
        return self.process.poll() == EXIT_PORT_LOST

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def restart(self):
        self.start(self.lab)

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def power_off(self):
        self.kill()
        for end in self.interfaces(self.lab):
            self.lab.ip("link", "set", end, "down")

    def power_on(self):
        for end in self.interfaces(self.lab):
            self.lab.ip("link", "set", end, "up")
        self.restart()


class TapPath(PacketPath):
    """snoopd on taps, which are ports of the switches: they go with it, and it can take them
    down."""

    def __init__(self, binary, index):
        super().__init__(binary, index)
        self.overrides = ["link.wired=net_tap0", "link.wireless=net_tap1",
                          "link.propagate_hold=500ms"]

    def interfaces(self, lab):
        return [lab.port(side, self.index) for side in SIDES]

    def eal_args(self, lab, megabytes):
        return [arg.replace("net_af_packet", "net_tap") for arg in super().eal_args(lab, megabytes)]

    def start(self, lab):
        FaultBox.start(self, lab)
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                for side in SIDES:
                    lab.connect(side, self.index)
                return
            except Exception:
                time.sleep(0.02)
        raise AssertionError("no taps")

    def power_off(self):
        self.kill()

    power_on = PacketPath.restart


class Probe(threading.Thread):
    """Datagrams to the mobile host and back every 5 ms, from each port: the longest time without
    any from one of them is the gap of the path itself, whatever TCP makes of it."""

    def __init__(self, lab, ports=(PROBE_PORT,)):
        super().__init__(daemon=True)
        self.ended, self.pairs, self.replies = threading.Event(), [], {}
        for port in ports:
            pair = [self._socket(lab, role, port) for role in ("wired", "mobile")]
            for sock, peer in zip(pair, ("mobile", "wired")):
                sock.connect(address(peer, port))
            self.pairs.append(pair)
            self.replies[pair[0]] = [0.0, time.monotonic()]  # longest gap, the last reply
        self.start()

    @staticmethod
    def _socket(lab, role, port):
        with inside(lab, role):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(address(role, port))
        sock.setblocking(False)
        return sock

    def mark(self):
        for reply in self.replies.values():
            reply[:] = 0.0, time.monotonic()

    def gap_s(self):
        """@return the longest since mark(), that which lasts included"""
        now = time.monotonic()
        return max(max(longest_s, now - last) for longest_s, last in self.replies.values())

    def run(self):
        mobiles = {mobile for _, mobile in self.pairs}
        due = time.monotonic()
        while not self.ended.is_set():
            everyone = [sock for pair in self.pairs for sock in pair]
            for sock in select.select(everyone, [], [], max(0.0, due - time.monotonic()))[0]:
                try:
                    data = sock.recv(64)
                    if sock in mobiles:
                        sock.send(data)
                    else:
                        self._note(sock)
                except OSError:
                    pass  # no route, no buffer: a gap, which is what it measures
            if time.monotonic() >= due:
                due = time.monotonic() + PROBE_INTERVAL_S
                for wired, _ in self.pairs:
                    with contextlib.suppress(OSError):
                        wired.send(b"probe")

    def _note(self, sock):
        now, reply = time.monotonic(), self.replies[sock]
        reply[:] = max(reply[0], now - reply[1]), now

    def close(self):
        self.ended.set()
        self.join()
        for pair in self.pairs:
            for sock in pair:
                sock.close()
