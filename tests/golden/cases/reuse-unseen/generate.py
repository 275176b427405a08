# SPDX-License-Identifier: BSD-3-Clause
"""clock: sequence numbers jump beyond the window: another connection; its bytes are helped, the old
ones forgotten."""
from lib import Case, Flow

case = Case()
old = Flow(case)
old.warm_up()
old.send(4)
case.wait(1)
new = Flow(case, isn=900000000)
s = [new.data(payload=b"%d" % i * 1000) for i in range(4)]
case.wait(5)
new.ack(s[3])
t = new.lose(hole=1)
case.wait(5)
new.ack(t[7])
case.wait(300)
case.expect(flows_created=1, flows_reset=1, repairs_confirmed=1)
case.write()
