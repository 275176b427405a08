# SPDX-License-Identifier: BSD-3-Clause
"""clock: a SYN towards a station whose RTT is unknown is not retransmitted: nobody can say that it
was lost."""
from lib import Case, Flow

case = Case()
Flow(case).warm_up()
Flow(case, station=9).syn("wired", "S")
case.wait(3000)
case.write()
