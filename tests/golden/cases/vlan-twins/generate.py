# SPDX-License-Identifier: BSD-3-Clause
"""clock: one 4-tuple untagged, in two VLANs and in two QinQ stacks is five flows, each with its own
losses."""
from lib import Case, Flow, vlan

case = Case()
flows = [Flow(case, vlans=tags) for tags in ((), vlan(10), vlan(20), vlan(100, 10), vlan(10, 100))]
for flow in flows:
    flow.warm_up()
windows = [[flow.data(payload=bytes([i]) * 1000) for _ in range(8)] for i, flow in enumerate(flows)]
case.wait(5)
for i in range(1, 4):
    for hole, (flow, s) in enumerate(zip(flows, windows)):
        if i == 1 and hole:
            flow.ack(s[hole - 1])
        flow.ack(sack=s[hole + 1:hole + 1 + i], withheld=True,
                 retransmits=s[hole:hole + 1] if i == 3 else ())
case.wait(5)
for flow, s in zip(flows, windows):
    flow.ack(s[7])
case.wait(200)
case.expect(flows_created=5, radio_losses=5, repairs_confirmed=5)
case.write()
