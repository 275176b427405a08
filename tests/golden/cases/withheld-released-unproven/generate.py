# SPDX-License-Identifier: BSD-3-Clause
"""clock: a duplicate ACK is released after the withholding budget even while nothing proves a loss;
the next one passes."""
from lib import Case, Flow

case = Case()
flow = Flow(case, sack=False)
flow.warm_up()
s = flow.send(8)
case.wait(5)
flow.ack(withheld=True)
flow.released(between=(19.9, 20.2))
case.wait(30)
flow.ack()
case.wait(5)
flow.ack(s[7])
case.wait(300)
case.expect(radio_losses=0)
case.write()
