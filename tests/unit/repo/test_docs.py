#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every key, counter, histogram, reason and command is documented: test_docs.py
PATH/TO/snoopctl."""
import glob
import os
import re
import subprocess
import sys
import unittest

SNOOPCTL = None
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..')


def read(path):
    with open(os.path.join(TOP, path), encoding='utf-8') as source:
        return source.read()


class Test(unittest.TestCase):
    def setUp(self):
        self.doc = read('doc/operations.md')

    def in_doc(self, text):
        self.assertIn(text, self.doc, f'doc/operations.md does not have {text}')

    def test_counters(self):
        table = re.findall(r'^\tX\((\w+), (\w+), (\w+), "([^"]*)"\)',
                           read('lib/counters/counters.h'), re.M)
        self.assertGreater(len(table), 80)
        for name, kind, unit, words in table:
            self.in_doc(f'| `{name}` | {kind}, {unit} | {words} |\n')
        for name in re.findall(r'^\| `(\w+)` \| (?:counter|gauge), ', self.doc, re.M):
            self.assertIn(name, {each[0] for each in table},
                          f'{name} is documented, and does not exist')

    def test_histograms(self):
        table = re.findall(r'^\tX\((\w+), (\w+), "([^"]*)"\)', read('lib/counters/histograms.h'),
                           re.M)
        self.assertGreater(len(table), 3)
        for name, unit, words in table:
            self.in_doc(f"| `{name}` | `snoopd_{name}_{'seconds' if unit == 'us' else unit}` | "
                        f"{words} |\n")

    def test_reasons(self):
        source = read('lib/snoop/snoop.h')
        source = source[source.index('#define SNOOP_REASONS'):source.index('enum snoop_reason')]
        reasons = re.findall(r'X\(\w+, "(\w+)", "([^"]*)"\)', source)
        self.assertGreater(len(reasons), 10)
        for name, words in reasons:
            self.in_doc(f'| `{name}` | {words} |\n')

    def test_keys(self):
        """config/snoopd.ini has every key, a unit test says; here: does a reload change it."""
        keys = re.findall(r'^\t(KEY|START)\("(\w+)", "(\w+)"', read('lib/config/keys.c'), re.M)
        self.assertGreater(len(keys), 30)
        listed = self.doc.split('Keys that take effect at a reload:')[1]
        at_reload, at_start = listed.split('At start only:')
        for kind, section, name in keys:
            where = at_start.split('## ')[0] if kind == 'START' else at_reload
            self.assertIn(f'`[{section}] {name}`', ' '.join(where.split()))

    def test_commands(self):
        usage = subprocess.run([SNOOPCTL, '--help'], capture_output=True, text=True, check=True,
                               timeout=30).stdout
        commands = re.findall(r'^  ([a-z][a-z-]+) ', usage, re.M)
        self.assertGreater(len(commands), 9)
        for command in commands:
            self.assertRegex(self.doc, rf'\| `snoopctl {command}[ `]')
        for option in re.findall(r'^  (--[a-z-]+)', usage, re.M):
            self.in_doc(option)
        for status in range(4):
            self.assertRegex(self.doc, rf'(?m)^\| {status} \| ')

    def test_telemetry(self):
        commands = re.findall(r'^\t\{"(/snoop/\w+)"', read('app/snoopd/observe/telemetry.c'), re.M)
        self.assertGreater(len(commands), 9)
        for command in commands:
            self.assertRegex(self.doc, rf'\| `{command}[,`]')

    def test_events(self):
        sources = ''.join(read(path) for path in glob.glob(os.path.join(TOP, 'app/snoopd/**/*.c'),
                                                           recursive=True))
        for event in re.findall(r'"event=(\w+)', sources):
            self.in_doc(f'`event={event}`')

    def test_http(self):
        for path in re.findall(r'^\t\{"(/[\w.]*)", web_', read('app/snoopd/observe/http.c'), re.M):
            self.in_doc(f'| `{path}` |')


if __name__ == '__main__':
    if len(sys.argv) < 2 or sys.argv[1].startswith('-'):
        sys.exit('usage: test_docs.py PATH/TO/snoopctl [unittest arguments]')
    SNOOPCTL = os.path.abspath(sys.argv.pop(1))
    unittest.main()
