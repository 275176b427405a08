# SPDX-License-Identifier: BSD-3-Clause
"""clock: a lost FIN is retransmitted by the timer."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
fin = flow.data(0, flags="FA")
case.retransmit(fin, "timeout", between=(48, 60))
case.wait(64)
flow.ack(fin)
case.wait(300)
case.expect(timeouts=1, repairs_confirmed=0)  # it may have arrived, the ACK delayed
case.write()
