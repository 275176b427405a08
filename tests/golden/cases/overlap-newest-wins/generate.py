# SPDX-License-Identifier: BSD-3-Clause
"""clock: the sender retransmits a segment with other bytes: when that is lost the newest bytes are
retransmitted."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
s = flow.send(4)
case.wait(20)
new = flow.data(payload=b"new" * 300 + b"er" * 50, seq=s[0].seq)
t = flow.send(3)
case.wait(5)
flow.ack(sack=s[1:])
flow.ack(sack=s[1:] + t[:2], retransmits=[new])
flow.ack(sack=s[1:] + t)
case.wait(5)
flow.ack(t[2])
case.wait(300)
case.expect(sender_retransmits=1, sender_retransmits_needless=0, repairs_confirmed=0)
case.write()
