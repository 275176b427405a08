# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: the answer to data that the station had acknowledged, a D-SACK about the
sender's own retransmission."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
old = flow.send(1)[0]
case.wait(5)
flow.ack(old)
s = flow.lose()
flow.again(old)
flow.ack(dsack=old, sack=s[1:4])
flow.ack(sack=s[1:5], withheld=True)
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(pass_old_data=1, sender_retransmits=1, repairs_confirmed=1, spurious_repairs=0)
case.write()
