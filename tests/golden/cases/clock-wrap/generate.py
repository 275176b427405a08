# SPDX-License-Identifier: BSD-3-Clause
"""clock: repair, withholding and timers while the microsecond clock passes 2^32."""
from lib import Case, Flow

case = Case(start_us=2**32 - 9100)
flow = Flow(case)
flow.warm_up()
s = flow.lose()
for last in range(5, 9):
    flow.ack(sack=s[1:last], withheld=True)
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(radio_losses=1, repairs_confirmed=1)
case.write()
