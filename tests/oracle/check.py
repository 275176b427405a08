# SPDX-License-Identifier: BSD-3-Clause
"""The oracle's judgement of one replay: input packets, output packets, counters, and (on virtual
time) the journal."""

import json
from collections import Counter, defaultdict

from captures import SIDE_NAMES, WIRED, WIRELESS
from packets import SYN, before
from rules import HELP, WITHHOLD, Flow

RETRANSMITS = ("retransmits_scoreboard", "retransmits_dupack", "retransmits_timeout",
               "retransmits_probe", "retransmits_shield", "retransmits_syn")
VERDICTS = ("acks_withheld", "acks_released", "acks_freed")
DROPS = ("tx_wired_drops", "tx_wireless_drops", "tx_retransmit_drops")
EMPTY = ("cache_segments", "cache_bytes", "acks_withheld_now", "flows_active", "flows_helped")
WITHHOLD_SLACK_US = 1000  # the worker's timers fire every 100 us


class Limits:
    """What the configuration of the replay allows."""

    def __init__(self, level, tries, syn_tries, withhold_us, starved=False, drops=False):
        self.level, self.tries, self.syn_tries, self.withhold_us = (level, tries, syn_tries,
                                                                    withhold_us)
        self.starved = starved  # handshakes are forgotten: the scale of the windows is not known
        self.drops = drops      # buffers are missing: packets are neither received nor copied


