# SPDX-License-Identifier: BSD-3-Clause
"""clock: without SACK the first data segment of a flow is lost, which gives it no RTT sample: one
retransmit, and no second one within the round trip of the handshake."""
from lib import Case, Flow

case = Case()
flow = Flow(case, sack=False)
flow.handshake(gap=4)
case.wait(1)
s = flow.send(10)
case.wait(4)
for i in range(9):
    # The first tells what the station has; three are duplicates of it then.
    flow.ack(withheld=i > 0, retransmits=s[:1] if i == 3 else (), cause="dupack")
    case.wait(0.1)
case.wait(4)
flow.ack(s[9])
case.wait(50)
case.expect(radio_losses=1, repairs_confirmed=1, acks_duplicate=8)
case.write()
