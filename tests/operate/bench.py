# SPDX-License-Identifier: BSD-3-Clause
"""snoopd between two veth pairs in a network namespace of its own; the test sends every frame.

    test a0 === a1 net_af_packet0 [snoopd] net_af_packet1 b1 === b0 test

run() starts the calling script again inside of a new namespace, which ends with the script's
processes.
"""

import ctypes
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

WIRED_MAC, STATION_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
WIRED, STATION = "10.1.0.1", "192.168.7.9"
DEADLINE_S = 60
PR_SET_PDEATHSIG = 1
SKIPPED = 77


def run(main):
    """Call main(ARGUMENTS) in a namespace of its own; its result is the exit status."""
    if os.geteuid() != 0:
        print("needs root for a network namespace")
        sys.exit(SKIPPED)
    if os.environ.get("SNOOPD_TEST_INSIDE") == str(os.getppid()):
        sys.exit(main(sys.argv[1:]))
    environment = dict(os.environ, SNOOPD_TEST_INSIDE=str(os.getpid()))
    inside = subprocess.Popen(["unshare", "--net", "--", sys.executable,
                               os.path.abspath(sys.argv[0]), *sys.argv[1:]],
                              env=environment, preexec_fn=die_with_parent)
    sys.exit(inside.wait())


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def check_call(*argv):
    subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60)


def checksum(data):
    total = (sum(struct.unpack(f"!{len(data) // 2}H", data[:len(data) & ~1])) +
             (data[-1] << 8 if len(data) & 1 else 0))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(source, destination, protocol, body):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 1, 0x4000, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(destination))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def tcp(source, destination, sport, dport, seq, ack, payload=b"", sack=(), window=4096):
    options = b""
    if sack:
        options = struct.pack("!BBBB", 1, 1, 5, 2 + 8 * len(sack))
        options += b"".join(struct.pack("!II", start, end) for start, end in sack)
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, (20 + len(options)) << 2, 0x10, window,
                       0, 0) + options
    pseudo = socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack("!BBH", 0, 6,
                                                                                   len(head) +
                                                                                    len(payload))
    return head[:16] + struct.pack("!H", checksum(pseudo + head + payload)) + head[18:] + payload


class Connection:
    """Both ends of one TCP connection: frames only, no protocol."""

    def __init__(self, port, wired=WIRED, station=STATION):
        self.wired, self.station, self.port = wired, station, port
        self.key = f"{wired}:443 {station}:{port}"

    def data(self, seq, payload):
        packet = ipv4(self.wired, self.station, 6,
                      tcp(self.wired, self.station, 443, self.port, seq, 1, payload))
        return STATION_MAC + WIRED_MAC + b"\x08\x00" + packet

    def ack(self, number, sack=(), window=4096):
        packet = ipv4(self.station, self.wired, 6,
                      tcp(self.station, self.wired, self.port, 443, 1, number, sack=sack,
                          window=window))
        frame = WIRED_MAC + STATION_MAC + b"\x08\x00" + packet
        return frame.ljust(60, b"\0")


class Wire:
    """The namespace's links, snoopd, and a socket at each end."""

    ports = "net_af_packet0", "net_af_packet1"
    devices = "--vdev=net_af_packet0,iface=a1", "--vdev=net_af_packet1,iface=b1"

    def __init__(self, snoopd, snoopctl, ini, lcores="0@0,1@1", environment=None):
        self.binary, self.snoopctl = snoopd, snoopctl
        self.dir = tempfile.mkdtemp(prefix="snoopd-test-")
        os.chmod(self.dir, 0o755)  # without root, snoopd must read its file again
        self.prefix = f"snooptest{os.getpid()}"
        self.config = os.path.join(self.dir, "snoopd.ini")
        self.process, self.lcores, self.environment = (None, lcores,
                                                       dict(os.environ, **(environment or {})))
        self.write_config(ini)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def start(self):
        check_call("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                   "net.ipv6.conf.default.disable_ipv6=1")
        check_call("ip", "link", "set", "lo", "up")
        self.sockets = {}
        for near, far in ("a0", "a1"), ("b0", "b1"):
            self.make_pair(near, far)
        self.log = open(os.path.join(self.dir, "snoopd.log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [self.binary, "--lcores", self.lcores, "--no-huge", "-m", "256", "--no-pci",
             "--iova-mode=va",
             f"--file-prefix={self.prefix}", *self.devices, "--", "--config", self.config],
            stdout=self.log, stderr=subprocess.STDOUT, env=self.environment,
            preexec_fn=die_with_parent)
        self.wait(lambda: "event=start" in self.log_text(), "snoopd does not start")
        self.wait(lambda: self.ctl("status").returncode == 0, "snoopd does not answer")
        # Both ports run once a frame comes through.
        self.wait(self.passes, "no frame comes through")
        return self

    def make_pair(self, near, far):
        check_call("ip", "link", "add", near, "type", "veth", "peer", "name", far)
        for name in near, far:
            check_call("ip", "link", "set", name, "up")
        self.sockets[near] = self.open(near)

    def passes(self):
        frame = STATION_MAC + WIRED_MAC + b"\x88\xb5" + b"ready".ljust(50, b"\0")
        self.sockets["a0"].send(frame)
        return frame in self.receive("b0", 0.1)

    @staticmethod
    def open(name):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        sock.bind((name, 0))
        sock.setblocking(False)
        return sock

    def write_config(self, ini):
        """Replace the file atomically, as an editor does."""
        with open(self.config + ".new", "w", encoding="ascii") as out:
            out.write("[link]\nwired = {}\nwireless = {}\n".format(*self.ports) + ini)
        os.rename(self.config + ".new", self.config)

    def ctl(self, *args):
        return subprocess.run([self.snoopctl, "--file-prefix", self.prefix, *args],
                              capture_output=True, text=True, timeout=DEADLINE_S, check=False)

    def ask(self, *args):
        done = self.ctl(*args, "--json")
        if done.returncode:
            raise AssertionError(f"snoopctl {args}: {done.stderr}")
        return json.loads(done.stdout)

    def receive(self, name, timeout_s):
        """@return what has arrived at that end, as soon as something has."""
        frames = []
        if select.select([self.sockets[name]], [], [], timeout_s)[0]:
            try:
                while True:
                    frame, address = self.sockets[name].recvfrom(65536)
                    if address[2] != socket.PACKET_OUTGOING:
                        frames.append(frame)
            except BlockingIOError:
                pass
        return frames

    def wait(self, condition, what):
        end = time.monotonic() + DEADLINE_S
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"{what}\n{self.log_text()}")
            if self.process is not None and self.process.poll() is not None:
                raise AssertionError(f"{what}: snoopd ended with {self.process.returncode}\n"
                                     f"{self.log_text()}")
            time.sleep(0.02)

    def log_text(self):
        with open(os.path.join(self.dir, "snoopd.log"), encoding="utf-8") as log:
            return log.read()

    def stop(self):
        """@return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_S)

    def __exit__(self, *exc_info):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for name in "a0", "b0":
            subprocess.run(["ip", "link", "del", name], capture_output=True, check=False)
        shutil.rmtree(self.dir, ignore_errors=True)
        for prefix in self.prefix, f"{self.prefix}b":
            shutil.rmtree(f"/var/run/dpdk/{prefix}", ignore_errors=True)