class Replay:
    """Follows the journal of golden-harness (tests/golden/journal.h)."""

    def __init__(self, limits, sides, outputs):
        """sides, outputs: lists of Packet and of (frame, time) of the two ports"""
        self.limits, self.sides, self.outputs = (limits, [iter(side) for side in sides],
                                                 [iter(o) for o in outputs])
        self.wrong = []
        self.flows = defaultdict(Flow)
        self.packets, self.epochs = [], []
        self.sent = Counter()               # number: how often it left
        # (flow, side): the number that left last, for the first time
        self.last_out = {}
        self.withheld = defaultdict(list)     # flow: [(number, time)]
        self.tries, self.totals = Counter(), Counter()
        self.retransmitted = []                  # numbers that left again in this event
        self.silent = set()                 # stations that were probed, and have not answered yet
        self.of_station = defaultdict(set)  # station: numbers of retransmits whose tries count
        self._begin(None, 0)

    def violation(self, number, rule):
        self.wrong.append((number, rule))

    def run(self, lines):
        counted = False
        for line in lines:
            word, *rest = line.split(" ", 2)
            if word == "in" or (counted and word != "count"):
                self._end()
                self._begin(None, self.now_us)
            counted = word == "count"
            if word == "in":
                self._in(int(rest[0]), *map(int, rest[1].split()))
            elif word == "missed":
                self.violation(int(rest[0]), "no buffer for it") if not self.limits.drops else None
                self._missed(int(rest[0]))
            elif word == "out":
                self._out(int(rest[0]), *map(int, rest[1].split()))
            elif word == "withheld":
                self.reason = rest[1].strip()
            else:
                self.counted[rest[0]] += int(rest[1])
        self._end()
        for withheld in self.withheld.values():
            for number, _ in withheld:
                self.violation(number, "withheld, neither released nor freed at the end")
        for side, left in enumerate(self.sides):
            for _ in left:
                self.violation(len(self.packets), "input of the %s side never read" %
                               SIDE_NAMES[side])
        for side, left in enumerate(self.outputs):
            for _ in left:
                self.violation(None, "output to the %s side that is not in the journal" %
                               SIDE_NAMES[side])

    def _begin(self, number, now_us):
        self.number, self.now_us, self.reason = number, now_us, None
        self.counted = Counter()
        self.event = Counter()
        self.retransmitted = []

    def _missed(self, number):
        # The harness reads the sides in order of time: it is the earlier of the next two, of the
        # wired side if equal.
        heads = [next(side, None) for side in self.sides]
        side = min((s for s in (WIRED, WIRELESS) if heads[s]), key=lambda s: (heads[s].time_us, s))
        if heads[1 - side]:
            self.sides[1 - side] = _chain(heads[1 - side], self.sides[1 - side])
        self.packets.append(heads[side])
        self.epochs.append(0)

    def _in(self, number, side, time_us):
        self._begin(number, time_us)
        packet = next(self.sides[side], None)
        if packet is None or number != len(self.packets):
            raise ValueError("the journal names packet %d, which the %s side has not" %
                             (number, SIDE_NAMES[side]))
        self.packets.append(packet)
        flow = self.flows[packet.flow] if packet.tcp else None
        # Judged now, by what was known before it: it may turn out to be withheld.
        self.why_not = None
        if side == WIRELESS and packet.tcp and station_of(packet) in self.silent:
            self._start_anew(station_of(packet))
        if flow and side == WIRELESS:
            self.why_not = flow.why_not_withhold(packet, self.tries, self.limits.tries)
            self.before_last = flow.last
        if flow:
            flow.wired(number, packet) if side == WIRED else flow.wireless(packet)
        self.epochs.append(flow.epoch if flow else 0)

    def _out(self, number, side, time_us):
        frame, _ = next(self.outputs[side], (None, 0))
        self.now_us = time_us
        if number >= len(self.packets):
            self.violation(number, "sent before it was received")
            return
        packet = self.packets[number]
        if frame != packet.frame:
            self.violation(number, "the bytes that left are not those that came")
        self.sent[number] += 1
        self.totals["tx_%s_packets" % SIDE_NAMES[side]] += 1
        self.totals["tx_%s_bytes" % SIDE_NAMES[side]] += len(frame or b"")
        if self.sent[number] > 1:
            self._retransmit(number, packet, side)
            return
        if side != 1 - packet.side:
            self.violation(number, "left on the side where it came from")
        if self.last_out.get((packet.flow, side), -1) > number:
            self.violation(number, "overtaken in its flow by packet %d" %
                           self.last_out[packet.flow, side])
        self.last_out[packet.flow, side] = number
        self.totals["forwarded_packets"] += 1
        if number != self.number:
            self._release(number, packet)

    def _release(self, number, packet):
        withheld = self.withheld[packet.flow]
        if not withheld or withheld[0][0] != number:
            self.violation(number,
                           "left later than it came, and is not the first of its flow that was "
                           "withheld")
            return
        self._check_withhold(*withheld.pop(0))
        self.event["acks_released"] += 1

    def _check_withhold(self, number, since_us):
        if self.now_us - since_us > self.limits.withhold_us + WITHHOLD_SLACK_US:
            self.violation(number, "withheld for %d us" % (self.now_us - since_us))

    def _retransmit(self, number, packet, side):
        flow = self.flows[packet.flow]
        self.event["retransmits"] += 1
        self.totals["retransmit_bytes"] += len(packet.frame)
        self.retransmitted.append(number)
        if side != WIRELESS or packet.side != WIRED:
            self.violation(number, "retransmitted to the wired side")
        elif self.limits.level not in HELP:
            self.violation(number, "retransmitted in level %s" % self.limits.level)
        else:
            why = flow.why_not_retransmit(packet, self.epochs[number], number,
                                          self.limits.starved) or \
                (not self.limits.starved and flow.why_not_in_window(packet))
            if why:
                self.violation(number, "retransmitted, but %s" % why)
        flow.note_retransmit(packet)

    def _start_anew(self, station):
        """A station answers after a silence: the tries of what it has not got begin again."""
        self.silent.discard(station)
        for number in self.of_station.pop(station, ()):
            del self.tries[number]

    def _count_tries(self):
        """Which of several retransmits of one event were the probes is not in the journal: any of
        them may be."""
        probes = self.counted["retransmits_probe"]
        for number in self.retransmitted:
            packet = self.packets[number]
            if probes and not packet.flags & SYN:
                self.silent.add(station_of(packet))
                self.tries[number] = 0
                continue
            self.tries[number] += 1
            self.of_station[station_of(packet)].add(number)
            if self.tries[number] == 1 + (self.limits.syn_tries if packet.flags & SYN
                                          else self.limits.tries):
                self.violation(number, "retransmitted %d times" % self.tries[number])

    def _end(self):
        counted, number = self.counted, self.number
        self._count_tries()
        for name in VERDICTS + DROPS + RETRANSMITS:
            self.totals[name] += counted[name]
        if number is not None:
            self._end_input(number, self.packets[number])
        elif counted["acks_freed"]:
            self._drop_withheld(counted["acks_freed"])
        copies = sum(counted[name] for name in RETRANSMITS) - counted["tx_retransmit_drops"]
        if copies != self.event["retransmits"]:
            self.violation(number, "%d retransmits left, the counters say %d" %
                           (self.event["retransmits"], copies))
        for name in VERDICTS:
            if counted[name] != self.event[name]:
                self.violation(number, "%s counts %d, it was %d" %
                               (name, counted[name], self.event[name]))

    def _end_input(self, number, packet):
        flow = self.flows[packet.flow] if packet.tcp else None
        if self.counted["acks_freed"]:
            self._free(number, packet)
        if self.sent[number]:
            if (flow and packet.side == WIRELESS and packet.sound and
                    self.before_last is not None and packet.ack == self.before_last.ack):
                flow.passed(packet)
            return
        if self.counted["tx_wired_drops"] + self.counted["tx_wireless_drops"] and self.limits.drops:
            return
        self.event["acks_withheld"] += 1
        if self.limits.level not in WITHHOLD:
            self.violation(number, "not forwarded in level %s" % self.limits.level)
        elif packet.side != WIRELESS or not packet.tcp:
            self.violation(number, "not forwarded, and no ACK of the wireless side")
        elif self.why_not:
            self.violation(number, "withheld against rule %s" % self.why_not)
        if not self.reason:
            self.violation(number, "withheld without a reason in the journal")
        self.withheld[packet.flow].append((number, self.now_us))

    def _free(self, number, packet):
        """A cumulative ACK has filled the hole of all that is withheld in its flow."""
        for withheld, since_us in self.withheld[packet.flow]:
            if packet.side != WIRELESS or not packet.sound or not before(self.packets[withheld].ack,
                                                                         packet.ack):
                self.violation(withheld, "freed by packet %d, which does not acknowledge its hole" %
                               number)
            self._check_withhold(withheld, since_us)
            self.event["acks_freed"] += 1
        self.withheld[packet.flow].clear()

    def _drop_withheld(self, count):
        self.violation(None, "%d withheld ACKs freed without a cumulative ACK" % count)


