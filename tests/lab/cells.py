# SPDX-License-Identifier: BSD-3-Clause
"""The paths, and the named suites of cells with what each has to reach.

Goals of a cell (medians over the seeds, snoopd against the plain wire in the same cell):
    min_limit          goodput / L
    min_plain          goodput / goodput of the plain wire
    max_died           retransmits that die in the radio's queue / data segments
    max_drops_vs_plain queue drops / the plain wire's queue drops, both with the start
    max_retransmits    retransmits / data segments
"""

import re

from lab import LabError, Link, Path
from measure import Cell

PATHS = {
    # The wired path is the bottleneck; the radio is fast and loses.
    "A": Path("A", wired=Link(50e6, 20000, 300e3), radio=Link(200e6, 2000, 1e6)),
    # The radio is the bottleneck, with a drop-tail queue after the box that the box cannot see.
    "B": Path("B", wired=Link(100e6, 20000, 1e6), radio=Link(50e6, 2000, 400e3)),
}

_UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
_EXPLICIT_LINK = re.compile(r"([\d.]+)([kMG]?)/([\d.]+)ms/([\d.]+)([kM]?)")


def parse_path(text):
    """A, B, or WIRED+RADIO, each RATE/DELAYms/QUEUE (bit/s, one way, bytes), e.g.
    50M/20ms/300k+200M/2ms/1M."""
    if text in PATHS:
        return PATHS[text]
    links = [_EXPLICIT_LINK.fullmatch(part) for part in text.split("+")]
    if len(links) != 2 or None in links:
        raise LabError(f"--path {text}: want A, B or RATE/DELAYms/QUEUE+RATE/DELAYms/QUEUE")
    wired, radio = (Link(float(m[1]) * _UNITS[m[2]], float(m[3]) * 1000, float(m[4]) * _UNITS[m[5]])
                    for m in links)
    return Path(text, wired, radio)


def percent(share):
    return f"{share * 100:g}%"


def cell(path, congestion_control, loss, goals=None, **keys):
    name = f"{path} {congestion_control} p={percent(loss)}"
    return Cell(name, PATHS[path], loss=loss, congestion_control=congestion_control,
                goals=goals or {}, **keys)


def goal1():
    for congestion_control in ("cubic", "reno"):
        for loss in (0.001, 0.01, 0.02, 0.05, 0.10):
            yield cell("A", congestion_control, loss, {"min_limit": 0.92 if loss == 0.10 else 0.95})


def goal2():
    for loss in (0, 0.001, 0.01, 0.02, 0.05, 0.10):
        yield cell("A", "bbr", loss, {"min_plain": 0.98,
                                      **({"min_limit": 0.94} if loss == 0.05 else {})})


def goal3():
    for congestion_control in ("cubic", "reno", "bbr"):
        for loss in (0, 0.01, 0.05):
            goals = {"min_limit": 0.93, "max_died": 0.03}
            if loss == 0:
                goals["max_drops_vs_plain"] = 2.0
            yield cell("B", congestion_control, loss, goals)


def goal4():
    for path in ("A", "B"):
        for congestion_control in ("cubic", "reno"):
            yield Cell(f"{path} {congestion_control} bursts 2% of 4", PATHS[path], burst_loss=0.02,
                       burst_len_pkts=4, congestion_control=congestion_control,
                       goals={"min_limit": 0.92})


def goal5():
    for profile in ("norack", "nosack", "notimestamps"):
        for congestion_control in ("cubic", "reno"):
            yield Cell(f"A {congestion_control} {profile} p=2%", PATHS["A"], loss=0.02,
                       profile=profile, congestion_control=congestion_control, level="snoop",
                       goals={"min_limit": 0.80})


def goal6():
    for path in ("A", "B"):
        for congestion_control in ("cubic", "reno", "bbr"):
            yield cell(path, congestion_control, 0, {"min_plain": 0.98, "max_retransmits": 0.0005})


def both_ways():
    """Not a goal of its own: the radio loses ACKs as well."""
    for path in ("A", "B"):
        for loss in (0.01, 0.05):
            yield Cell(f"{path} cubic p={percent(loss)} both ways", PATHS[path], loss=loss,
                       loss_rev=loss)


def demo():
    for loss in (0, 0.01, 0.02, 0.05):
        yield cell("A", "cubic", loss)


def quick():
    """A first look in five minutes."""
    yield cell("A", "cubic", 0.01, {"min_limit": 0.95})
    yield cell("A", "reno", 0.05, {"min_limit": 0.95})
    yield cell("B", "cubic", 0, {"min_limit": 0.93, "min_plain": 0.98, "max_drops_vs_plain": 2.0,
                                 "max_retransmits": 0.0005})
    yield cell("B", "cubic", 0.01, {"min_limit": 0.93, "max_died": 0.03})
    yield cell("B", "reno", 0.05, {"min_limit": 0.93, "max_died": 0.03})


def plot_a():
    for congestion_control in ("cubic", "reno", "bbr"):
        for loss in (0, 0.001, 0.01, 0.02, 0.05, 0.10):
            yield cell("A", congestion_control, loss)


SUITES = {
    "quick": [quick], "goal1": [goal1], "goal2": [goal2], "goal3": [goal3], "goal4": [goal4],
    "goal5": [goal5],
    "goal6": [goal6], "goals": [goal1, goal2, goal3, goal4, goal5, goal6], "both-ways": [both_ways],
    "plot": [plot_a],
    "demo": [demo],
}


def suite(name):
    """@return the cells of a suite, one that two goals share only once, with the goals of both"""
    cells = {}
    for part in SUITES[name]:
        for entry in part():
            if entry.name in cells:
                cells[entry.name].goals.update(entry.goals)
            else:
                cells[entry.name] = entry
    return list(cells.values())
