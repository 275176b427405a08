# SPDX-License-Identifier: BSD-3-Clause
"""clock: a lone segment whose ACK the station delays by 40 ms is not retransmitted."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
for _ in range(5):
    last = flow.data()
    case.wait(44)
    flow.ack(last)
    case.wait(100)
case.expect(timeouts=0, radio_losses=0)
case.write()
