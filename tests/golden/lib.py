# SPDX-License-Identifier: BSD-3-Clause
"""What the generators of the cases share: a time line, and the two ends of TCP connections on it.

A generator calls in the order of time. Everything that it puts in on one side is expected to come
out on the other, unchanged and at once, unless the call says `withheld`; what snoopd adds
(retransmit, released ACKs) is said in its own call. The counters that follow from that are filled
in by write(); expect() adds others.

Times are milliseconds in calls, microseconds in fields.
"""

import json
import os
import re
import sys

from scapy.config import conf
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

import pcapfile

conf.ipv6_enabled = True

WIRED_MAC, STATION_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
GAP_US = 10  # between two packets of one call

# A case that does not name these expects 0; so it is with pass_* but pass_no_flow, see run.py.
ZERO = (
    "acks_withheld acks_released acks_freed retransmits_scoreboard retransmits_dupack "
    "retransmits_timeout retransmits_probe retransmits_shield retransmits_syn "
    "spurious_repairs spurious_probe spurious_shield given_up stale_segments vetoes "
    "veto_holdback cache_evictions sender_retransmits upstream_holes station_silences "
    "flows_reset tx_wired_retries tx_wireless_retries tx_wired_drops tx_wireless_drops "
    "tx_retransmit_drops acks_old syn_remembered syn_evicted cache_segments cache_bytes "
    "acks_withheld_now flows_active flows_helped"
).split()


def kind_of(docstring):
    kind, separator, _ = docstring.partition(":")
    if not separator or kind not in ("clock", "pcap"):
        sys.exit("the docstring must begin with 'clock: ' or 'pcap: '")
    return kind


# Sentences of app/snoopd/observe/verdict_rows.h by what they claim.
CLAIM_NO_LOSS = ("lossless", "senders_retransmit")
CLAIM_NO_DATA = ("nothing_received", "no_data", "not_understood")
CLAIM_REPAIR = ("helps", "helps_little", "unproven")
CLAIM_RADIO_KNOWN = CLAIM_NO_LOSS + CLAIM_REPAIR + (
    "hardly_any", "one_loss", "observe_losses", "none_repaired", "spurious")


