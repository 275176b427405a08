# SPDX-License-Identifier: BSD-3-Clause
"""clock: keep-alives of an idle connection, with and without a byte, and their answers cross;
nothing is cached."""
from lib import Case, Flow

case = Case()
flow = Flow(case)
flow.warm_up()
for probe in (b"", b"\0", b""):
    case.wait(2000)
    flow.control("A", seq=flow.next - 1, payload=probe)
    case.wait(5)
    flow.ack()
case.wait(200)
case.expect(cached_segments_total=4, acks_duplicate=0)
case.write()
