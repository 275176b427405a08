# SPDX-License-Identifier: BSD-3-Clause
"""clock: a station that another box has served comes back: its ACKs cover what never passed here.
What was retransmitted while it was away counts as neither lost nor repaired, and is not sent again.
Then a loss is repaired."""
from lib import Case, Flow

case = Case()
flow, other = Flow(case), Flow(case, dport=5001)
flow.warm_up()
duplicate = flow.data()
case.wait(4)
flow.ack(duplicate)
flow.again(duplicate)
case.wait(4)
flow.ack(dsack=duplicate)  # the station is known to report them
other.warm_up()
away = flow.send(6), other.send(6)
case.retransmit(away[0][0], "timeout", between=(7.9, 14))
case.retransmit(away[1][0], "timeout", between=(7.9, 14))
# All of the station's: gaps of 5, 10, 20, ... ms up to probe_interval.
for at in (23, 28, 38, 58, 98, 178, 338, 588, 838, 1088):
    case.retransmit(away[0][0], "probe", between=(at, at + 10))
case.wait(1300)
elsewhere = [[each.lose_upstream() for _ in range(20)] for each in (flow, other)]
back = flow.send(2)
case.wait(2)
flow.ack(elsewhere[0][15], sack=back)  # in the hole
other.ack(elsewhere[1][15])  # beyond all that has passed
case.wait(40)
for segment in elsewhere[0][16:]:
    flow.again(segment)
case.wait(5)
flow.ack(back[1])
lost = flow.lose(4)
case.wait(5)
flow.ack(lost[7])
case.wait(300)
case.expect(station_silences=1, station_returns=1, radio_losses=1, repairs_confirmed=1,
            upstream_holes=4, upstream_bytes=4000, pass_old_data=1, sender_retransmits=1)
case.write()
