# SPDX-License-Identifier: BSD-3-Clause
"""clock: SYN and SYN-ACK that are answered in time are not retransmitted."""
from lib import Case, Flow

case = Case()
known = Flow(case)
known.warm_up()
for port, opener in ((81, "wired"), (82, "station")):
    flow = Flow(case, sport=port)
    flow.handshake(opener=opener)
    case.wait(500)
case.expect(syn_remembered=2)
case.write()
