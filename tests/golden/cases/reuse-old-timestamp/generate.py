# SPDX-License-Identifier: BSD-3-Clause
"""clock: timestamps that run far backwards are another connection: the bytes of the old one are
forgotten."""
from lib import Case, Flow

case = Case()
old = Flow(case)
old.warm_up()
old.send(4)
case.wait(1)
new = Flow(case, isn=old.next)
new.recent = 0
s = [new.data(tsval=1000 + i) for i in range(8)]
case.wait(5)
new.ack(s[0])
for last in range(3, 7):
    new.ack(sack=s[2:last], withheld=True, retransmits=s[1:2] if last == 5 else ())
case.wait(5)
new.ack(s[7])
case.wait(300)
case.expect(flows_reset=1, repairs_confirmed=1)
case.write()
