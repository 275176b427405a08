# SPDX-License-Identifier: BSD-3-Clause
"""clock: holes around sequence number 2^32: before it, across it, after it."""
from lib import Case, Flow

case = Case()
for port, below in enumerate((500, 1000, 1500, 4500, 5000, 6000, 12000)):
    flow = Flow(case, isn=2**32 - 4000 - below, dport=5000 + port)
    flow.warm_up()
    s = flow.lose(hole=1)
    for last in range(6, 9):
        flow.ack(sack=s[2:last], withheld=True)
    case.wait(5)
    flow.ack(s[7])
    case.wait(20)
case.wait(200)
case.expect(repairs_confirmed=7, radio_losses=7)
case.write()
