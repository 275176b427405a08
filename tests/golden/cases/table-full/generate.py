# SPDX-License-Identifier: BSD-3-Clause
"""clock: data of flows beyond the table is forwarded uncached; those in the table are helped."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
for port in range(70):
    Flow(case, dport=6000 + port).data(100)
s = flow.lose()
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(pass_table_full=7, flows_created=64, repairs_confirmed=1)
case.write()
