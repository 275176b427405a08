# SPDX-License-Identifier: BSD-3-Clause
"""clock: above `rate_max` SYNs a second the memory is off: none is retransmitted; a second later it
works again."""
from lib import Case, Flow

case = Case()
Flow(case).warm_up()
case.wait(1500)
for port in range(20):
    Flow(case, dport=6000 + port).syn("wired", "S")
case.wait(2000)
flow = Flow(case, dport=7000)
syn = flow.syn("wired", "S")
case.retransmit(syn, "syn", between=(8, 16))
case.wait(20)
flow.syn("station", "SA")
case.wait(500)
case.expect(syn_remembered=9)
case.write()
