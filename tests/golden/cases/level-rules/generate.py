# SPDX-License-Identifier: BSD-3-Clause
"""clock: rules give flows their own level: one is helped, one only observed, one not looked at."""
from lib import Case, Flow

case = Case()
helped, bypassed, observed = Flow(case), Flow(case, sport=81), Flow(case, station=3)
flows = helped, bypassed, observed
for flow in flows:
    flow.warm_up()
windows = [flow.send(8) for flow in flows]
case.wait(5)
for last in range(2, 6):
    for flow, s in zip(flows, windows):
        flow.ack(sack=s[1:last], withheld=flow is helped,
                 retransmits=s[:1] if flow is helped and last == 4 else ())
case.wait(5)
for flow, s in zip(flows, windows):
    flow.ack(s[7])
case.wait(200)
case.expect(pass_bypass=21, repairs_confirmed=1, radio_losses=1)
case.write()
