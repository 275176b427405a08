# SPDX-License-Identifier: BSD-3-Clause
"""clock: a hole older than `hole_age` is no longer retransmitted: it is left to the sender."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
s = flow.lose()
case.wait(25)
a = flow.send(2)
case.wait(5)
flow.ack(sack=s[1:] + a[:1])  # the retransmit was lost, too
flow.ack(sack=s[1:] + a)
flow.again(s[0])
case.wait(5)
flow.ack(a[1])
case.wait(300)
case.expect(radio_losses=2, repairs_confirmed=0, given_up=1, sender_retransmits=1)
case.write()
