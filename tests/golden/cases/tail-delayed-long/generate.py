# SPDX-License-Identifier: BSD-3-Clause
"""clock: a station that delays a lone ACK by 200 ms and knows no D-SACK: few needless retransmits
until its delay is known, then none; a lost segment is retransmitted, and counted once proven."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.handshake()
case.wait(5)
flow.warm_up(count=6)
case.wait(200)


def alone(answer, retransmitted=None):
    """A lone segment that is answered after so many milliseconds."""
    start = case.now
    segment = flow.data(100)
    if retransmitted:
        case.retransmit(segment, "timeout", between=retransmitted)
    case.now = start + round(answer * 1000)
    flow.ack(segment)
    case.now = start + 600000


# The allowance doubles: 40, 80, 160, 320 ms, and the timer beside it, as nothing is answered that
# was sent once. A copy is answered one round trip after it.
alone(64, (46, 59))
alone(104, (86, 99))
alone(198, (184, 197))
for _ in range(40):
    alone(200)
# A lost one: one and a quarter of the delay. It was lost, as others are answered as soon as ever.
alone(270, (250, 264))
for _ in range(8):
    alone(200)
case.expect(timeouts=4, radio_losses=1, repairs_confirmed=1)
case.write()
