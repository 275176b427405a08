# SPDX-License-Identifier: BSD-3-Clause
"""clock: packet conservation: with no allowance five losses are retransmitted one by one, as later
segments arrive."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.send(15)
case.wait(5)
for i in range(1, 9):
    flow.ack(sack=s[5:5 + i], withheld=True, retransmits=s[i - 3:i - 2] if 3 <= i < 8 else ())
case.wait(5)
flow.ack(s[14])
case.wait(200)
case.expect(radio_losses=5, repairs_confirmed=5)
case.write()