def station_of(packet):
    """The wireless host, in its VLAN."""
    return packet.flow[0], packet.flow[2][0]


def _chain(first, rest):
    yield first
    yield from rest


def check_stats(wrong, stats, totals):
    """The counters at the end against what was counted here, and the identity of counters.h."""
    for name, value in totals.items():
        if stats.get(name) != value:
            wrong.append((None, "counter %s is %s, it was %d" % (name, stats.get(name), value)))
    for name in EMPTY:
        if stats[name]:
            wrong.append((None, "%s is %d at the end" % (name, stats[name])))
    received = stats["rx_wired_packets"] + stats["rx_wireless_packets"]
    accounted = sum(stats[name] for name in ("forwarded_packets", "acks_freed", "acks_withheld_now",
                                             "tx_wired_drops",
                                             "tx_wireless_drops"))
    if received != accounted:
        wrong.append((None, "received %d, forwarded + freed + withheld + dropped = %d" %
                      (received, accounted)))
    if stats["acks_withheld"] != (stats["acks_released"] + stats["acks_freed"] +
                                  stats["acks_withheld_now"]):
        wrong.append((None, "withheld %(acks_withheld)d, released %(acks_released)d, freed "
                            "%(acks_freed)d" % stats))


def received_totals(sides):
    totals = Counter()
    for name, packets in zip(SIDE_NAMES, sides):
        totals["rx_%s_packets" % name] = len(packets)
        totals["rx_%s_bytes" % name] = sum(len(packet.frame) for packet in packets)
    return totals


def check_journal(limits, sides, outputs, journal, stats_path):
    """@return the violations, a list of (packet number, rule)"""
    replay = Replay(limits, sides, outputs)
    with open(journal) as lines:
        replay.run(lines)
    with open(stats_path) as file:
        stats = json.load(file)
    totals = replay.totals
    if stats["tx_retransmit_drops"]:
        del totals["retransmit_bytes"]  # counts those too
    if not limits.drops:
        totals.update(received_totals(sides))
        totals.update({name: 0 for name in DROPS})
    check_stats(replay.wrong, stats, totals)
    return replay.wrong
