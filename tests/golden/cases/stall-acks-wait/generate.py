# SPDX-License-Identifier: BSD-3-Clause
"""clock: the worker stands still for 50 ms while more ACKs wait than a burst takes. No timer fires
before it has looked at all of them, and what it measures of them is no round trip of the radio."""
from lib import Case, Flow

case = Case()
busy, lone = Flow(case), Flow(case, dport=5001, station=3)
for flow in (busy, lone):
    flow.warm_up()
segments = busy.send(60)
tail = lone.send(6)
case.wait(2)
case.stall(50)
case.wait(2)
for segment in segments:
    busy.ack(segment)
for segment in tail:
    lone.ack(segment)
case.wait(50)
# The timer is as quick as before the stall.
last = lone.send(6)
case.retransmit(last[0], "timeout", between=(7.9, 14))
case.wait(15)
lone.ack(last[5])
case.wait(300)
case.expect(timeouts=1, rtt_samples=8, radio_losses=0)
case.write()
