# SPDX-License-Identifier: BSD-3-Clause
"""clock: when `acks` are withheld the next one makes room in order: all go out, and it passes."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
flow.ack(sack=s[1:5], withheld=True)
flow.ack(sack=s[1:6])
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.write()
