#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every path that a document names exists, in the tree or in the build: test_paths.py BUILD"""
import re
import sys
import unittest
from pathlib import Path

BUILD = None
TOP = Path(__file__).resolve().parents[3]
# Of their own day: old names beside new ones, and the diary.
PAST = ("doc/changes.md", "doc/performance-log.md")
PATH = re.compile(r"(?<![\w./~-])((?:build/)?(?:app|config|debian|doc|findings|lib|tests|\.ci)"
                  r"/[\w.*/-]*\w)")
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)")
MODULE = re.compile(r"`([\w-]+\.[ch])`")


def documents():
    found = [path for path in TOP.rglob("*.md")
             if not path.relative_to(TOP).parts[0].startswith(("build", ".git"))]
    return {str(path.relative_to(TOP)): path.read_text(encoding="utf-8") for path in found}


def is_example(path):
    """tests/fuzz/seeds/TARGET/NAME, findings/NAME.sh"""
    names = {part.split(".")[0] for part in path.split("/")} - {"README"}
    return any(name.isupper() for name in names)


def exists(path):
    if path.startswith("build/"):
        return (BUILD / path[len("build/"):]).exists()
    return any(TOP.glob(path))


class Test(unittest.TestCase):
    def test_paths(self):
        checked = 0
        for name, text in documents().items():
            for path in PATH.findall(text) if name not in PAST else []:
                checked += 1
                with self.subTest(document=name, path=path):
                    self.assertTrue(is_example(path) or exists(path), "there is no such file")
        self.assertGreater(checked, 100)

    def test_modules(self):
        """`burst.c`: whatever room it is in."""
        for name, text in documents().items():
            for module in MODULE.findall(text) if name not in PAST else []:
                with self.subTest(document=name, module=module):
                    self.assertTrue(any(next((TOP / folder).rglob(module), None)
                                        for folder in ("app", "lib", "tests")), "there is none")

    def test_links(self):
        for name, text in documents().items():
            for target in LINK.findall(text):
                with self.subTest(document=name, link=target):
                    self.assertTrue((TOP / name).parent.joinpath(target).exists(), "leads nowhere")

    def test_programs_run_as_documented(self):
        """What a document runs is executable."""
        for name, text in documents().items():
            for path in re.findall(r"^    (?:sudo )?((?:tests|\.ci)/[\w/-]+)(?: |$)", text, re.M):
                with self.subTest(document=name, program=path):
                    self.assertTrue((TOP / path).stat().st_mode & 0o100, "is not executable")


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: test_paths.py BUILD [unittest arguments]")
    BUILD = Path(sys.argv.pop(1))
    unittest.main()
