# SPDX-License-Identifier: BSD-3-Clause
"""clock: Ethernet padding is no payload: padded duplicate ACKs are withheld, short padded segments
retransmitted whole."""
from lib import Case, Flow

case = Case()
flow = Flow(case, timestamps=False, sack=False, pad=True)
flow.warm_up()
s = flow.send(8, size=2)
case.wait(5)
flow.ack(s[0])
flow.ack(withheld=True)
flow.ack(withheld=True)
flow.ack(withheld=True, retransmits=s[1:2], cause="dupack")
flow.control("A")
case.wait(5)
flow.ack(s[7])
case.wait(200)
case.expect(repairs_confirmed=1, acks_duplicate=3, data_segments=12)
case.write()
