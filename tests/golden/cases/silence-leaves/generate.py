# SPDX-License-Identifier: BSD-3-Clause
"""clock: a station that is silent for longer than `silence_max` is no longer probed, and its bytes
are forgotten."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.send(2)
case.retransmit(s[0], "timeout", between=(7.9, 14))
case.retransmit(s[0], "timeout", between=(23, 30))
case.retransmit(s[0], "probe", between=(55, 62))
for at in (60, 70, 90, 130, 210, 370, 620, 870):
    case.retransmit(s[0], "probe", between=(at, at + 10))
case.wait(3000)
case.expect(station_silences=1, station_returns=0, cache_evictions=2)
case.write()
