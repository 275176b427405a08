# SPDX-License-Identifier: BSD-3-Clause
"""Two real TCP stacks from one process: sockets in the lab's namespaces, and transfers whose bytes
are compared."""

import contextlib
import ctypes
import hashlib
import os
import socket
import struct
import subprocess
import threading
import time

from lab import ADDRESSES

DOWN_BYTES, UP_BYTES = 200_000, 20_000  # towards the mobile host, and back
DEADLINE_S = 60
CLONE_NEWNET = 0x40000000
OPT_TIMESTAMPS, OPT_SACK, OPT_WSCALE, OPT_ECN, OPT_ECN_SEEN, OPT_SYN_DATA = 1, 2, 4, 8, 16, 32

_libc = ctypes.CDLL(None, use_errno=True)
_ports = iter(range(6000, 60000))


class CheckError(Exception):
    """What a check found wrong, one line."""


class CheckSkipped(Exception):
    """What a check needs and does not find."""


def demand(condition, message):
    if not condition:
        raise CheckError(message)


@contextlib.contextmanager
def inside(lab, role):
    """This thread's new sockets belong to a host of the lab."""
    with open("/proc/thread-self/ns/net") as here, open("/run/netns/" + lab.netns[role]) as there:
        if _libc.setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        try:
            yield
        finally:
            if _libc.setns(here.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")


def make_socket(lab, role, family=4, protocol=0, options=()):
    with inside(lab, role):
        sock = socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_STREAM,
                             protocol)
    sock.settimeout(DEADLINE_S)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for level, name, value in options:
        sock.setsockopt(level, name, value)
    return sock


def address(role, port, family=4):
    return ADDRESSES[role][family], port


def listen(lab, role="mobile", **keys):
    """@return a listening socket and its address"""
    sock = make_socket(lab, role, **keys)
    where = address(role, next(_ports), keys.get("family", 4))
    sock.bind(where)
    sock.listen(1024)
    return sock, where


def connect(lab, options=(), server_options=(), **keys):
    """@return (the wired host's end, the mobile host's end)"""
    server, where = listen(lab, options=server_options, **keys)
    client = make_socket(lab, "wired", options=options, **keys)
    with server:
        client.connect(where)
        peer, _ = server.accept()
    peer.settimeout(DEADLINE_S)
    return client, peer


def read_all(sock, size=None):
    """All bytes up to the end of the stream, or `size` of them."""
    parts, left = [], size
    while left is None or left > 0:
        part = sock.recv(1 << 16 if left is None else min(left, 1 << 16))
        if not part:
            break
        parts.append(part)
        left = None if left is None else left - len(part)
    return b"".join(parts)


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Background(threading.Thread):
    """A function in a thread whose result, or exception, join() hands over."""

    def __init__(self, function, *arguments):
        super().__init__(daemon=True)
        self.function, self.arguments, self.result, self.error = function, arguments, None, None
        self.start()

    def run(self):
        try:
            self.result = self.function(*self.arguments)
        except Exception as error:  # handed to the thread that waits
            self.error = error

    def wait(self):
        self.join(DEADLINE_S)
        demand(not self.is_alive(), "not done within %d s" % DEADLINE_S)
        if self.error:
            raise self.error
        return self.result


def exchange(wired, mobile, down=DOWN_BYTES, up=UP_BYTES):
    """Random bytes both ways at the same time, hashes compared. The connection stays open."""
    payloads = os.urandom(down), os.urandom(up)
    jobs = [Background(wired.sendall, payloads[0]), Background(mobile.sendall, payloads[1])]
    readers = [Background(read_all, mobile, down), Background(read_all, wired, up)]
    for job in jobs:
        job.wait()
    for sent, reader in zip(payloads, readers):
        demand(digest(reader.wait()) == digest(sent), "the payload differs")


def finish(wired, mobile):
    """Close both ends; each sees the end of the stream."""
    with wired, mobile:
        wired.shutdown(socket.SHUT_WR)
        demand(mobile.recv(1) == b"", "data after the end")
        mobile.shutdown(socket.SHUT_WR)
        demand(wired.recv(1) == b"", "data after the end")


def tcp_info(sock):
    """@return (options, send window scale, receive window scale)"""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return info[5], info[6] & 15, info[6] >> 4


def path_mtu(sock):
    return struct.unpack_from("I", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256), 60)[0]


def offered_window(sock):
    """The peer's window as this end knows it."""
    return struct.unpack_from("I", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256),
                              228)[0]


def set_sysctls(lab, **values):
    for role in ("wired", "mobile"):
        lab.host_command(role, "sysctl", "-q", "-w",
                         *["net.ipv4.%s=%s" % pair for pair in values.items()])


def tcp_counter(lab, role, name, group="TcpExt"):
    """One of /proc/net/netstat."""
    rows = subprocess.run(lab.in_netns(role, "cat", "/proc/net/netstat"), capture_output=True,
                          text=True, timeout=30, check=True).stdout.splitlines()
    names, values = [row.split() for row in rows if row.startswith(group + ":")]
    return int(values[names.index(name)])


def wait_for_counter(lab, role, name, target):
    end = time.monotonic() + DEADLINE_S
    while tcp_counter(lab, role, name) < target:
        demand(time.monotonic() < end, "%s stays below %d" % (name, target))
        time.sleep(0.05)
