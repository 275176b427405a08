# SPDX-License-Identifier: BSD-3-Clause
"""
What snoopd may do to a connection, from doc/protocol.md: which ACKs may be withheld (the closed
list) and which segments may be retransmitted. One Flow follows one connection by what passed on the
wire; nothing is taken from the engine.
"""

from captures import WIRELESS
from packets import ACK, FIN, RST, SYN, URG, WITHHOLDABLE_OPTIONS, before, before_or_at, newest

MASK = 0xFFFFFFFF
JUMP_BYTES = 4 << 20      # data so far ahead: perhaps another connection, of which nothing is known
RESYNC_BYTES = 16 << 20   # an ACK so far behind: the same
# an ACK that comes later than that behind the first data finds it forgotten
FIRST_US = 100_000
IDLE_US = 1_000_000       # without an ACK for so long: a flow that ended may have been forgotten
HELP = ("repair", "snoop", "auto")
WITHHOLD = ("snoop", "auto")


class Segment:
    """Data that was forwarded to the station, not yet cumulatively acknowledged."""

    __slots__ = ("number", "seq", "end", "sender", "sacked")

    def __init__(self, number, packet, sender):
        self.number, self.seq, self.end, self.sender, self.sacked = (number, packet.seq, packet.end,
                                                                     sender, False)