class Case:
    """The time line of one case."""

    def __init__(self, start_us=1000 * 10**6):
        self.kind = kind_of(sys.modules["__main__"].__doc__ or "")
        self.now = start_us
        self.inputs = {"wired": [], "wireless": []}
        # What must come out: (frame, earliest, latest, what it is).
        self.expected = {"wired": [], "wireless": []}
        self.counters = dict.fromkeys(ZERO, 0)
        self.free_causes = False
        self.verdict = None
        self.stall_us = None

    def stall(self, ms):
        """From now on the worker does not run for so long: what arrives waits."""
        self.stall_us = (self.now, self.now + round(ms * 1000))

    def wait(self, ms):
        self.now += round(ms * 1000)

    def _put(self, side, frame, what, forwarded=True):
        other = "wireless" if side == "wired" else "wired"
        self.inputs[side].append((frame, self.now))
        if forwarded:
            self.expect_frame(other, frame, what)
        return frame

    def expect_frame(self, side, frame, what, between=(0, 0)):
        now = self.now
        if self.stall_us and self.stall_us[0] < now:
            now = max(now, self.stall_us[1])
        low, high = (now + round(ms * 1000) for ms in between)
        self.expected[side].append((frame, low, high, what))

    def wired(self, frame, what="forwarded"):
        """A frame from the wired side, forwarded at once."""
        self._put("wired", bytes(frame), what)
        self.now += GAP_US

    def wireless(self, frame, what="forwarded"):
        self._put("wireless", bytes(frame), what)
        self.now += GAP_US

    def retransmit(self, what, cause, between=(0, 0)):
        """
        snoopd retransmits a segment (or a frame) to the station, so many milliseconds from now.

        cause  the counter retransmits_CAUSE; None where no rule says as what it counts
        """
        frame = what if isinstance(what, bytes) else what.frame
        self.expect_frame("wireless", frame, "retransmit (%s)" % (cause or "any cause"), between)
        if cause:
            self.counters["retransmits_" + cause] += 1
        else:
            self.free_causes = True

    def expect(self, **counters):
        """Counters that must hold at the end, beside those that follow from the packets."""
        self.counters.update(counters)

    def expect_verdict(self, sentence):
        """The id of the sentence that the status begins with at the end."""
        self.verdict = sentence

    def _denied(self):
        """@return {what the packets prove: the sentences that would deny it}."""
        facts, repairs = {}, [what for _, _, _, what in self.expected["wireless"]
                              if re.match("retransmit .(scoreboard|dupack|timeout|any)", what)]
        if not self.inputs["wireless"]:
            facts["no packet of a station passed"] = CLAIM_RADIO_KNOWN
        if self.counters.get("radio_losses") and not self.counters.get("spurious_repairs"):
            facts["the radio lost something"] = CLAIM_NO_LOSS
        if repairs:
            facts["TCP data passed"] = CLAIM_NO_DATA + ("no_ack",)
        elif not self.counters.get("retransmits_probe"):
            facts["nothing was repaired"] = CLAIM_REPAIR
        if 0 < len(repairs) == self.counters.get("spurious_repairs", 0):
            facts["every repair was needless"] = ("helps", "helps_little", "unproven")
        return facts

    def write(self):
        """Write inputs and expectations into the directory given on the command line."""
        out = sys.argv[1] if len(sys.argv) > 1 else "."
        self.counters["acks_freed"] = (self.counters["acks_withheld"] -
                                       self.counters["acks_released"])
        if self.free_causes:
            for cause in ("scoreboard", "dupack", "timeout"):
                del self.counters["retransmits_" + cause]
        for side in ("wired", "wireless"):
            self.counters["rx_%s_packets" % side] = len(self.inputs[side])
            self.counters["rx_%s_bytes" % side] = sum(len(frame) for frame, _ in self.inputs[side])
            self.counters["tx_%s_packets" % side] = len(self.expected[side])
            self.counters["tx_%s_bytes" % side] = sum(len(frame)
                                                      for frame, *_ in self.expected[side])
            pcapfile.write(os.path.join(out, side + ".pcap"), self.inputs[side])
            pcapfile.write(os.path.join(out, "expect-%s.pcap" % side),
                           [e[:2] for e in self.expected[side]])
        expect = {"kind": self.kind, "end_us": self.now, "counters": self.counters,
                  "denied": self._denied()}
        if self.verdict:
            expect["verdict"] = self.verdict
        if self.stall_us:
            expect["stall"] = "%d,%d" % self.stall_us
        for side in ("wired", "wireless"):
            expect[side] = [{"what": what, "earliest_us": low, "latest_us": high}
                            for _, low, high, what in self.expected[side]]
        with open(os.path.join(out, "expect.json"), "w") as file:
            json.dump(expect, file, indent=1)


class Segment:
    """Bytes [seq, end) of the wired sender, in the frame that carried them last."""

    def __init__(self, seq, end, frame, tsval):
        self.seq, self.end, self.frame, self.tsval = seq % 2**32, end % 2**32, frame, tsval


def pattern(seq, size):
    return bytes((seq + i) % 251 for i in range(size))


