#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The kernel counts a tagged frame as dropped although a packet socket received it.
#
# Guess: rx_dropped of an interface counts frames that nobody got. Where a packet socket of
# ETH_P_ALL got each frame, it stays 0.
# Seen: a frame with two VLAN tags, or with one and PPPoE or MPLS behind it, reaches the socket and
# is counted in rx_dropped all the same, as no protocol handler takes what is behind the tag. The
# same payloads untagged, and IPv4 or LLC behind one tag, are not. So rx_dropped cannot tell a ring
# or backlog that was full from a provider's ordinary traffic; the second column of
# /proc/net/softnet_stat counts full backlogs alone.
#
# usage: sudo findings/rx-dropped-delivered.sh     (iproute2, ethtool, python3; about 4 s)
# Exit status 0: seen as written here, 1: it behaves otherwise.
set -eu

netns=finding$$
trap 'ip netns del $netns' EXIT
ip netns add $netns
ip -n $netns link add port type veth peer name far
ip netns exec $netns ethtool -K port gro off >/dev/null
ip -n $netns link set far up
ip -n $netns link set port up
ip netns exec $netns python3 - <<'PYTHON'
import json
import os
import socket
import subprocess
import sys
import time

FRAMES, ETH_P_ALL = 100, 3
ADDRESSES = bytes.fromhex("020000000002" "020000000001")
TAG, OUTER = bytes.fromhex("8100" "0007"), bytes.fromhex("88a8" "0007")
IPV4 = bytes.fromhex("0800" "4500001c000000004011" "0000" "0a000001" "0a000002" "0001000200080000")
CASES = (("untagged MPLS", bytes.fromhex("8847"), False),
         ("tag, IPv4", TAG + IPV4, False),
         ("tag, LLC", TAG + bytes.fromhex("0026424203"), False),
         ("tag, MPLS", TAG + bytes.fromhex("8847"), True),
         ("tag, PPPoE", TAG + bytes.fromhex("8864"), True),
         ("two tags, IPv4", OUTER + TAG + IPV4, True))


def dropped():
    told = subprocess.run(["ip", "-j", "-s", "link", "show", "port"], check=True,
                          capture_output=True).stdout
    return json.loads(told)[0]["stats64"]["rx"]["dropped"]


port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
port.bind(("port", ETH_P_ALL))
port.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
port.settimeout(1)
far = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
far.bind(("far", 0))
print(f"kernel {os.uname().release}; {FRAMES} frames each; expected: received {FRAMES}, "
      "rx_dropped +0")
time.sleep(0.5)
as_written = True
for name, rest, counted in CASES:
    before, got = dropped(), 0
    for _ in range(FRAMES):
        far.send((ADDRESSES + rest).ljust(80, b"\0"))
    while got < FRAMES:
        got += port.recv(2048)[:6] == ADDRESSES[:6]
    time.sleep(0.1)
    grown = dropped() - before
    print(f"seen, {name}: received {got}, rx_dropped +{grown}")
    as_written &= (grown == FRAMES) if counted else grown == 0
sys.exit(not as_written)
PYTHON
