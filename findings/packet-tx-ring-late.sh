#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Frames in a packet socket's TX ring, whose send() failed as the link was down, come out later.
#
# Guess: after send() says ENETDOWN or ENOBUFS the frames are lost, as without a ring. With
# PACKET_LOSS, packet(7) lets an error not abort the transmission.
# Seen: with PACKET_LOSS and PACKET_QDISC_BYPASS the frames
# keep TP_STATUS_SEND_REQUEST while the interface is down (ENETDOWN) or its peer is (no carrier:
# ENOBUFS). The first send() after it sends them all, however old, before the new one.
#
# usage: sudo findings/packet-tx-ring-late.sh     (iproute2, python3; about 6 s)
# Exit status 0: seen as written here, 1: it behaves otherwise.
set -eu

netns=finding$$
trap 'ip netns del $netns' EXIT
ip netns add $netns
ip netns exec $netns sysctl -qw net.ipv6.conf.default.disable_ipv6=1
ip -n $netns link add port type veth peer name far
ip -n $netns link set far up
ip -n $netns link set port up
ip netns exec $netns python3 - <<'PYTHON'
import errno
import mmap
import os
import socket
import struct
import subprocess
import sys
import time

SOL_PACKET, VERSION, TX_RING, LOSS, QDISC_BYPASS = 263, 10, 13, 14, 20
SLOTS, SLOT_BYTES, DATA, SEND_REQUEST = 8, 2048, 32, 1


def set_link(device, state):
    subprocess.run(["ip", "link", "set", device, state], check=True)
    time.sleep(0.5)


def outage(device):
    """@return results of sends of frames 1 to 3 in an outage, and what arrives after it"""
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    for option in (VERSION, LOSS, QDISC_BYPASS):
        port.setsockopt(SOL_PACKET, option, 1)
    port.setsockopt(SOL_PACKET, TX_RING,
                    struct.pack("IIII", SLOTS * SLOT_BYTES, 1, SLOT_BYTES, SLOTS))
    port.bind(("port", 0))
    ring = mmap.mmap(port.fileno(), SLOTS * SLOT_BYTES)

    def send(number):
        at = (number - 1) * SLOT_BYTES
        frame = bytes.fromhex("020000000002" "020000000001" "88b5") + bytes([number]) * 46
        ring[at + DATA:at + DATA + len(frame)] = frame
        struct.pack_into("II", ring, at, SEND_REQUEST, len(frame))
        try:
            return port.send(b"", socket.MSG_DONTWAIT)
        except OSError as error:
            return errno.errorcode[error.errno]

    set_link(device, "down")
    results = [send(number) for number in (1, 2, 3)]
    time.sleep(1)
    set_link(device, "up")
    far = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    far.bind(("far", 0x88b5))
    send(4)
    time.sleep(0.2)
    far.setblocking(False)
    arrived = []
    try:
        while True:
            arrived.append(far.recv(2048)[14])
    except BlockingIOError:
        return results, arrived


print(f"kernel {os.uname().release}; frames 1 to 3 in an outage of over a second, 4 after it")
same = True
for device, error in (("port", "ENETDOWN"), ("far", "ENOBUFS")):
    results, arrived = outage(device)
    print(f"{device} down: send() said {results}; expected to arrive: [4], seen: {arrived}")
    same = same and results == [error] * 3 and arrived == [1, 2, 3, 4]
sys.exit(not same)
PYTHON
