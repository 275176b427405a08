# SPDX-License-Identifier: BSD-3-Clause
"""Is snoopd ever worse than the plain wire? The invariant over a grid of cells.

Medians of the seeds, snoopd:auto beside the plain wire, seed by seed in turn.
"""

from dataclasses import dataclass
from math import ceil
from statistics import median

from cells import parse_path, percent
from measure import Cell
from traffic import KINDS, STATIONS
from trial import Trial, towards_station
from truth import disturbed

SLOWER_MAX = 0.03           # of goodput, delay and completion time
DROPS_MAX = 1.2             # times the plain wire's
RETRANSMITS_PER_LOSS = 1.3
RETRANSMITS_SHARE = 0.0005  # of the segments
BOXES = ("plain", "snoopd:auto")
PATHS = {
    "slow": "12M/20ms/200k+40M/2.5ms/300k",     # the wired path is the bottleneck
    "fast": "50M/20ms/400k+150M/3ms/1M",
    "radio": "60M/20ms/1M+20M/3ms/300k",        # the radio is
    "near": "40M/2ms/200k+80M/3ms/300k",        # the sender is as near as the station
}
PROFILES = {
    "linux": ("default", "nosack", "notimestamps", "norack", "reno1990"),
    "lwip": ("default", "norack", "reno1990"),  # it knows neither SACK nor timestamps
}
LOSSES = (0, 0.001, 0.01, 0.02, 0.05, 0.1)
DISTURBANCES = ("steady", "hog")
# Within ten minutes. The first is what `run cell --path 12M/... --loss 2% --profile nosack` shows.
DEFAULT = (
    "slow linux nosack 2% bulk steady", "slow linux default 0% bulk steady",
    "slow lwip default 0% sparse steady", "slow lwip default 1% sparse hog",
    "fast linux default 1% bulk hog", "radio linux default 0% bulk steady",
    "radio linux reno1990 2% bulk steady", "near lwip default 0.1% request steady",
    "near linux notimestamps 5% bulk steady", "fast linux norack 10% request steady",
    "slow linux default 0% request hog", "slow lwip default 5% bulk hog",
    "near linux default 0% sparse hog",
)
COLUMNS = (("cell", 40), ("plain", 9), ("snoopd", 9), ("/plain", 6), ("segments", 8), ("lost", 6),
           ("retransmits", 11), ("allowed", 7), ("radio drops", 11), ("allowed", 7),
           ("wired drops", 11))
RUN_S = 7.5                 # of one run, for the estimate
WORDS = {"bulk": "Mb/s", "sparse": "ms", "request": "ms"}


@dataclass(frozen=True)
class Item:
    path: str
    station: str
    profile: str
    loss: float
    kind: str
    disturbance: str

    def name(self):
        return (f"{self.path} {self.station} {self.profile} {percent(self.loss)} {self.kind} "
                f"{self.disturbance}")

    def trial(self, args, loss=None):
        loss = self.loss if loss is None else loss
        cell = Cell(self.name(), parse_path(PATHS[self.path]), loss=loss, profile=self.profile,
                    congestion_control=args.cc)
        return Trial(cell, KINDS[self.kind], self.station, hog=self.disturbance == "hog")

    def radio_is_bottleneck(self):
        path = parse_path(PATHS[self.path])
        return path.radio.rate_bps < path.wired.rate_bps


def grid():
    for path in PATHS:
        for station in STATIONS:
            for profile in PROFILES[station]:
                for loss in LOSSES:
                    for kind in KINDS:
                        for disturbance in DISTURBANCES:
                            yield Item(path, station, profile, loss, kind, disturbance)


def chosen(args):
    if args.only:
        return [item for item in grid()
                if all(word in item.name().split() for word in args.only.split())]
    by_name = {item.name(): item for item in grid()}
    return list(by_name.values()) if args.all else [by_name[name] for name in DEFAULT]


def middle(runs, key):
    return median(run["found"][key] for run in runs)


def total(runs, link, key):
    return sum(towards_station(run, link)[key] for run in runs)


def drops(runs, link):
    return sum(run["links"][link]["fwd"]["queue_drops"] for run in runs)


