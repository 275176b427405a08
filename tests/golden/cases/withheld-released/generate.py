# SPDX-License-Identifier: BSD-3-Clause
"""clock: when the withholding budget ends everything withheld goes out in order, and the hole's
later duplicates pass."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
flow.released(between=(19.9, 20.2))
case.wait(21)
flow.ack(sack=s[1:5])
case.wait(10)
flow.ack(sack=s[1:6])
case.wait(5)
flow.ack(s[7])
case.wait(300)
case.write()
