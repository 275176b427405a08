# SPDX-License-Identifier: BSD-3-Clause
"""clock: the sender retransmits its bytes in other segments: the new ones replace the old ones and
are what is retransmitted."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
s = flow.send(4)
case.wait(20)
big = flow.data(1500, seq=s[0].seq)
rest = flow.data(500, seq=s[1].seq + 500)
case.wait(5)
flow.ack(sack=s[2:3])
flow.ack(sack=s[2:])
flow.ack(sack=[rest] + s[2:], retransmits=[big])
case.wait(5)
flow.ack(s[3])
case.wait(300)
case.expect(sender_retransmits=1, sender_retransmits_needless=0, repairs_confirmed=0)
case.write()
