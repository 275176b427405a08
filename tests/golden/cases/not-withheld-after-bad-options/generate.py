# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: an ACK with malformed options, and none after it until the hole is filled;
same for data."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
flow.ack(sack=s[1:5], flags="EA", extra=[(5, b"")])
flow.ack(sack=s[1:5])
case.wait(5)
flow.ack(s[7])
case.wait(10)
t = flow.lose()
flow.released()
flow.control("A", seq=t[0].seq - 1, bad_options=True)
flow.ack(sack=t[1:5])
case.wait(5)
flow.ack(t[7])
case.wait(200)
case.expect(acks_released=6, repairs_confirmed=2, pass_bad_options=2)
case.write()
