# SPDX-License-Identifier: BSD-3-Clause
"""Ethernet pcap files with microsecond stamps, as lists of (frame, microseconds)."""

import struct

MAGIC = 0xA1B2C3D4


def write(path, packets):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", MAGIC, 2, 4, 0, 0, 65535, 1))
        for frame, time_us in packets:
            file.write(struct.pack("<IIII", time_us // 10**6, time_us % 10**6, len(frame),
                                   len(frame)) + frame)


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    # net_pcap stamps in nanoseconds.
    unit = {MAGIC: 1, 0xA1B23C4D: 1000}[struct.unpack_from("<I", data)[0]]
    packets, at = [], 24
    while at < len(data):
        seconds, fraction, size, _ = struct.unpack_from("<IIII", data, at)
        packets.append((data[at + 16:at + 16 + size], seconds * 10**6 + fraction // unit))
        at += 16 + size
    return packets
