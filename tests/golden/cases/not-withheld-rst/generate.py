# SPDX-License-Identifier: BSD-3-Clause
"""clock: not withheld: RST of the station, which ends the flow; what was withheld goes out before
it."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
s = flow.lose()
flow.ack(sack=s[1:5], flags="RA")
case.wait(100)
flow.control("R")
case.wait(200)
case.expect(acks_released=3, repairs_confirmed=0, flows_reset=1)
case.write()
