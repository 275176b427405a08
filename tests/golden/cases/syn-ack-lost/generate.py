# SPDX-License-Identifier: BSD-3-Clause
"""clock: a lost SYN-ACK towards a station whose RTT is known is retransmitted byte-identically; its
answer ends that."""
from lib import Case, Flow

case = Case()
known = Flow(case)
known.warm_up()
flow = Flow(case, sport=443, isn=1)
flow.syn("station", "S")
case.wait(20)
answer = flow.syn("wired", "SA")
case.retransmit(answer, "syn", between=(8, 16))
case.wait(20)
flow.next = flow.una = 2
flow.station_seq += 1
flow.ack()
s = flow.send(4)
case.wait(5)
flow.ack(s[3])
case.wait(500)
case.expect(syn_remembered=1, flows_midstream=1)
case.write()
