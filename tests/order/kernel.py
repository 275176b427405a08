# SPDX-License-Identifier: BSD-3-Clause
"""Numbered packets through network interfaces of a network namespace of our own (the caller made
it)."""

import os
import socket
import subprocess

import pcapfile

INTERFACES = ("order0", "order1")
ALL_PROTOCOLS = 3
SO_RCVBUFFORCE = 33
QUEUE_BYTES = 64 << 20
WINDOW = 128  # packets under way: less than any ring on the way takes
QUEUES = 3  # of a packet socket


def prepare(ports):
    """Interfaces that exist before snoopd starts; nothing but our packets on any of them."""
    for scope in ("all", "default"):
        with open("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % scope, "w") as file:
            file.write("1")
    if ports == "tap":
        return
    for name in INTERFACES:
        subprocess.run(["ip", "link", "add", name, "type", "veth", "peer", "name", name + "p"],
                       check=True)
        for end in (name, name + "p"):
            subprocess.run(["ip", "link", "set", end, "up"], check=True)


def device(index, ports):
    if ports == "tap":
        return "net_tap%d,iface=%s" % (index, INTERFACES[index])
    return "net_af_packet%d,iface=%s,qpairs=%d" % (index, INTERFACES[index], QUEUES)


class Wire:
    """Sends what the stations and the servers send, and keeps what arrives there."""

    def __init__(self, ports, folder, sides):
        self.folder, self.sides = folder, sides
        self.got = ([], [])
        self.sockets = [self._open(name + ("" if ports == "tap" else "p")) for name in INTERFACES]

    @staticmethod
    def _open(name):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, QUEUE_BYTES)
        sock.bind((name, ALL_PROTOCOLS))
        sock.setblocking(False)
        return sock

    def _collect(self):
        for side, sock in enumerate(self.sockets):
            while True:
                try:
                    frame, address = sock.recvfrom(65536)
                except BlockingIOError:
                    break
                if address[2] != socket.PACKET_OUTGOING:
                    self.got[side].append((frame, 0))

    def move(self, sent, received, wait):
        """@param received  a function: how many packets snoopd has received
        @param wait        a function: wait until a condition holds
        """
        for at in range(0, max(map(len, sent)), WINDOW):
            for side, sock in enumerate(self.sockets):
                for frame in sent[side][at:at + WINDOW]:
                    sock.send(frame)
                under_way = sum(len(frames[:at + WINDOW]) for frames in sent[:side + 1])
                under_way += sum(len(frames[:at]) for frames in sent[side + 1:])
                wait(lambda: received() == under_way)
            self._collect()

    def delivered(self):
        self._collect()
        return sum(map(len, self.got))

    def close(self):
        for side, name in enumerate(self.sides):
            pcapfile.write(os.path.join(self.folder, "out-%s.pcap" % name), self.got[side])
            self.sockets[side].close()
