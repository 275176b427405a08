# SPDX-License-Identifier: BSD-3-Clause
"""clock: without SACK a partial ACK after a repair tells of the next hole, which is retransmitted
at once."""
from lib import Case, Flow

case = Case()
flow = Flow(case, sack=False)
flow.warm_up()
s = flow.send(8)  # 0, 3 and 5 are lost
case.wait(5)
flow.ack(withheld=True)
flow.ack(withheld=True)
flow.ack(withheld=True, retransmits=s[:1], cause="dupack")
flow.ack(withheld=True)
flow.ack(withheld=True)
case.wait(5)
flow.ack(s[2], retransmits=s[3:4], cause="dupack")
case.wait(5)
flow.ack(s[4], retransmits=s[5:6], cause="dupack")
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(radio_losses=3, repairs_confirmed=3)
case.expect_verdict("helps")
case.write()
