# SPDX-License-Identifier: BSD-3-Clause
"""clock: flows that the engine does not follow (bypass, bad checksums, one way) leave soon after
their end."""
from lib import Case, Flow

case = Case()
flows = [Flow(case, sport=81, dport=5000 + number) for number in range(4)]
for flow in flows:
    flow.warm_up()
fin, rst_station, rst_sender, half = flows
s = fin.data(100, flags="FA")
fin.ack(s, flags="FA")
fin.station_seq += 1
fin.control("A")
rst_station.ack(flags="RA")
rst_sender.control("R")
half.data(100, flags="FA")  # the station may still send: this one stays
broken = Flow(case, dport=5010)
s = [broken.data(corrupt=True) for _ in range(3)]
broken.data(100, flags="FA", corrupt=True)
broken.ack(flags="FA", stray=True, to=s[0])
one_way = Flow(case, dport=5011)
one_way.send(3)
one_way.data(100, flags="FA")
case.wait(4000)
case.expect(flows_created=6, flows_expired=5, pass_bypass=38, pass_bad_checksum=4,
            cache_evictions=4)
case.write()
