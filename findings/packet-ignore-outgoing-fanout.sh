#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# PACKET_IGNORE_OUTGOING has no effect on a packet socket that is in a fanout group.
#
# Guess: a socket with that option gets no frames that this host sends, in a group as outside.
# Seen: outside of a group it gets none; in one, all, whether the option is set before or after
# joining, and it still reads back as 1. What helps: PACKET_FANOUT_FLAG_IGNORE_OUTGOING (0x4000) for
# the group, or a BPF filter on the packet's type. packet(7) of man-pages 6.03 names neither option.
#
# usage: sudo findings/packet-ignore-outgoing-fanout.sh     (iproute2, python3; about 2 s)
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
import os
import socket
import sys
import time

SOL_PACKET, FANOUT, IGNORE_OUTGOING, FLAG_IGNORE_OUTGOING = 263, 18, 23, 0x4000


def outgoing(*options):
    """@return how many of 10 frames that port sends such a socket gets, and its option"""
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    listener.bind(("port", 3))
    for option, value in options:
        listener.setsockopt(SOL_PACKET, option, value)
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sender.bind(("port", 0))
    for _ in range(10):
        sender.send(bytes.fromhex("020000000002" "020000000001" "88b5") + bytes(46))
    time.sleep(0.2)
    listener.setblocking(False)
    frames = 0
    try:
        while True:
            frame, _ = listener.recvfrom(2048)
            frames += frame[12:14] == b"\x88\xb5"
    except BlockingIOError:
        return frames, listener.getsockopt(SOL_PACKET, IGNORE_OUTGOING)


ignore, group = (IGNORE_OUTGOING, 1), os.getpid() & 0xffff
seen = [outgoing(ignore), outgoing(ignore, (FANOUT, group)), outgoing((FANOUT, group), ignore),
        outgoing((FANOUT, group | FLAG_IGNORE_OUTGOING << 16))]
print(f"kernel {os.uname().release}; of 10 frames sent on the interface a socket gets")
for what, expected, (frames, option) in zip(
        ("with the option", "set, then in a group", "in a group, then set",
         "in a group with the flag"), (0, 0, 0, 0), seen):
    print(f"{what}: expected {expected}, seen {frames} (the option reads {option})")
sys.exit(seen != [(0, 1), (10, 1), (10, 1), (0, 0)])
PYTHON
