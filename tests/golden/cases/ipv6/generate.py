# SPDX-License-Identifier: BSD-3-Clause
"""clock: an IPv6 flow is repaired like any other, and its lost SYN too."""
from lib import Case, Flow

case = Case()
flow = Flow(case, version=6)
flow.handshake()
flow.warm_up()
s = flow.lose()
for last in range(5, 9):
    flow.ack(sack=s[1:last], withheld=True)
case.wait(5)
flow.ack(s[7])
case.wait(50)
syn = Flow(case, version=6, sport=81).syn("wired", "S")
case.retransmit(syn, "syn", between=(8, 20))
case.wait(20)
case.expect(radio_losses=1, repairs_confirmed=1, syn_remembered=1)
case.write()
