# SPDX-License-Identifier: BSD-3-Clause
"""clock: four segments overtake one, again and again, to a station that knows SACK and no D-SACK:
the first retransmit is answered sooner than the path allows. That tells of the reordering."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.handshake()
flow.warm_up()
for again in range(20):
    s = flow.send(6, 1448)
    case.wait(4)
    for last in range(1, 5):
        flow.ack(sack=s[1:1 + last], retransmits=s[:1] if last == 3 and not again else ())
    case.wait(0.3)
    flow.ack(s[5])
    if not again:
        case.wait(3.7)
        flow.ack()  # the answer to the copy, which says nothing new
    case.wait(4)
case.wait(200)
case.expect(spurious_repairs=1)
case.write()
