# SPDX-License-Identifier: BSD-3-Clause
"""Is what snoopd says of losses true? A sweep: what happens, where, to which sender and station.

The truth is the emulator's (README.md, "What the box can know"); a row is right where both figures
of the box are within their bounds, it claims no more repairs than there were, and its verdict
fits.
"""

from dataclasses import dataclass, field
from math import ceil, floor

from lab import Link, Path
from measure import Cell
from traffic import STATIONS, Traffic
from trial import Trial, disturbed, towards_station

SHARE_OFF = 0.05                # of the truth
NOTHING_OFF = 5 / 50000         # of the segments, where nothing was lost
SECONDS = 10.0
LEVELS = ("auto", "observe")
SENDERS = ("cubic", "reno", "bbr")
PROFILES = {"sack": "default", "nosack": "nosack"}

WIRED, RADIO = Link(50e6, 20000, 400e3), Link(150e6, 3000, 1e6)
# lwIP's window of 64 KB is below what that wired path and its queue hold: 5 Mb/s it overflows.
WIRED_SMALL = Link(5e6, 20000, 20e3)
NO_OVERFLOW_BYTES = 500_000     # the station's window, below path and queue


@dataclass(frozen=True)
class Case:
    """What happens."""

    wired_fwd: dict = field(default_factory=dict)
    wired_rev: dict = field(default_factory=dict)
    radio_fwd: dict = field(default_factory=dict)
    radio_rev: dict = field(default_factory=dict)
    events: tuple = ()
    window_bytes: int = 0
    doubled_before: bool = False    # copies that enter the radio are not the box's


REORDER = {"reorder": 0.01, "reorder_delay_us": 3000}
CASES = {
    "lossless": Case(window_bytes=NO_OVERFLOW_BYTES),
    "overflow": Case(),
    "before": Case(wired_fwd={"loss": 0.01}),
    "before-heavy": Case(wired_fwd={"loss": 0.15}),
    "before-bursts": Case(wired_fwd={"burst_loss": 0.15, "burst_len_pkts": 8}),
    "radio": Case(radio_fwd={"loss": 0.02}),
    "both": Case(wired_fwd={"loss": 0.01}, radio_fwd={"loss": 0.02}),
    "reorder": Case(radio_fwd=REORDER),
    "jitter": Case(radio_fwd={"jitter_us": 4000}, radio_rev={"jitter_us": 4000}),
    "stall": Case(events=((3.0, "stall radio both 0.25"), (6.0, "stall radio both 0.4"))),
    "doubled": Case(radio_fwd={"duplicate": 1}, radio_rev={"duplicate": 1}),
    "doubled-before": Case(wired_fwd={"duplicate": 1}, wired_rev={"duplicate": 1},
                           doubled_before=True),
    "rtt-step": Case(events=((3.0, "set radio both delay_us 30000"),
                             (7.0, "set radio both delay_us 3000"))),
}
QUICK = (
    "auto cubic sack overflow linux", "observe cubic sack reorder linux",
    "auto bbr sack both linux", "observe bbr sack reorder linux", "auto cubic nosack radio linux",
    "observe reno nosack before linux", "auto cubic nosack radio lwip",
    "observe cubic nosack stall lwip",
)
COLUMNS = (("level", 7), ("sender", 6), ("profile", 7), ("case", 14), ("station", 7), ("seed", 4),
           ("segments", 8), ("Mb/s", 5), ("truth before", 12), ("radio", 11),
           ("told before", 11), ("radio", 6), ("retransmits", 11), ("useful", 6),
           ("confirmed", 9), ("needless", 8), ("spurious", 8), ("verdict", 18))
# Sentences of snoopd's status (app/snoopd/observe/verdict_rows.h) that say that the radio loses,
# and that say that no loss was found.
LOSSES_FOUND = {"observe_losses", "none_repaired", "unproven", "helps_little", "helps"}
NO_LOSS_FOUND = {"lossless", "senders_retransmit"}
SOME_LOSSES = 10                # from so many on the second kind is false
HARDLY_ANY_FOUND = {"hardly_any", "one_loss"}   # false where more was lost than may be told wrong


@dataclass(frozen=True)
class Row:
    level: str
    sender: str
    profile: str
    case: str
    station: str

    def name(self):
        return f"{self.level} {self.sender} {self.profile} {self.case} {self.station}"

    def trial(self, seconds):
        case = CASES[self.case]
        wired = WIRED_SMALL if (self.station, self.case) == ("lwip", "overflow") else WIRED
        cell = Cell(self.name(), Path("truth", wired, RADIO), radio_fwd=case.radio_fwd,
                    radio_rev=case.radio_rev, wired_fwd=case.wired_fwd, wired_rev=case.wired_rev,
                    congestion_control=self.sender, profile=PROFILES[self.profile])
        traffic = Traffic("bulk", seconds=seconds, drain=True, window_bytes=case.window_bytes)
        return Trial(cell, traffic, self.station,
                     tuple((after * seconds / SECONDS, command) for after, command in case.events))


