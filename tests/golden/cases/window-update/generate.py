# SPDX-License-Identifier: BSD-3-Clause
"""clock: window updates pass, with and without data outstanding, and count as no duplicates."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
flow.ack(window=50000)
s = flow.send(3)
case.wait(1)
for window in (40000, 30000, 60000):
    flow.ack(window=window)
case.wait(5)
flow.ack(s[2], window=61000)
case.wait(200)
case.expect(acks_duplicate=0, radio_losses=0)
case.write()
