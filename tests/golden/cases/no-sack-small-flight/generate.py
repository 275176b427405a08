# SPDX-License-Identifier: BSD-3-Clause
"""clock: without SACK a flight too small for three duplicates needs fewer (early retransmit, RFC
5827)."""
from lib import Case, Flow

case = Case()
flow = Flow(case, sack=False)
flow.warm_up()
s = flow.send(3)
case.wait(5)
flow.ack(withheld=True)
flow.ack(withheld=True, retransmits=s[:1], cause="dupack")
case.wait(5)
flow.ack(s[2])
case.wait(200)
case.expect(radio_losses=1, repairs_confirmed=1)
case.write()
