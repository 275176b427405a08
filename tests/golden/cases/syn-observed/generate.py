# SPDX-License-Identifier: BSD-3-Clause
"""clock: level observe learns from a SYN, but never retransmits it."""
from lib import Case, Flow

case = Case()
Flow(case).warm_up()
Flow(case, dport=22).syn("wired", "S")
case.wait(3000)
case.write()
