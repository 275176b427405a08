# SPDX-License-Identifier: BSD-3-Clause
"""clock: level auto withholds where the sender goes on to retransmit what was under repair."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
for _ in range(40):
    prompt = flow.data()
    case.wait(5)
    flow.ack(prompt)
    case.wait(5)
    lone = flow.data()
    case.retransmit(lone, "timeout", between=(48, 70))
    case.wait(72)
    flow.again(lone)
    case.wait(5)
    flow.ack(lone)
    flow.ack(dsack=lone)
s = flow.lose()
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(sender_retransmits=40, sender_retransmits_needless=40, repairs_confirmed=1)
case.write()
