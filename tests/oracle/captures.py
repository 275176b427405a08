# SPDX-License-Identifier: BSD-3-Clause
"""Any capture file, as Ethernet frames of two sides."""

import os
import struct
import subprocess
import sys
from collections import Counter

from packets import Packet

WIRED, WIRELESS = SIDES = (0, 1)
SIDE_NAMES = ("wired", "wireless")
MAGICS = {0xA1B2C3D4: 1, 0xA1B23C4D: 1000}  # fractions of a second: divisor to microseconds
PCAPNG = b"\x0a\x0d\x0d\x0a"
ETHERNET, RAW, SLL, IPV4, IPV6 = 1, 101, 113, 228, 229
FRAME_MAX = 65535
GAP_MAX_US = 700 * 10**6  # longer silence than any time-out of snoopd teaches nothing


class CaptureError(Exception):
    """One line that says what is wrong with the file."""


def to_ethernet(link, data):
    """@return the frame with an Ethernet header, made up where the capture has none"""
    if link == ETHERNET:
        return data
    if link == SLL:
        return bytes(6) + data[6:12] + data[14:]
    kind = 0x86DD if data[:1] and data[0] >> 4 == 6 else 0x0800
    return bytes(12) + struct.pack(">H", kind) + data


def read(path):
    """@return a list of (frame, time in microseconds); time never runs backwards, and has no long
    gaps."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] == PCAPNG:
        done = subprocess.run(["tcpdump", "-r", path, "-w", "-"], capture_output=True, timeout=60,
                              check=False)
        if done.returncode:
            raise CaptureError("%s: pcapng that tcpdump cannot convert: %s" %
                               (path, done.stderr.decode().strip()))
        data = done.stdout
    for order in "<>":
        if len(data) >= 24 and struct.unpack_from(order + "I", data)[0] in MAGICS:
            break
    else:
        raise CaptureError("%s: neither pcap nor pcapng" % path)
    magic, *_, link = struct.unpack_from(order + "IHHiIII", data)
    link &= 0x0FFFFFFF
    if link not in (ETHERNET, RAW, SLL, IPV4, IPV6):
        raise CaptureError("%s: link type %d, only Ethernet (1), raw IP and Linux SLL can be "
                           "replayed" % (path, link))
    packets, at, shift, last = [], 24, 0, None
    while at + 16 <= len(data):
        seconds, fraction, size, _ = struct.unpack_from(order + "IIII", data, at)
        frame = to_ethernet(link, data[at + 16:at + 16 + size])[:FRAME_MAX]
        at += 16 + size
        time_us = seconds * 10**6 + fraction // MAGICS[magic]
        if last is not None and time_us > last + GAP_MAX_US:
            shift += time_us - last - GAP_MAX_US
        last = time_us if last is None else max(last, time_us)
        if frame:
            packets.append((frame, last - shift))
    return packets


def write(path, packets):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
    import pcapfile
    pcapfile.write(path, packets)


def hosts_of(frame):
    """@return (source, destination): IP addresses, or MAC addresses where there is no IP that we
    read"""
    packet = Packet(frame)
    if packet.tcp:
        return packet.flow[1][0], packet.flow[2][0], packet.payload if packet.sound else 0
    kind = frame[12:14]
    if kind == b"\x08\x00" and len(frame) >= 34:
        return frame[26:30], frame[30:34], 0
    if kind == b"\x86\xdd" and len(frame) >= 54:
        return frame[22:38], frame[38:54], 0
    return frame[6:12], frame[0:6], 0


def merge(paths):
    """@return what the box received from both sides, in order of time"""
    packets = [Packet(frame, time_us, side) for side, path in enumerate(paths)
               for frame, time_us in read(path)]
    return sorted(packets, key=lambda p: p.time_us)


def split(packets, wired_hosts=(), swap=False):
    """
    Give every frame a side. Of two hosts that talk, the one that sends more TCP payload is wired; a
    given list of hosts (addresses as bytes) decides instead.

    @return a list of Packet in order of time
    """
    ends = [hosts_of(frame) for frame, _ in packets]
    balance = Counter()
    for src, dst, payload in ends:
        balance[min(src, dst), max(src, dst)] += payload if src <= dst else -payload
    result = []
    for (frame, time_us), (src, dst, _) in zip(packets, ends):
        if wired_hosts:
            side = WIRED if src in wired_hosts else WIRELESS
        else:
            first_is_wired = balance[min(src, dst), max(src, dst)] >= 0
            side = WIRED if (src <= dst) == first_is_wired else WIRELESS
        result.append(Packet(frame, time_us, 1 - side if swap else side))
    return result