class Flow:
    """One connection: data from the wired side, ACKs from the station."""

    def __init__(self, case, isn=100000, version=4, sport=80, dport=5000, vlans=(), timestamps=True,
                 sack=True, station=2, ecn=0, pad=False, vlans_up=None):
        self.case, self.version, self.ports = case, version, (sport, dport)
        self.vlans, self.vlans_up = vlans, vlans_up  # vlans_up None: as down
        self.timestamps, self.sack, self.station, self.ecn, self.pad = (timestamps, sack, station,
                                                                        ecn, pad)
        self.next, self.una = isn % 2**32, isn % 2**32  # sender's next byte; cumulative ACK
        self.station_seq, self.window, self.scale = 7000, 60000, 0
        self.ids = {"wired": 1, "wireless": 1}
        # newest TSval by sequence number: what TS.Recent becomes when the hole there is filled
        self.tsvals = {}
        self.recent = self._clock("wired")
        self.withheld = []

    def _clock(self, side):
        return self.case.now // 1000 % 2**32 + (10**6 if side == "wired" else 2 * 10**6)

    def _tags(self, side):
        return self.vlans if side == "wired" or self.vlans_up is None else self.vlans_up

    def _frame(self, side, tcp, payload, ecn):
        wired = side == "wired"
        macs = (WIRED_MAC, STATION_MAC) if wired else (STATION_MAC, WIRED_MAC)
        frame = Ether(src=macs[0], dst=macs[1])
        for tag in self._tags(side):
            frame /= tag.copy()
        hosts = (("10.0.0.1", "10.0.1.%d" % self.station),
                 ("2001:db8::1", "2001:db8:1::%x" % self.station))
        source, target = hosts[self.version == 6][:: 1 if wired else -1]
        ident = self.ids[side]
        self.ids[side] += 1
        if self.version == 6:
            frame /= IPv6(src=source, dst=target, hlim=64, tc=ecn, fl=ident)
        else:
            frame /= IP(src=source, dst=target, id=ident, tos=ecn, flags="DF")
        tcp.sport, tcp.dport = self.ports[:: 1 if wired else -1]
        frame /= tcp
        if payload:
            frame /= Raw(payload)
        # Ethernet's minimum without FCS; padding is not zero, so that reading it as payload shows.
        return bytes(frame).ljust(60 if self.pad else 0, b"\xa5")

    def _timestamp(self, side):
        if not self.timestamps:
            return []
        return [("NOP", None), ("NOP", None),
                ("Timestamp", (self._clock(side), self.recent if side == "wireless"
                               else self._clock("wireless")))]

    # The wired sender.

    def data(self, size=1000, seq=None, flags="A", payload=None, ecn=None, tsval=None,
             corrupt=False):
        """One data segment; forwarded. seq: not the next one, but this."""
        at = self.next if seq is None else seq % 2**32
        payload = pattern(at, size) if payload is None else payload
        options = self._timestamp("wired")
        if tsval is not None:
            options[2] = ("Timestamp", (tsval, options[2][1][1]))
        tcp = TCP(seq=at, ack=self.station_seq, flags=flags, window=1000, options=options)
        frame = self._frame("wired", tcp, payload, self.ecn if ecn is None else ecn)
        if corrupt:
            frame = frame[:-1] + bytes([frame[-1] ^ 1])
        end = at + len(payload) + ("F" in flags)
        self.case.wired(frame, "data %d" % at)
        if seq is None:
            self.next = end % 2**32
        segment = Segment(at, end, frame, options[2][1][0] if options else 0)
        self.tsvals[segment.seq] = segment.tsval
        return segment

    def send(self, count, size=1000, **more):
        return [self.data(size, **more) for _ in range(count)]

    def again(self, segment):
        """The sender retransmits a segment: same bytes, another packet."""
        return self.data((segment.end - segment.seq) % 2**32, seq=segment.seq)

    def lose_upstream(self, size=1000):
        """A segment that is lost before it reaches the box."""
        segment = Segment(self.next, self.next + size, None, 0)
        self.next = segment.end
        return segment

    def control(self, flags, seq=None, payload=b"", bad_options=False):
        """A packet of the sender without new data: RST, keep-alive, window probe."""
        tcp = TCP(seq=self.next if seq is None else seq % 2**32, ack=self.station_seq, flags=flags,
                  window=1000, options=self._timestamp("wired") +
                  ([(5, b"")] if bad_options else []))
        self.case.wired(self._frame("wired", tcp, payload, 0), "sender's " + flags)

    # The station.

    def ack(self, to=None, sack=(), dsack=None, flags="A", payload=b"", window=None, ecn=0,
            extra=(), seq=None, withheld=False, retransmits=(), cause="scoreboard", tsecr=None,
            urgent=0, stray=False):
        """
        One packet of the station.

        to        acknowledges all up to this segment's end; None = a duplicate ACK
        sack      segments in its SACK blocks, newest run first; dsack = a duplicate, see RFC 2883
        withheld  snoopd keeps it: True; otherwise what was kept goes out before it (and is freed
                  if `to` advances)
        retransmits   segments that snoopd retransmits because of it
        stray     it does not touch what this end of the connection knows (an old ACK, or one of
                  another connection)
        """
        before = self.una
        if to is not None and not stray:
            self.una = to.end
            if self.una != before:
                self.recent = max(self.recent, self.tsvals.get(before, 0))
                self.withheld.clear()
        if window is not None:
            self.window = window
        options = self._timestamp("wireless")
        if tsecr is not None:
            options[2] = ("Timestamp", (options[2][1][0], tsecr))
        blocks = [(dsack.seq, dsack.end)] if dsack else []
        blocks += runs(sack)
        if blocks:
            options += [("NOP", None), ("NOP", None),
                        ("SAck", tuple(edge for block in blocks[:4] for edge in block))]
        options += list(extra)
        tcp = TCP(seq=self.station_seq if seq is None else seq, ack=to.end if stray else self.una,
                  flags=flags, window=self.window, urgptr=urgent, options=options)
        if not stray:
            self.station_seq += len(payload)
        frame = self._frame("wireless", tcp, payload, ecn)
        if not withheld:
            self.released()
        self.case._put("wireless", frame, "ACK", forwarded=not withheld)
        for segment in retransmits:
            self.case.retransmit(segment, cause)
        if withheld:
            self.withheld.append(frame)
            self.case.counters["acks_withheld"] += 1
        self.case.now += GAP_US
        return frame

    def released(self, between=(0, 0)):
        """What is withheld goes out now, in order."""
        for frame in self.withheld:
            self.case.expect_frame("wired", frame, "released ACK", between)
        self.case.counters["acks_released"] += len(self.withheld)
        self.withheld.clear()

    # Both.

    def handshake(self, scale=7, opener="station", gap=4):
        """SYN, SYN-ACK, ACK; so many milliseconds between them."""
        self.scale = scale
        self.syn(opener, "S", scale)
        self.case.wait(gap)
        self.syn("wired" if opener == "station" else "station", "SA", scale)
        self.case.wait(gap)
        self.next, self.una = (self.next + 1) % 2**32, (self.una + 1) % 2**32
        self.station_seq += 1
        if opener == "station":
            self.ack()
        else:
            self.control("A")

    def syn(self, opener, flags, scale=7):
        """@return the frame."""
        wired = opener == "wired"
        side = "wired" if wired else "wireless"
        options = [("MSS", 1460)] + ([("SAckOK", b"")] if self.sack else [])
        if self.timestamps:
            options.append(("Timestamp", (self._clock(side),
                                          0 if flags == "S" else self._clock("wired"))))
        options += [("NOP", None), ("WScale", scale)]
        seq, ack = (self.next, self.station_seq + 1) if wired else (self.station_seq, self.next + 1)
        tcp = TCP(seq=seq, ack=ack if "A" in flags else 0, flags=flags, window=self.window,
                  options=options)
        frame = self._frame(side, tcp, b"", 0)
        (self.case.wired if wired else self.case.wireless)(frame, flags)
        return frame

    def warm_up(self, rtt=4, count=4):
        """A few segments that arrive: the box knows the station's RTT."""
        segments = self.send(count)
        self.case.wait(rtt)
        for segment in segments:
            self.ack(segment)
        self.case.wait(1)

    def lose(self, hole=0, count=8, rtt=4, **more):
        """
        Send `count` segments of which the radio loses one; three SACKs for later ones arrive, are
        withheld (level snoop), and the third makes snoopd retransmit the hole.

        @return the segments.
        """
        segments = self.send(count, **more)
        self.case.wait(rtt)
        for segment in segments[:hole]:
            self.ack(segment)
        for i in range(1, 4):
            self.ack(sack=segments[hole + 1:hole + 1 + i], withheld=True,
                     retransmits=segments[hole:hole + 1] if i == 3 else ())
        return segments


def runs(segments):
    """SACK blocks: touching segments joined, the run of the last one given first."""
    blocks = []
    for segment in segments:
        if blocks and blocks[-1][1] == segment.seq:
            blocks[-1] = (blocks[-1][0], segment.end)
        else:
            blocks.append((segment.seq, segment.end))
    return blocks[::-1]


def vlan(*ids):
    """Tags, outermost first; two are QinQ."""
    outer = [Dot1AD(vlan=i) for i in ids[:-1]]
    return tuple(outer) + (Dot1Q(vlan=ids[-1]),)
