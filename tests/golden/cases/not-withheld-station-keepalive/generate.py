# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: the station's own keep-alive or window probe, one byte below what it has
sent."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
flow.ack(sack=s[1:5], seq=flow.station_seq - 1)
case.wait(4)
flow.ack(s[7])
case.wait(200)
case.expect(acks_duplicate=4, repairs_confirmed=1)
case.write()
