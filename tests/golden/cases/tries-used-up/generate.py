# SPDX-License-Identifier: BSD-3-Clause
"""clock: after `tries` lost retransmits a hole is left to the sender: what is withheld goes out,
duplicates pass."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False)
flow.warm_up()
s = flow.lose()
a = flow.send(2)
case.wait(5)
flow.ack(sack=s[1:] + a[:1], retransmits=s[:1])  # its last try is under way
b = flow.send(2)
case.wait(5)
flow.ack(sack=s[1:] + a + b[:1])
flow.ack(sack=s[1:] + a + b)
new = flow.again(s[0])
case.wait(5)
flow.ack(b[1])
case.wait(300)
case.expect(radio_losses=3, repairs_confirmed=0, given_up=1, sender_retransmits=1)
case.expect_verdict("none_repaired")
case.write()
