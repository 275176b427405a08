#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every command, event and path is documented: test_docs.py PATH/TO/snoopctl. Tables: see doc/tables."""
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

    def test_keys(self):
        """config/snoopd.ini has every key, a unit test says; here: does a reload change it."""
        keys = re.findall(r'^\t(KEY|START)\("(\w+)", "(\w+)"', read('lib/config/keys.c'), re.M)
        self.assertGreater(len(keys), 30)
        at_reload, at_start = self.doc.split('Keys that take effect at a reload:')[1].split('At start only:')
        for kind, section, name in keys:
            self.assertIn(f'`[{section}] {name}`', ' '.join((at_start.split('## ')[0] if kind == 'START'
                                                            else at_reload).split()))

    def test_commands(self):
        usage = subprocess.run([SNOOPCTL, '--help'], capture_output=True, text=True, check=True, timeout=30).stdout
        commands = re.findall(r'^  ([a-z][a-z-]+) ', usage, re.M)
        self.assertGreater(len(commands), 9)
        for command in commands:
            self.assertRegex(self.doc, rf'\| `snoopctl {command}[ `]')
        for option in re.findall(r'^  (--[a-z-]+)', usage, re.M):
            self.in_doc(option)
        for status in range(5):
            self.assertRegex(self.doc, rf'(?m)^\| {status} \| ')

    def test_telemetry(self):
        commands = re.findall(r'^\t\{"(/snoop/\w+)"', read('app/snoopd/observe/telemetry.c'), re.M)
        self.assertGreater(len(commands), 9)
        for command in commands:
            self.assertRegex(self.doc, rf'\| `{command}[,`]')

    def test_events(self):
        sources = ''.join(read(path) for path in glob.glob(os.path.join(TOP, 'app/snoopd/**/*.c'), recursive=True))
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
