# SPDX-License-Identifier: BSD-3-Clause
"""clock: after three time-outs in a row a station is silent: one probe at a time, gaps that double;
it returns."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.send(6)
case.retransmit(s[0], "timeout", between=(7.9, 14))
case.retransmit(s[0], "timeout", between=(23, 30))
case.retransmit(s[0], "probe", between=(55, 62))
# gaps of 5, 10, 20, ... ms up to probe_interval
for at in (60, 70, 90, 130, 210, 370, 620, 870, 1120):
    case.retransmit(s[0], "probe", between=(at, at + 10))
case.wait(1300)
flow.ack(s[0], retransmits=[s[1]], cause=None)
case.wait(5)
flow.ack(s[1], retransmits=[s[2]], cause=None)
case.wait(5)
flow.ack(s[5])
case.wait(300)
case.expect(station_silences=1, station_returns=1)
case.write()
