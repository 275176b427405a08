#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""meson.build has the version, all else follows: test_version.py SNOOPD SNOOPCTL."""
import os
import re
import subprocess
import sys
import unittest

PROGRAMS = []
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..')


def read(path):
    with open(os.path.join(TOP, path), encoding='utf-8') as source:
        return source.read()


class Test(unittest.TestCase):
    def setUp(self):
        found = re.search(r"^\tversion: '(\d+\.\d+\.\d+)',$", read('meson.build'), re.M)
        self.assertIsNotNone(found, 'meson.build has no version')
        self.version = found.group(1)

    def test_programs(self):
        for program in PROGRAMS:
            said = subprocess.run([program, '--version'], capture_output=True, text=True,
                                  check=True, timeout=30).stdout
            name = os.path.basename(program)
            self.assertRegex(said, rf'^{name} {re.escape(self.version)}(,|\n)')

    def test_package(self):
        newest = re.match(r'snoopd \(([^)-]+)[^)]*\) ', read('debian/changelog'))
        self.assertIsNotNone(newest, 'debian/changelog does not begin with a version')
        self.assertEqual(newest.group(1), self.version)

    def test_changes(self):
        newest = re.search(r'^## (\S+)', read('doc/changes.md'), re.M)
        self.assertEqual(newest.group(1), self.version)

    def test_manual_pages_and_sources_have_no_copy(self):
        for folder in ('app', 'lib', 'doc/man'):
            for path, _, names in os.walk(os.path.join(TOP, folder)):
                for name in names:
                    with open(os.path.join(path, name), encoding='utf-8') as source:
                        self.assertNotIn(self.version, re.findall(r'[\d.]+', source.read()), name)


if __name__ == '__main__':
    if len(sys.argv) < 3 or sys.argv[1].startswith('-'):
        sys.exit('usage: test_version.py SNOOPD SNOOPCTL [unittest arguments]')
    PROGRAMS = [os.path.abspath(sys.argv.pop(1)), os.path.abspath(sys.argv.pop(1))]
    unittest.main()
