#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every command, event and path is documented: test_docs.py PATH/TO/snoopctl"""
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


def sources(folder):
    """@return all C files and headers of a folder and its subfolders, one after the other."""
    paths = [path for kind in 'ch'
             for path in glob.glob(os.path.join(TOP, folder, f'**/*.{kind}'), recursive=True)]
    return ''.join(read(path) for path in sorted(paths))


def exit_statuses(folder):
    """@return the exit statuses of a program: those of stdlib.h, and those that it defines."""
    text = sources(folder)
    statuses = {int(number) for number in re.findall(r'#define EXIT_\w+ (\d+)\b', text)}
    statuses |= {0} if 'EXIT_SUCCESS' in text else set()
    return statuses | ({1} if 'EXIT_FAILURE' in text else set())


def table_after(text, heading, row):
    """@return what the rows of a table or list match, from a heading to the end of the table."""
    rest = text.split(heading)[1]
    return {int(number) for number in re.findall(row, re.split(r'\n\n|\.El', rest)[0], re.M)}


class Test(unittest.TestCase):
    def setUp(self):
        self.doc = read('doc/operations.md')

    def in_doc(self, text):
        self.assertIn(text, self.doc, f'doc/operations.md does not have {text}')

    def test_commands(self):
        usage = subprocess.run([SNOOPCTL, '--help'], capture_output=True, text=True, check=True,
                               timeout=30).stdout
        commands = re.findall(r'^  ([a-z][a-z-]+) ', usage, re.M)
        self.assertGreater(len(commands), 9)
        for command in commands:
            self.assertRegex(self.doc, rf'\| `snoopctl {command}[ `]')
        for option in re.findall(r'^  (--[a-z-]+)', usage, re.M):
            self.in_doc(option)

    def test_exit_statuses(self):
        statuses = exit_statuses('app/snoopctl')
        self.assertGreater(len(statuses), 4)
        usage = subprocess.run([SNOOPCTL, '--help'], capture_output=True, text=True, check=True,
                               timeout=30).stdout
        self.assertEqual({int(number) for number in
                          re.findall(r'\b(\d+) ', usage.split('exit status:')[1])}, statuses)
        self.assertEqual(table_after(self.doc, '| exit status |', r'^\| (\d+) \|'), statuses)
        for folder, page in (('app/snoopctl', 'doc/man/snoopctl.1'),
                             ('app/snoopd', 'doc/man/snoopd.8')):
            self.assertEqual(table_after(read(page), '.Sh EXIT STATUS', r'^\.It (\d+)'),
                             exit_statuses(folder), page)

    def test_telemetry(self):
        commands = re.findall(r'^\t\{"(/snoop/\w+)"', sources('app/snoopd'), re.M)
        self.assertGreater(len(commands), 9)
        for command in commands:
            self.assertRegex(self.doc, rf'\| `{command}[,`]')

    def test_events(self):
        events = set(re.findall(r'"event=(\w+)', sources('app/snoopd')))
        # apply.c logs two events with one format.
        events |= set(re.findall(r'log_result\("(\w+)"', sources('app/snoopd')))
        self.assertGreater(len(events), 15)
        documented = set(re.findall(r'`event=([a-z_]+)', self.doc))
        self.assertEqual(events, documented)

    def test_symptoms(self):
        """Each sentence of the status has a row that says what to do, with names that exist."""
        doc, rows = read('doc/symptoms.md'), read('app/snoopd/observe/verdict_rows.h')
        ids = set(re.findall(r'\bX\((\w+),', rows.split('#define VERDICTS(X)')[1]))
        for name in re.findall(r'\bX\(side##_(\w+),', rows):
            ids |= {f'wired_{name}', f'wireless_{name}'}
        self.assertGreater(len(ids), 50)
        first = ' '.join(line.split('|')[1] for line in doc.splitlines() if line.startswith('|'))
        named = set(re.findall(r'`(\w+)`', first))
        self.assertEqual(ids - named, set())
        self.assertEqual(named - ids, {'upstream'} - ids)
        keys, section = set(), None
        for line in read('config/snoopd.ini').splitlines():
            head, key = re.match(r'\[(\w+)\]', line), re.match(r'#?(\w+) =', line)
            section = head[1] if head else section
            keys |= {f'[{section}] {key[1]}'} if key else set()
        for each in re.findall(r'`(\[\w+\] \w+)', doc):
            self.assertIn(each, keys)
        counters = set(re.findall(r'^\| `(\w+)` \| (?:counter|gauge),', self.doc, re.M))
        for line in doc.splitlines():
            for cell in line.split('|')[3:4]:
                for name in re.findall(r'`([a-z]+_\w+)`', cell):
                    self.assertIn(name, counters)

    def test_http(self):
        paths = re.findall(r'^\t\{"(/[\w.]*)", content_', sources('app/snoopd'), re.M)
        self.assertGreater(len(paths), 2)
        for path in paths:
            self.in_doc(f'| `{path}` |')


if __name__ == '__main__':
    if len(sys.argv) < 2 or sys.argv[1].startswith('-'):
        sys.exit('usage: test_docs.py PATH/TO/snoopctl [unittest arguments]')
    SNOOPCTL = os.path.abspath(sys.argv.pop(1))
    unittest.main()
