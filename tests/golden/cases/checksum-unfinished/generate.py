# SPDX-License-Identifier: BSD-3-Clause
"""clock: checksums that a neighbour left to its network card are counted, those of SYNs and of
packets without a flow too, and nothing is believed."""
from lib import Case, Flow


class Local(Flow):
    """A host on the same machine: its side's checksums are the sums of the pseudo-headers."""

    def __init__(self, case, sides, **more):
        super().__init__(case, **more)
        self.sides = sides

    def _frame(self, side, tcp, payload, ecn):
        frame = super()._frame(side, tcp, payload, ecn)
        if side not in self.sides:
            return frame
        l3 = 14 + 4 * len(self._tags(side))
        ipv6 = self.version == 6
        l4 = l3 + (40 if ipv6 else 20)
        end = l4 + len(tcp) + len(payload)
        pseudo = frame[l3 + 8:l3 + 40] if ipv6 else frame[l3 + 12:l3 + 20]
        pseudo += bytes((0, 6)) + (end - l4).to_bytes(2, "big")
        total = sum(int.from_bytes(pseudo[i:i + 2], "big") for i in range(0, len(pseudo), 2))
        while total > 0xffff:
            total = (total & 0xffff) + (total >> 16)
        return frame[:l4 + 16] + total.to_bytes(2, "big") + frame[l4 + 18:]


case = Case()
# The wired host: its SYN is not remembered, its data makes a flow that caches nothing.
wired = Local(case, ("wired",))
wired.handshake(opener="wired")             # SYN and the last ACK
s = wired.send(4)
case.wait(4)
wired.ack(s[3])
# The station: SYN and the ACKs.
station = Local(case, ("wireless",), station=3, version=6)
station.handshake(opener="wired")           # SYN-ACK
s = station.send(4)
case.wait(4)
station.ack(s[3])
# An upload has no flow; its packets are looked at nevertheless.
upload = Local(case, ("wireless",), station=4, pad=True)
for _ in range(3):
    upload.ack(payload=b"x" * 100)
# A damaged one is not unfinished.
good = Flow(case, station=5)
good.warm_up()
good.data(corrupt=True)
case.wait(1200)
case.expect(checksum_wired_invalid=7, checksum_wired_unfinished=6, checksum_wireless_invalid=5,
            checksum_wireless_unfinished=5, pass_bad_checksum=8, pass_no_flow=5,
            tcp_wired_packets=17, tcp_wireless_packets=11, flows_created=3)
del case.counters["cache_evictions"]
case.expect_verdict("wired_unfinished")
case.write()
