# SPDX-License-Identifier: BSD-3-Clause
"""clock: without SACK the third duplicate ACK makes snoopd retransmit the hole; the duplicates are
withheld."""
from lib import Case, Flow

case = Case()
flow = Flow(case, sack=False)
flow.warm_up()
s = flow.send(8)
case.wait(5)
flow.ack(withheld=True)
flow.ack(withheld=True)
flow.ack(withheld=True, retransmits=s[:1], cause="dupack")
for _ in range(4):
    flow.ack(withheld=True)
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(radio_losses=1, repairs_confirmed=1, acks_duplicate=7)
case.write()
