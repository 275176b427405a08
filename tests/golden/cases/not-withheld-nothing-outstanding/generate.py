# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: a duplicate ACK while nothing is outstanding."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
for _ in range(4):
    case.wait(1)
    flow.ack()
case.wait(200)
case.expect(acks_duplicate=0)
case.write()
