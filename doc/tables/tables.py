#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The tables of the documents, from the rows of the sources: tables.py ROWS --check|--write

ROWS is the program of that name in the build. `ninja -C build documents` writes them.
In a document, what stands between <!-- NAME: begin --> and <!-- NAME: end --> is written here."""
import difflib
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
COMMAND = "ninja -C build documents"


def read_rows(program):
    """@return {kind: [fields, ...]}"""
    rows = defaultdict(list)
    for line in subprocess.check_output([program], text=True).splitlines():
        kind, *fields = line.split("\t")
        rows[kind].append(fields)
    return rows


def table(head, lines):
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {' | '.join(line)} |" for line in lines)]


def counters(rows):
    return table(("name", "kind, unit", "meaning"),
                 ((f"`{name}`", f"{kind}, {unit}", words) for name, kind, unit, words in rows["counter"]))


def histograms(rows):
    return table(("name", "in Prometheus", "meaning"),
                 ((f"`{name}`", f"`snoopd_{name}_{'seconds' if unit == 'us' else unit}`", words)
                  for name, unit, words in rows["histogram"]))


def reasons(rows):
    return table(("reason", "meaning"), ((f"`{name}`", words) for name, words in rows["reason"]))


REGIONS = {"counters": counters, "histograms": histograms, "reasons": reasons}


def with_regions(text, rows):
    def region(match):
        return "\n".join((match[1], *REGIONS[match[2]](rows), match[3]))
    return re.sub(r"(<!-- (\w+): begin.* -->)\n(?:.*\n)*?(<!-- \2: end -->)", region, text)


def documents(rows):
    """@return {path: what it should be}"""
    operations = SOURCE / "doc/operations.md"
    return {operations: with_regions(operations.read_text(encoding="utf-8"), rows)}


def main(program, action):
    stale = False
    for path, text in documents(read_rows(program)).items():
        was = path.read_text(encoding="utf-8") if path.exists() else ""
        if action == "--write" and was != text:
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(SOURCE)}: written")
        elif was != text:
            stale = True
            sys.stdout.writelines(difflib.unified_diff(was.splitlines(True), text.splitlines(True),
                                                       f"{path.relative_to(SOURCE)}", "from the rows", n=0))
            print(f"{path.relative_to(SOURCE)} does not show the rows of the sources as they are now: run {COMMAND}")
    return stale


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in ("--check", "--write"):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