def rows():
    for station in STATIONS:
        for case in CASES:
            for sender in SENDERS:
                for profile in PROFILES if station == "linux" else ("nosack",):
                    for level in LEVELS:
                        yield Row(level, sender, profile, case, station)


def figures(run, case):
    """The truth beside what the box told."""
    wired, radio, box = (towards_station(run, "wired"), towards_station(run, "radio"), run["box"])
    retransmits = sum(value for name, value in box.items() if name.startswith("retransmits_"))
    return {
        "segments": radio["data_segments"],
        "goodput_bps": run["found"].get("goodput_bps", 0),
        "dropped_before": wired["drops"], "before": wired["gaps"],
        "dropped_radio": radio["drops"], "radio_least": radio["segments_missed"],
        "radio_most": radio["missed"],
        "told_before": box["upstream_holes"], "told_radio": box["radio_losses"],
        "retransmits": retransmits,
        "useful": None if case.doubled_before else radio["copies_identical_useful"],
        "needless": None if case.doubled_before else radio["copies_identical_needless"],
        "confirmed": box["repairs_confirmed"], "spurious": box["spurious_repairs"],
        "verdict": run["verdict"],
    }


def faults(found):
    """@return what is outside its bounds, in words"""
    allowed = NOTHING_OFF * found["segments"]

    def off(truth):
        return max(ceil(allowed) if truth else floor(allowed), ceil(SHARE_OFF * truth))

    wrong = []
    if abs(found["told_before"] - found["before"]) > off(found["before"]):
        wrong.append("before the box")
    if not (found["radio_least"] - off(found["radio_least"]) <= found["told_radio"] <=
            found["radio_most"] + off(found["radio_most"])):
        wrong.append("on the radio")
    for claim, truth in (("confirmed", "useful"), ("spurious", "needless")):
        if found[truth] is not None and found[claim] > found[truth] + off(found[truth]):
            wrong.append(claim)
    if (found["verdict"] in LOSSES_FOUND and found["radio_most"] == 0 or
            found["verdict"] in NO_LOSS_FOUND and found["radio_least"] >= SOME_LOSSES or
            found["verdict"] in HARDLY_ANY_FOUND and found["radio_least"] > 2 * ceil(allowed)):
        wrong.append("verdict")
    return wrong


def line(words):
    return "  ".join(f"{word:<{width}}" if number < 5 else f"{word:>{width}}"
                     for number, (word, (_, width)) in enumerate(zip(words, COLUMNS)))


def row_words(row, seed, found):
    radio = found["radio_least"], found["radio_most"]
    return [row.level, row.sender, row.profile, row.case, row.station, seed, found["segments"],
            f"{found['goodput_bps'] / 1e6:.1f}", found["before"],
            f"{radio[0]}" if radio[0] == radio[1] else f"{radio[0]}-{radio[1]}",
            found["told_before"], found["told_radio"], found["retransmits"],
            "-" if found["useful"] is None else found["useful"], found["confirmed"],
            "-" if found["needless"] is None else found["needless"], found["spurious"],
            found["verdict"]]


def chosen(args):
    """@return the rows of the command line"""
    return [row for row in rows()
            if (not args.quick or row.name() in QUICK) and
            (not args.only or all(word in row.name().split() for word in args.only.split()))]


def truth(args, log, progress):
    """@return (results, rows that are outside their bounds)"""
    results, wrong_rows, selected = [], 0, chosen(args)
    log(line([name for name, _ in COLUMNS]))
    for number, row in enumerate(selected, 1):
        for seed in args.seeds:
            run = row.trial(args.seconds or SECONDS).run(f"snoopd:{row.level}", seed, args)
            found = figures(run, CASES[row.case]) if not run["error"] else None
            wrong = faults(found) if found else [run["error"]]
            wrong_rows += bool(wrong)
            results.append({"row": row.name(), "seed": seed, "figures": found, "wrong": wrong,
                            "run": run})
            words = row_words(row, seed, found) if found else [*row.name().split(), seed]
            log(f"{line(words)}  {'WRONG: ' + ', '.join(wrong) if wrong else 'right'}"
                f"{disturbed([run])}")
            progress(f"[{number}/{len(selected)}]")
    log(f"\n{len(results) - wrong_rows} right, {wrong_rows} wrong")
    return results, wrong_rows
