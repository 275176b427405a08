# SPDX-License-Identifier: BSD-3-Clause
"""clock: a lost SYN towards a station whose RTT is known is retransmitted byte-identically, at most
`[syn] tries` times."""
from lib import Case, Flow

case = Case()
known = Flow(case)
known.warm_up()
flow = Flow(case, dport=22, isn=1)
syn = flow.syn("wired", "S")
case.retransmit(syn, "syn", between=(8, 16))
case.retransmit(syn, "syn", between=(24, 60))
case.wait(500)
case.expect(syn_remembered=1)
case.write()
