# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: a window update; what was withheld goes out before it; later ones with that
window are withheld."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
flow.ack(sack=s[1:5], window=61000)
flow.ack(sack=s[1:6], withheld=True)
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(acks_released=3, repairs_confirmed=1)
case.write()
