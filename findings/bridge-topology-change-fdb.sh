#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A bridge goes on using what it learned before a change of the topology.
#
# Standard: IEEE 802.1D-1998 8.3.5: after a notice of a topology change, learned addresses age out
# within the forward delay instead of the ageing time, so that frames to them are flooded again.
# Seen: the kernel sets the ageing time to twice the forward delay, but its collector, which alone
# removes entries, still waits for the old ageing time (300 s), and forwarding does not look at an
# entry's age. Frames go out of the old port alone, into nothing if the station is behind another
# one now. When the notice ends, the entry has the long time again. An ageing time of twice the
# forward delay from the beginning makes it behave.
#
# usage: sudo findings/bridge-topology-change-fdb.sh     (iproute2, python3; about 50 s)
# Exit status 0: seen as written here, 1: it behaves otherwise.
set -eu

netns=finding$$
trap 'ip netns del $netns' EXIT
ip netns add $netns
ip netns exec $netns sysctl -qw net.ipv6.conf.default.disable_ipv6=1
ip netns exec $netns python3 - <<'PYTHON'
import json
import os
import socket
import subprocess
import sys
import time

FORWARD_DELAY_S, MAX_AGE_S = 2, 6  # the least that the kernel takes
STATION, OTHER, ETHERTYPE = bytes.fromhex("02000000000a"), bytes.fromhex("02000000000b"), 0x88b5
PORTS = "old", "here", "elsewhere"


def ip(*argv):
    return subprocess.run(["ip", *argv], check=True, capture_output=True, text=True).stdout


def told(device):
    info = json.loads(ip("-d", "-j", "link", "show", "dev", device))[0]["linkinfo"]
    return info.get("info_slave_data") or info["info_data"]


def wait(condition):
    end = time.monotonic() + 40
    while not condition():
        if time.monotonic() > end:
            sys.exit("the bridge does not settle")
        time.sleep(0.1)


def settled():
    return told("switch")["topology_change"] == 0 and all(
        told(port)["state"] == "forwarding" for port in PORTS)


def flooded(ageing_s):
    """@return does a frame to the station reach a port where it never was, twice the forward delay
    after a change of the topology?"""
    ip("link", "add", "switch", "type", "bridge", "stp_state", "1", "hello_time", "100",
       "forward_delay", str(100 * FORWARD_DELAY_S), "max_age", str(100 * MAX_AGE_S),
       "ageing_time", str(100 * ageing_s))
    ends = {}
    for port in PORTS:
        ip("link", "add", port, "type", "veth", "peer", "name", port + "-end")
        ip("link", "set", port, "master", "switch")
        ip("link", "set", port + "-end", "up")
        ip("link", "set", port, "up")
        ends[port] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE))
        ends[port].bind((port + "-end", ETHERTYPE))
        ends[port].settimeout(0.5)
    ip("link", "set", "switch", "up")
    wait(lambda: told("switch")["topology_change"] == 1)
    wait(settled)
    time.sleep(2 * FORWARD_DELAY_S)  # the collector finds that nothing is due for long
    ends["old"].send((b"\xff" * 6 + STATION + ETHERTYPE.to_bytes(2, "big")).ljust(60, b"\0"))
    ip("link", "set", "elsewhere", "down")
    ip("link", "set", "elsewhere", "up")
    wait(lambda: told("elsewhere")["state"] == "forwarding" and
         told("switch")["topology_change"] == 1)
    time.sleep(2 * FORWARD_DELAY_S + 1)
    changing = told("switch")["topology_change"]
    ends["here"].send((STATION + OTHER + ETHERTYPE.to_bytes(2, "big")).ljust(60, b"\0"))
    try:
        while ends["elsewhere"].recv(2048)[:6] != STATION:
            pass
        found = True
    except socket.timeout:
        found = False
    for end in ends.values():
        end.close()
    for device in ("switch", *PORTS):
        ip("link", "del", device)
    if not changing:
        sys.exit("the notice ended early")
    return found


print(f"kernel {os.uname().release}; expected: {2 * FORWARD_DELAY_S + 1} s after a change of the "
      "topology a frame to the station is flooded")
results = {}
for ageing_s in 300, 2 * FORWARD_DELAY_S:
    results[ageing_s] = flooded(ageing_s)
    print(f"seen, ageing time {ageing_s} s: {'flooded' if results[ageing_s] else 'old port alone'}")
sys.exit(results != {300: False, 2 * FORWARD_DELAY_S: True})
PYTHON
