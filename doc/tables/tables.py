#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The tables of the documents, from the rows of the sources: tables.py ROWS --check|--write

ROWS is the program of that name in the build. `ninja -C build documents` writes them.
In a document, what stands between <!-- NAME: begin --> and <!-- NAME: end --> is written here."""
import difflib
import re
import subprocess
import sys
import textwrap
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
    return [
        f"| {' | '.join(head)} |",
        "|" + "---|" * len(head),
        *(f"| {' | '.join(line)} |" for line in lines),
    ]


def counters(rows):
    return table(
        ("name", "kind, unit", "meaning"),
        ((f"`{name}`", f"{kind}, {unit}", words) for name, kind, unit, words in rows["counter"]),
    )


def histograms(rows):
    return table(
        ("name", "in Prometheus", "meaning"),
        (
            (f"`{name}`", f"`snoopd_{name}_{'seconds' if unit == 'us' else unit}`", words)
            for name, unit, words in rows["histogram"]
        ),
    )


def reasons(rows):
    return table(("reason", "meaning"), ((f"`{name}`", words) for name, words in rows["reason"]))


def keys(rows):
    when = {"reload": [], "start": [], "process": [], "link": []}
    for section, name, *_, at, whose, _ in rows["key"]:
        when[at].append(f"`[{section}] {name}`")
        when[whose].append(f"`[{section}] {name}`")
    when["reload"].insert(1, "all rules")
    lines = []
    for what, at in (
        ("Keys that take effect at a reload", "reload"),
        ("At start only", "start"),
        ("One value for all links, never in a section of one of them", "process"),
    ):
        text = f"{what}: {', '.join(when[at])}."
        lines += [*textwrap.wrap(text, 120, break_on_hyphens=False), ""]
    return lines[:-1]


REGIONS = {"keys": keys, "counters": counters, "histograms": histograms, "reasons": reasons}


def with_regions(text, rows):
    def region(match):
        return "\n".join((match[1], *REGIONS[match[2]](rows), match[3]))

    return re.sub(r"(<!-- (\w+): begin.* -->)\n(?:.*\n)*?(<!-- \2: end -->)", region, text)


def comment(text):
    return textwrap.wrap(
        text, 100, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
    )


def ini_keys(rows):
    """Sections and keys of config/snoopd.ini: what is allowed, what it is for, the default."""
    lines = []
    for section, purpose in rows["section"]:
        lines += ["", *comment(purpose), f"[{section}]"]
        for _, name, allowed, need, value, at, whose, words in (
            key for key in rows["key"] if key[0] == section
        ):
            lines += [
                f"# {allowed}; {need}{' ' + value if need == 'default' else ''}"
                f"{'; at start only' if at == 'start' else ''}"
                f"{'; one value for all links' if whose == 'process' else ''}",
                *comment(words),
                f"{name} = {value}",
                "",
            ]
        del lines[-1]
    return lines[1:]


def ini_rule_keys(rows):
    return [f"# {f'{name} = {form}':36}{words}" for name, form, words in rows["rule_key"]]


def ini(rows):
    template = (SOURCE / "doc/tables/snoopd.ini.in").read_text(encoding="utf-8")
    return template.replace("@KEYS@", "\n".join(ini_keys(rows))).replace(
        "@RULE_KEYS@", "\n".join(ini_rule_keys(rows))
    )


def documents(rows):
    """@return {path: what it should be}"""
    operations = SOURCE / "doc/operations.md"
    return {
        operations: with_regions(operations.read_text(encoding="utf-8"), rows),
        SOURCE / "config/snoopd.ini": ini(rows),
    }


def main(program, action):
    stale = False
    for path, text in documents(read_rows(program)).items():
        was = path.read_text(encoding="utf-8") if path.exists() else ""
        if action == "--write" and was != text:
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(SOURCE)}: written")
        elif was != text:
            stale = True
            sys.stdout.writelines(
                difflib.unified_diff(
                    was.splitlines(True),
                    text.splitlines(True),
                    f"{path.relative_to(SOURCE)}",
                    "from the rows",
                    n=0,
                )
            )
            print(
                f"{path.relative_to(SOURCE)} does not show the rows as they are now: run {COMMAND}"
            )
    return stale


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in ("--check", "--write"):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
