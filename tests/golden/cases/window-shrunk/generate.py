# SPDX-License-Identifier: BSD-3-Clause
"""clock: a hole beyond the receiver's window (scale known from the handshake) is not retransmitted
until it opens."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.handshake(scale=0)
flow.warm_up()
s = flow.send(10)
case.wait(5)
flow.ack(s[0], window=3000)
flow.ack(sack=s[2:5], withheld=True, retransmits=[s[1]])
flow.ack(sack=s[2:5] + s[6:10], withheld=True)
case.wait(5)
flow.ack(s[4], sack=s[6:10], window=500)
flow.ack(sack=s[6:10])
case.wait(1)
flow.ack(sack=s[6:10], window=8000, retransmits=[s[5]])
case.wait(5)
flow.ack(s[9])
case.wait(200)
case.expect(radio_losses=2, repairs_confirmed=2, flows_midstream=0)
case.write()