class Flow:
    def __init__(self):
        self.epoch = 0
        self.scale = {}
        self.forget()

    def forget(self):
        self.epoch += 1
        self.segments = []      # in order of arrival
        self.una = self.snd_max = None
        self.last = None        # newest ACK that was not old
        self.due = 0            # answers of the station to old data, keep-alives, probes
        self.doubt = False      # an ACK that nobody can read passed since the last progress
        # our copies, (seq, end), as far as the sender has not sent the same again
        self.retransmitted = []
        # number: end of data that was acknowledged before it came, and not again since
        self.old = {}
        self.met_us = None      # when data passed last, so that the box knows the connection,
        self.heard_us = None    # and an ACK soon behind it, so that it knows what is acknowledged
        self.early = set()      # numbers of `old` that passed when it did not

    # What passes

    def is_border(self, packet):
        """Where one connection ends and another begins."""
        if not packet.flags & SYN and not (packet.flags & RST and packet.sound and
                                           not packet.broken_options):
            return False
        self.syn(packet)
        self.forget()
        return True

    def wired(self, number, packet):
        if self.is_border(packet):
            return
        if not packet.sound or packet.broken_options:
            return
        self.retransmitted = [r for r in self.retransmitted
                              if not (before_or_at(packet.seq, r[0]) and before(r[0], packet.end))]
        if self.last is not None and self.is_old(packet):
            self.due += 1
            self.old[number] = packet.end
            if self.heard_us is None or packet.time_us > self.heard_us + IDLE_US:
                self.early.add(number)
                self.heard_us = None
            if packet.payload:
                self.met_us = packet.time_us
            return
        if not (packet.payload or packet.flags & FIN):
            return
        if self.snd_max is not None and (packet.seq - self.snd_max) & MASK < 1 << 31 and \
           (packet.seq - self.snd_max) & MASK > JUMP_BYTES:
            self.forget()
        if self.una is not None and 1 << 30 < (self.una - packet.end) & MASK < 1 << 31:
            self.forget()
        if packet.payload:  # a FIN alone is no beginning
            self.met_us = packet.time_us
        if self.una is None or (self.last is None and before(packet.seq, self.una)):
            self.una = packet.seq  # a guess, until the first ACK
        overlapped = [s for s in self.segments if before(s.seq, packet.end) and
                      before(packet.seq, s.end)]
        self.segments = ([s for s in self.segments if s not in overlapped] +
                         [Segment(number, packet, bool(overlapped))])
        self.segments[-1].sacked = bool(overlapped) and all(s.sacked for s in overlapped)
        self.snd_max = packet.end if self.snd_max is None else newest(self.snd_max, packet.end)

    def is_old(self, packet):
        return ((self.una - packet.end) & MASK <= 1 << 30 and before_or_at(packet.end, self.una) and
                (packet.payload > 0 or before(packet.seq, self.una)))

    def is_plausible(self, end):
        """A block about bytes that did not pass here is not to be believed."""
        return self.snd_max is not None and before_or_at(end, self.snd_max)

    def wireless(self, packet):
        if self.is_border(packet):
            return
        if packet.sound and packet.broken_options:
            self.doubt = True
        if not packet.sound or packet.broken_options or not packet.flags & ACK:
            return
        if self.met_us is None:
            # a connection is picked up at its first data: what was acknowledged before is not known
            return
        self.old = {number: end for number, end in self.old.items() if before(packet.ack, end)}
        if self.heard_us is not None or packet.time_us < self.met_us + FIRST_US:
            self.heard_us = packet.time_us
        if self.una is not None and before(packet.ack, self.una):
            if (self.una - packet.ack) & MASK > RESYNC_BYTES:
                self.forget()
                self.snd_max = packet.ack
                self.met_us = self.heard_us = packet.time_us
            elif self.last is not None:
                return
        if self.una is None or packet.ack != self.una:
            self.due, self.doubt = 0, False
        self.una = packet.ack
        self.segments = [s for s in self.segments if before(self.una, s.end)]
        self.mark_sacked(packet)
        if self.snd_max is not None:
            self.snd_max = newest(self.snd_max, self.una)
        self.last = packet

    def mark_sacked(self, packet):
        for start, end in packet.sack:
            for segment in self.segments:
                if (self.is_plausible(end) and before_or_at(start, segment.seq) and
                        before_or_at(segment.end, end)):
                    segment.sacked = True

    def passed(self, packet):
        """The ACK was not withheld: if it looks like a duplicate, it was one of the answers that
        were due."""
        if (self.due and self.last is not None and packet.ack == self.last.ack and
                not packet.payload):
            self.due -= 1

    def syn(self, packet):
        """The scale of windows is known where both SYNs passed in a row, whole, with no data in
        between."""
        if not packet.flags & SYN or self.una is not None:
            self.scale = {}
        if packet.flags & SYN and packet.sound and not packet.broken_options:
            self.scale[packet.side] = packet.scale
        else:
            self.scale.pop(packet.side, None)

    # The closed list

    def dsack(self, packet):
        if not packet.sack:
            return None
        start, end = packet.sack[0]
        if before_or_at(end, packet.ack):
            return start, end
        if len(packet.sack) > 1 and before_or_at(packet.sack[1][0],
                                                 start) and before_or_at(end, packet.sack[1][1]):
            return start, end
        return None

    def why_not_withhold(self, packet, tries, tries_max):
        """Before wireless(packet). @return the number and the text of the first broken rule, None
        if it is permitted"""
        if not packet.sound or packet.payload or packet.flags & (ACK | SYN | FIN | RST |
                                                                 URG) != ACK:
            return "1: not a pure ACK"
        if self.last is None or packet.ack != self.last.ack:
            return "2: another acknowledgement number than the last ACK"
        if packet.window != self.last.window or not packet.window:
            return "2: another window than the last ACK, or zero"
        if packet.ecn_bits() != self.last.ecn_bits():
            return "2: other ECN bits than the last ACK"
        if self.doubt:
            return "2: an ACK with broken options has passed"
        if packet.broken_options or not packet.options <= WITHHOLDABLE_OPTIONS:
            return "3: options %s" % sorted(packet.options)
        dsack = self.dsack(packet)
        ours = dsack and any(before_or_at(dsack[0], r[0]) and before(r[0], dsack[1])
                             for r in self.retransmitted)
        if dsack and not ours:
            return "4: a D-SACK that is not about a retransmit of the box"
        if self.due and not ours:
            return "4: the answer to old data, a keep-alive or a window probe"
        if not self.segments:
            return "5: nothing is outstanding"
        self.mark_sacked(packet)
        at = packet.ack
        for segment in sorted(self.segments, key=lambda s: (s.seq - packet.ack) & MASK):
            if segment.seq != at and (at == packet.ack or
                                      any(s.sacked and before(at, s.end) for s in self.segments)):
                return "5: a hole upstream at %d" % at
            at = segment.end
        if any(s.sender and not s.sacked for s in self.segments):
            return "6: the sender has retransmitted an outstanding segment"
        hole = next(s for s in self.segments if s.seq == packet.ack)
        if hole.sacked:
            return "5: the hole is SACKed"
        if tries.get(hole.number, 0) >= tries_max:
            return "7: the hole was retransmitted %d times" % tries[hole.number]
        return None

    # Retransmits

    def why_not_retransmit(self, packet, epoch, number, starved):
        """
        @param starved  flows are forgotten: what was acknowledged before old data came may not be
                        known, as after a long time
                        without an ACK
        @return what forbids to retransmit the packet now, None if nothing does
        """
        if not packet.is_data():
            return "neither data nor SYN, or unsound"
        if epoch != self.epoch:
            return "of an earlier connection"
        if packet.flags & SYN:
            return None
        if number in self.old and (starved or number in self.early):
            return None
        if self.una is not None and before_or_at(packet.end, self.una):
            return "acknowledged already"
        if not any(s.number == number for s in self.segments):
            return "superseded by newer bytes of the sender"
        return None

    def why_not_in_window(self, packet):
        if packet.flags & SYN or self.last is None or len(self.scale) < 2:
            return None
        # RFC 7323 section 2.2: scaled only if both sides offer it.
        scale = 0 if None in self.scale.values() else self.scale[WIRELESS]
        if before((self.una + (self.last.window << scale)) & MASK, packet.end):
            return "beyond the receiver's window"
        return None

    def note_retransmit(self, packet):
        if not packet.flags & SYN:
            self.retransmitted.append((packet.seq, packet.end))
