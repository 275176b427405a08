# SPDX-License-Identifier: BSD-3-Clause
"""
The oracle's judgement of a replay through the real binary: by content alone, as net_pcap replays
each side as fast as it can and nobody knows which packet of one side met which of the other.
"""

import json
from collections import Counter, defaultdict

from captures import WIRED, WIRELESS
from check import DROPS, RETRANSMITS, check_stats, received_totals
from packets import ACK, FIN, RST, SYN, URG, Packet
from rules import HELP, WITHHOLD, WITHHOLDABLE_OPTIONS


class Content:
    def __init__(self, limits, sides, outputs):
        self.limits, self.sides, self.wrong = limits, sides, []
        self.outputs = [[frame for frame, _ in output] for output in outputs]
        self.retransmits = self.retransmit_bytes = self.withheld = 0

    def to_wireless(self):
        """In the order of the input, and copies of what was forwarded before."""
        packets, at, sent = self.sides[WIRED], 0, {}
        for frame in self.outputs[WIRELESS]:
            if at < len(packets) and frame == packets[at].frame:
                sent[frame] = packets[at]
                at += 1
            elif frame not in sent:
                self.wrong.append((at, "wired side: another packet left, which was not received "
                                       "before: %s" %
                                   Packet(frame)))
                return
            else:
                self._retransmit(at, sent[frame])
        if at < len(packets):
            self.wrong.append((at, "wired side: never left"))

    def _retransmit(self, at, packet):
        self.retransmits += 1
        self.retransmit_bytes += len(packet.frame)
        if self.limits.level not in HELP:
            self.wrong.append((at, "retransmitted in level %s" % self.limits.level))
        elif not packet.is_data():
            self.wrong.append((at, "retransmitted, but neither data nor SYN, or unsound: %s" %
                               packet))

    def to_wired(self):
        """Per flow in the order of the input; what is missing was withheld."""
        queues, at = defaultdict(list), Counter()
        for number, packet in enumerate(self.sides[WIRELESS]):
            queues[packet.flow].append((number, packet))
        for frame in self.outputs[WIRED]:
            flow = Packet(frame, side=WIRELESS).flow
            queue, first = queues[flow], at[flow]
            while at[flow] < len(queue) and queue[at[flow]][1].frame != frame:
                at[flow] += 1
            if at[flow] == len(queue):
                self.wrong.append((None, "wireless side: left, but was not received, or twice, or "
                                         "out of order: %s" %
                                   Packet(frame, side=WIRELESS)))
                return
            self._withheld(queue, first, at[flow])
            at[flow] += 1
        for flow, queue in queues.items():
            self._withheld(queue, at[flow], len(queue))

    def _withheld(self, queue, first, last):
        for i in range(first, last):
            number, packet = queue[i]
            self.withheld += 1
            if self.limits.level not in WITHHOLD:
                self.wrong.append((number, "wireless side: not forwarded in level %s" %
                                   self.limits.level))
            elif not packet.tcp or not packet.sound or packet.payload or packet.broken_options or \
                    packet.flags & (ACK | SYN | FIN | RST |
                                    URG) != ACK or not packet.options <= WITHHOLDABLE_OPTIONS:
                self.wrong.append((number, "wireless side: withheld, but no pure ACK: %s" % packet))
            elif not any(other.tcp and (other.ack, other.window, other.ecn_bits()) ==
                         (packet.ack, packet.window, packet.ecn_bits()) for _, other in queue[:i]):
                self.wrong.append((number, "wireless side: withheld, but no duplicate: %s" %
                                   packet))


def check_content(limits, sides, outputs, stats_path):
    """@return the violations, a list of (packet number on its side, rule)"""
    content = Content(limits, sides, outputs)
    content.to_wireless()
    content.to_wired()
    with open(stats_path) as file:
        stats = json.load(file)
    totals = received_totals(sides)
    totals.update({name: 0 for name in DROPS})
    totals.update(forwarded_packets=len(sides[WIRED]) + len(sides[WIRELESS]) - content.withheld,
                  tx_wireless_packets=len(outputs[WIRELESS]), tx_wired_packets=len(outputs[WIRED]),
                  tx_wireless_bytes=sum(map(len, content.outputs[WIRELESS])),
                  tx_wired_bytes=sum(map(len, content.outputs[WIRED])),
                  retransmit_bytes=content.retransmit_bytes, acks_freed=content.withheld)
    if not content.wrong:
        check_stats(content.wrong, stats, totals)
        if sum(stats[name] for name in RETRANSMITS) != content.retransmits:
            content.wrong.append((None, "%d retransmits left, the counters say %d" %
                                  (content.retransmits, sum(stats[name] for name in RETRANSMITS))))
    return content.wrong
