# SPDX-License-Identifier: BSD-3-Clause
"""clock: what does not fit into the cache is forwarded; what is in it is still repaired."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.send(70)
case.wait(5)
flow.ack(s[0])
for last in range(3, 6):  # the second finds no room, what is withheld goes out
    flow.ack(sack=s[2:last], retransmits=s[1:2] if last == 5 else (), withheld=last != 4)
case.wait(5)
flow.ack(s[69])
case.wait(200)
case.expect(pass_cache_full=6, repairs_confirmed=1)
case.write()