def compare(plain, snoopd, drop_reference):
    """@param drop_reference  runs of the plain wire whose queue drops are the measure
    @return the row's figures; "wrong" are the rules that it breaks"""
    segments = total(snoopd, "radio", "data_segments")
    lost = total(snoopd, "radio", "missed")
    found = {
        "segments": segments, "lost": lost,
        "retransmits": total(snoopd, "radio", "copies_identical"),
        "retransmits_allowed": ceil(RETRANSMITS_PER_LOSS * lost + RETRANSMITS_SHARE * segments),
        "radio_drops": drops(snoopd, "radio"),
        "radio_drops_allowed": int(DROPS_MAX * drops(drop_reference, "radio")),
        "wired_drops": drops(snoopd, "wired"), "wrong": [],
    }
    if "goodput_bps" in snoopd[0]["found"]:
        found["plain"], found["snoopd"] = (middle(runs, "goodput_bps") / 1e6
                                           for runs in (plain, snoopd))
        found["ratio"] = found["snoopd"] / max(found["plain"], 1e-9)
        if found["ratio"] < 1 - SLOWER_MAX:
            found["wrong"].append("goodput")
    else:
        found["plain"], found["snoopd"] = (middle(runs, "delay_ms") for runs in (plain, snoopd))
        found["ratio"] = found["snoopd"] / found["plain"]
        if found["ratio"] > 1 + SLOWER_MAX:
            found["wrong"].append("delay")
        if middle(snoopd, "seconds") > (1 + SLOWER_MAX) * middle(plain, "seconds"):
            found["wrong"].append("completion time")
    for what in ("retransmits", "radio_drops"):
        if found[what] > found[what + "_allowed"]:
            found["wrong"].append(what.replace("_", " "))
    return found


def line(words):
    return "  ".join(f"{word:<{width}}" if number == 0 else f"{word:>{width}}"
                     for number, (word, (_, width)) in enumerate(zip(words, COLUMNS)))


def item_line(item, found):
    unit = WORDS[item.kind]
    return line([item.name(), f"{found['plain']:.2f} {unit}", f"{found['snoopd']:.2f} {unit}",
                 f"{found['ratio']:.3f}", found["segments"], found["lost"], found["retransmits"],
                 found["retransmits_allowed"], found["radio_drops"], found["radio_drops_allowed"],
                 found["wired_drops"]])


def measure_item(item, args):
    """@return {box: runs}, and under "lossless" the plain wire's without loss where those are
    what the queue drops compare with: a plain wire that loses seldom fills a queue"""
    runs = {box: [] for box in BOXES}
    if item.loss and item.radio_is_bottleneck():
        runs["lossless"] = []
    for seed in args.seeds:
        for box in runs:
            trial = item.trial(args, 0.0 if box == "lossless" else None)
            runs[box].append(trial.run("plain" if box == "lossless" else box, seed, args))
    return runs


def never_worse(args, log, progress):
    """@return (results, cells that break a rule)"""
    selected, results, wrong_cells = chosen(args), [], 0
    progress(f"{len(selected)} cells, about "
             f"{len(selected) * len(BOXES) * len(args.seeds) * RUN_S / 60:.0f} min")
    log(line([name for name, _ in COLUMNS]))
    for number, item in enumerate(selected, 1):
        runs = measure_item(item, args)
        plain, snoopd = (runs[box] for box in BOXES)
        errors = [f"seed {run['seed']}, {run['box_spec']}: {run['error']}"
                  for run in plain + snoopd if run["error"]]
        found = compare(plain, snoopd, runs.get("lossless", plain)) if not errors else None
        wrong = errors or found["wrong"]
        wrong_cells += bool(wrong)
        results.append({"cell": item.name(), "found": found, "wrong": wrong, "runs": runs})
        log(f"{item_line(item, found) if found else line([item.name()])}  "
            f"{'WRONG: ' + ', '.join(wrong) if wrong else 'right'}"
            f"{disturbed(max(plain + snoopd, key=lambda run: run['steal']))}")
        progress(f"[{number}/{len(selected)}]")
    log(f"\n{len(results) - wrong_cells} right, {wrong_cells} wrong")
    return results, wrong_cells
