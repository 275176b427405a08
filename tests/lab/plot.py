# SPDX-License-Identifier: BSD-3-Clause
"""Goodput against loss, one line per congestion control and box, drawn by gnuplot."""

import json
import os
import subprocess
import tempfile
from statistics import median

from lab import LabError

LOSS_AXIS_ZERO = 0.0005  # where p = 0 stands on the logarithmic axis
STYLES = {"plain": ("#b03030", 6), "bridge": ("#909090", 8)}
SNOOPD_COLORS = ("#1050a0", "#108040", "#805010", "#602080")
DASHES = {"cubic": 1, "reno": 2, "bbr": 3}


def series(results, path_name):
    """@return {(box, congestion control): [(loss, median, min, max) in Mb/s]} and L by loss"""
    lines, limits = {}, {}
    for entry in results:
        cell = entry["cell"]
        if cell["path"]["name"] != path_name or cell["profile"] != "default" or cell["flows"] != 1:
            continue
        if cell["burst_loss"] or cell["loss_rev"] or cell["biterror"]:
            continue
        limits[cell["loss"]] = entry["limit_bps"] / 1e6
        for box, runs in entry["runs"].items():
            goodputs = [run["summary"]["goodput_bps"] / 1e6 for run in runs]
            if goodputs:
                line = lines.setdefault((box, cell["congestion_control"]), [])
                line.append((cell["loss"], median(goodputs), min(goodputs), max(goodputs)))
    return {key: sorted(line) for key, line in lines.items()}, limits


def box_color(box, snoopd_boxes):
    if box in STYLES:
        return STYLES[box]
    return SNOOPD_COLORS[snoopd_boxes.index(box) % len(SNOOPD_COLORS)], 7


def script(lines, limits, out, path_name):
    terminal = {".svg": "svg size 900,560 dynamic font 'sans,13' background '#ffffff'",
                ".png": "pngcairo size 1200,750 font 'sans,13'"}.get(os.path.splitext(out)[1])
    if terminal is None:
        raise LabError(f"--out {out}: want a name that ends in .svg or .png")
    losses = sorted(limits)
    tics = ", ".join(f"'{loss * 100:g}' {loss or LOSS_AXIS_ZERO}" for loss in losses)
    snoopd_boxes = sorted({box for box, _ in lines if box not in STYLES})
    text = [f"set terminal {terminal}", f"set output {json.dumps(out)}",
            f"set title 'TCP goodput against radio loss, path {path_name} (median, least and most "
            "of the seeds)'",
            "set xlabel 'frames lost on the radio, %'", "set ylabel 'goodput, Mb/s'",
            "set logscale x",
            f"set xtics ({tics})",
            f"set xrange [{LOSS_AXIS_ZERO * 0.8}:{max(losses + [0.01]) * 1.3}]",
            f"set yrange [0:{max(limits.values()) * 1.12}]", "set grid ytics lc '#dddddd'",
            "set key outside right top", "$limit << EOD",
            *[f"{loss or LOSS_AXIS_ZERO} {limits[loss]}" for loss in losses], "EOD"]
    curves = ["$limit with lines lc '#000000' dt 4 lw 1 title 'payload limit'"]
    for index, ((box, congestion_control), line) in enumerate(sorted(lines.items())):
        color, point = box_color(box, snoopd_boxes)
        text += [f"$line{index} << EOD", *[f"{loss or LOSS_AXIS_ZERO} {mid} {low} {high}"
                                           for loss, mid, low, high in line], "EOD"]
        title = f"{'plain wire' if box == 'plain' else box}, {congestion_control}".replace("_",
                                                                                           "\\\\_")
        curves.append(f"$line{index} with yerrorlines lc '{color}' pt {point} ps 0.6 lw 1.6 "
                      f"dt {DASHES.get(congestion_control, 5)} title \"{title}\"")
    return "\n".join([*text, "plot " + ", \\\n     ".join(curves), ""])


def draw(results_path, out, path_name="A"):
    """@return the path of the picture"""
    with open(results_path) as file:
        lines, limits = series(json.load(file), path_name)
    if not lines:
        raise LabError(f"{results_path}: no cell of path {path_name} to draw")
    with tempfile.NamedTemporaryFile("w", suffix=".gnuplot") as commands:
        commands.write(script(lines, limits, out, path_name))
        commands.flush()
        done = subprocess.run(["gnuplot", commands.name], capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(f"gnuplot: {done.stderr.strip()}")
    return os.path.abspath(out)
