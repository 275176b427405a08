# SPDX-License-Identifier: BSD-3-Clause
"""clock: FIN both ways, then a new connection on the same 4-tuple and bytes: only its own bytes are
retransmitted."""
from lib import Case, Flow

case = Case()
old = Flow(case)
old.warm_up()
s = old.send(4) + [old.data(100, flags="FA")]
case.wait(5)
old.ack(s[4], flags="FA")
old.station_seq += 1
old.control("A")
case.wait(10)
new = Flow(case, isn=103999)
new.handshake(opener="wired")
s = [new.data(payload=b"%d" % i * 1000) for i in range(8)]
case.wait(5)
new.ack(s[0])
for last in range(3, 6):
    new.ack(sack=s[2:last], withheld=True, retransmits=s[1:2] if last == 5 else ())
case.wait(5)
new.ack(s[7])
case.wait(300)
case.expect(flows_created=2, flows_reset=1, repairs_confirmed=1, syn_remembered=1)
case.write()
