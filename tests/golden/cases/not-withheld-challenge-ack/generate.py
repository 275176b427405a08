# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: a challenge ACK (RFC 5961) says nothing new of the hole; it answers what
took another way."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
flow.ack(sack=s[1:4])
case.wait(4)
flow.ack(s[7])
case.wait(200)
case.expect(acks_duplicate=4, repairs_confirmed=1)
case.write()
