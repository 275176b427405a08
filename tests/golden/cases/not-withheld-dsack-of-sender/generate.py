# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: a D-SACK about a retransmission by the sender, above a hole under repair."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
s = flow.lose()
flow.released()
flow.again(s[2])  # needless: the station had it
flow.ack(dsack=s[2], sack=s[1:4])
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(sender_retransmits=1, sender_retransmits_needless=1, repairs_confirmed=1,
            spurious_repairs=0)
case.write()
