# SPDX-License-Identifier: BSD-3-Clause
"""clock: a copy that the station would discard for its old timestamp (PAWS) is left to the sender,
not retransmitted."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.send(4)  # 0 and 1 are lost
case.wait(0.5)
again = flow.data(seq=s[0].seq, tsval=s[0].tsval + 100)  # by the sender, with a younger timestamp
case.wait(3.5)
flow.ack(sack=s[2:3])
flow.ack(sack=s[2:4])
case.wait(0.6)
# the echo is the younger timestamp now: 1 is lost, and its copy too old
flow.ack(again, sack=s[2:4])
case.wait(20)
flow.ack(sack=s[2:4])
flow.again(s[1])
case.wait(5)
flow.ack(s[3])
case.wait(600)
case.expect(sender_retransmits=2, stale_segments=1, given_up=1, repairs_confirmed=0)
case.write()
