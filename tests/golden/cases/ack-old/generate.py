# SPDX-License-Identifier: BSD-3-Clause
"""clock: an ACK below the cumulative one passes; what is withheld goes out before it."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
old = flow.send(2)
case.wait(5)
flow.ack(old[1])
s = flow.lose()
flow.ack(old[0], stray=True)
flow.ack(sack=s[1:5], withheld=True)
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(acks_old=1, repairs_confirmed=1)
case.write()
