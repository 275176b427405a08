# SPDX-License-Identifier: BSD-3-Clause
"""Random damage to a capture: frames lost, doubled, late, cut, with a bit flipped, or all at once
in bursts."""

from packets import Packet

LATE_MAX_US = 80000
LOST, DOUBLED, LATE, FLIPPED, CUT = range(5)


def mangle(packets, random):
    """@return a new list of Packet in order of time; the same seed gives the same"""
    weights = [random.choice((0, 0.01, 0.05, 0.2)) for _ in range(5)]
    pace = random.choice((1, 1, 0.01, 10))
    start_us = packets[0].time_us if packets else 0
    result = []
    for packet in packets:
        time_us = start_us + int((packet.time_us - start_us) * pace)
        frame, copies = packet.frame, 1
        for kind, weight in enumerate(weights):
            if random.random() >= weight:
                continue
            if kind == LOST:
                copies = 0
            elif kind == DOUBLED:
                copies = random.randint(2, 5)
            elif kind == LATE:
                time_us += random.randint(1, LATE_MAX_US)
            elif kind == FLIPPED:
                at = random.randrange(len(frame))
                frame = frame[:at] + bytes([frame[at] ^ 1 << random.randrange(8)]) + frame[at + 1:]
            else:
                frame = frame[:random.randint(1, len(frame))]
        result += [Packet(frame, time_us + i * random.choice((0, 0, 1000)), packet.side)
                   for i in range(copies)]
    return sorted(result, key=lambda p: p.time_us)
