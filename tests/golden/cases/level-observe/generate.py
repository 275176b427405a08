# SPDX-License-Identifier: BSD-3-Clause
"""clock: level observe counts the loss, retransmits nothing, neither by scoreboard nor by time-out,
and touches no ACK."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
s = flow.send(8)
case.wait(5)
for last in range(2, 8):
    flow.ack(sack=s[1:last])
case.wait(60)
flow.again(s[0])
case.wait(5)
flow.ack(s[7])
flow.send(2)
case.wait(300)
case.expect(radio_losses=1, repairs_confirmed=0, sender_retransmits=1)
case.expect_verdict("one_loss")
case.write()
