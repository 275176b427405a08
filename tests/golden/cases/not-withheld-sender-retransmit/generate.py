# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: once the sender retransmits the hole, what is withheld goes out and later
duplicates pass."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
s = flow.lose()
case.wait(1)
flow.released()
flow.again(s[0])
flow.ack(sack=s[1:5])
flow.ack(sack=s[1:6])
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(sender_retransmits=1, sender_retransmits_needless=1, repairs_confirmed=0)
case.write()
