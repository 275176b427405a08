# SPDX-License-Identifier: BSD-3-Clause
"""clock: a SYN in the midst of a connection: what is withheld goes out, its bytes are forgotten."""
from lib import Case, Flow

case = Case()
old = Flow(case)
old.warm_up()
old.lose()
old.released()
new = Flow(case, isn=104499)
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
