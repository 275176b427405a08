# SPDX-License-Identifier: BSD-3-Clause
"""Tables and verdicts from runs."""

from statistics import median

COLUMNS = (
    ("box", 26), ("Mb/s", 6), ("per seed", 20), ("/plain", 6), ("/L", 5), ("rexmit", 6),
    ("box rexmit", 10), ("useless", 7), ("died", 6), ("drops", 6), ("RTO", 4), ("RTT ms", 6),
    ("late ms", 7), ("steal", 5),
)


def row(values):
    return "  ".join(f"{value:<{width}}" if index == 0 else f"{value:>{width}}"
                     for index, (value, (_, width)) in enumerate(zip(values, COLUMNS)))


def header():
    return row([name for name, _ in COLUMNS])


def middle(runs, key):
    return median(run["summary"][key] for run in runs)


def is_plain(box_spec):
    return box_spec == "plain"


def box_row(box_spec, runs, plain_runs):
    goodput = middle(runs, "goodput_bps")
    plain = middle(plain_runs, "goodput_bps") if plain_runs else 0
    return row([
        box_spec, f"{goodput / 1e6:.2f}",
        " ".join(f"{run['summary']['goodput_bps'] / 1e6:.1f}" for run in runs),
        f"{goodput / plain:.2f}" if plain else "-", f"{middle(runs, 'limit_share'):.3f}",
        f"{middle(runs, 'retransmits'):.0f}", f"{middle(runs, 'box_retransmits'):.0f}",
        f"{middle(runs, 'useless_share'):.2%}", f"{middle(runs, 'died_share'):.2%}",
        f"{middle(runs, 'queue_drops') + middle(runs, 'wired_queue_drops'):.0f}",
        f"{middle(runs, 'timeouts'):.0f}",
        f"{middle(runs, 'rtt_ms'):.1f}",
        f"{max(run['summary']['late_max_ms'] for run in runs):.1f}",
        f"{max(run['summary']['steal'] for run in runs):.1%}",
    ])


def verdicts(cell, runs, plain_runs):
    """@return (what, reached, wanted, met) for each goal of the cell"""
    found = []
    for goal, wanted in cell.goals.items():
        if goal == "min_limit":
            reached = middle(runs, "limit_share")
            found.append(("goodput / L", reached, f">= {wanted:g}", reached >= wanted))
        elif goal == "min_plain" and plain_runs:
            reached = middle(runs, "goodput_bps") / max(1, middle(plain_runs, "goodput_bps"))
            found.append(("goodput / plain wire", reached, f">= {wanted:g}", reached >= wanted))
        elif goal == "max_died":
            reached = middle(runs, "died_share")
            found.append(("retransmits died in queue / data", reached, f"<= {wanted:g}",
                          reached <= wanted))
        elif goal == "max_retransmits":
            reached = middle(runs, "box_retransmits_share")
            found.append(("retransmits / data", reached, f"<= {wanted:g}", reached <= wanted))
        elif goal == "max_drops_vs_plain" and plain_runs:
            reached = (middle(runs, "queue_drops_whole") /
                       max(1, middle(plain_runs, "queue_drops_whole")))
            found.append(("queue drops / plain wire", reached, f"<= {wanted:g}", reached <= wanted))
    return found


def print_cell(cell, runs_by_box, log=print):
    """One table; @return the number of goals missed"""
    plain_runs = next((runs for box, runs in runs_by_box.items() if is_plain(box) and runs), None)
    missed = 0
    log(f"\n{cell.name}   L = {cell.limit_bps() / 1e6:.2f} Mb/s, sender {cell.profile}, "
        f"{cell.seconds:g} s after "
        f"{cell.omit_s:g} s, path {cell.path.name}")
    log(header())
    for box_spec, runs in runs_by_box.items():
        log(box_row(box_spec, runs, plain_runs))
        for run in runs:
            if run["summary"]["error"]:
                log(f"    seed {run['seed']}: {run['summary']['error']}")
            if run["box_exit_status"] not in (None, 0):
                log(f"    seed {run['seed']}: {box_spec} ended with {run['box_exit_status']}: "
                    f"{run['box_log']}")
                missed += box_spec.startswith("snoopd")
    for box_spec, runs in runs_by_box.items():
        if not box_spec.startswith("snoopd"):
            continue
        for what, reached, wanted, met in verdicts(cell, runs, plain_runs):
            missed += not met
            log(f"    {'met   ' if met else 'MISSED'} {box_spec}: {what} {reached:.4g}, goal "
                f"{wanted}")
    return missed


def print_summary(results, log=print):
    """One Markdown table over all cells of a --json file."""
    boxes = list(dict.fromkeys(box for entry in results for box in entry["runs"]))
    log("| cell | L Mb/s |" + "".join(f" {'plain wire' if is_plain(box) else box} |"
                                      for box in boxes) +
        " against the plain wire | steal |")
    log("|---|---:|" + "---:|" * len(boxes) + "---:|---:|")
    for entry in results:
        plain = middle(entry["runs"]["plain"], "goodput_bps") if entry["runs"].get("plain") else 0
        words, ratios, steal = [], [], 0.0
        for box in boxes:
            runs = entry["runs"].get(box)
            if not runs:
                words.append("-")
                continue
            goodput = middle(runs, "goodput_bps")
            words.append(f"{goodput / 1e6:.1f} ({middle(runs, 'limit_share'):.2f} L)")
            steal = max(steal, max(run["summary"]["steal"] for run in runs))
            if not is_plain(box) and plain:
                ratios.append(f"x {goodput / plain:.2f}")
        log(f"| {entry['cell']['name']} | {entry['limit_bps'] / 1e6:.1f} | {' | '.join(words)} | "
            f"{', '.join(ratios) or '-'} | {steal:.1%} |")
