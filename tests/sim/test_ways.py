#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The engine's fast paths end where the general ones do: test_ways.py WAYS_SHORT WAYS_GENERAL."""
import itertools
import re
import subprocess
import sys
import unittest

FIRST, SEEDS = 1, 300
# Share of the packets, or calls, that have to take the fast path: else little is proved.
SHARE_MIN = {'data': 0.4, 'deadline': 0.3, 'acks': 0.2, 'tail': 0.05, 'append': 0.5, 'first': 0.3}
PROGRAMS = []


def start(*arguments):
    return [subprocess.Popen([each, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
            for each in PROGRAMS]


def finish(programs):
    for program in programs:
        program.stdout.close()
        program.kill()
        program.wait()


def difference(seed):
    """The first line of the seed's journals that differs, the fields in which it does, and the
    step."""
    journals, step = start(seed), 'the beginning'
    try:
        for lines in itertools.zip_longest(*(each.stdout for each in journals), fillvalue=''):
            short, general = (line.split() for line in lines)
            if short == general:
                if any(word.startswith('step=') for word in short):
                    step = ' '.join(short)
                continue
            fields = [f'{a} is {b} on the general way'
                      for a, b in itertools.zip_longest(short, general) if a != b]
            return (f'seed {seed}, after "{step}", {(short or general)[0]}: ' +
                    ', '.join(fields[:8]) + '; what the general way does, its fast path must do '
                    'too: git grep SNOOP_FAST_PATH lib/snoop')
    finally:
        finish(journals)
    return f'seed {seed}: the journals agree'


class Test(unittest.TestCase):
    def test_same(self):
        programs = start(FIRST, SEEDS)
        try:
            # A program that breaks off ends its output early.
            for short, general in itertools.zip_longest(*(each.stdout for each in programs),
                                                        fillvalue=''):
                seed = re.match(r'seed (\d+):', short or general)
                if not seed:
                    break
                if short != general:
                    self.fail(difference(seed[1]))
            self.assertEqual([each.wait() for each in programs], [0, 0])
        finally:
            finish(programs)
        print(short, end='')
        ways = {name: (int(taken), int(asked))
                for name, taken, asked in re.findall(r'(\w+) (\d+) of (\d+)', short)}
        self.assertEqual(len(ways), 6)
        for name, (taken, asked) in ways.items():
            self.assertGreater(taken, SHARE_MIN[name] * asked, name)
        self.assertEqual({taken for taken in re.findall(r' (\d+) of', general)}, {'0'})


if __name__ == '__main__':
    PROGRAMS = [sys.argv.pop(1), sys.argv.pop(1)]
    unittest.main()
