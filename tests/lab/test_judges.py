#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""When is a row of `truth` wrong, and a cell of `never-worse`?"""

import argparse
import sys
import unittest

sys.dont_write_bytecode = True

import lab
import neverworse
import truth

FIGURES = {"segments": 50000, "before": 0, "radio_least": 0, "radio_most": 0, "told_before": 0,
           "told_radio": 0, "useful": 0, "needless": 0, "confirmed": 0, "spurious": 0,
           "verdict": "silent"}


def faults(**changes):
    return truth.faults({**FIGURES, **changes})


class Truth(unittest.TestCase):
    def test_nothing_lost(self):
        self.assertEqual(faults(told_before=5, told_radio=5), [])
        self.assertEqual(faults(told_before=6), ["before the box"])
        self.assertEqual(faults(told_radio=6), ["on the radio"])
        self.assertEqual(faults(segments=10000, told_radio=2), ["on the radio"])
        self.assertEqual(faults(segments=9999, told_radio=1), ["on the radio"])

    def test_within_five_per_cent(self):
        self.assertEqual(faults(before=1000, told_before=950), [])
        self.assertEqual(faults(before=1000, told_before=1051), ["before the box"])
        # Between the segments that were missed and all their drops either figure is right.
        for told in (950, 1000, 1100, 1155):
            self.assertEqual(faults(radio_least=1000, radio_most=1100, told_radio=told), [], told)
        for told in (949, 1156):
            self.assertEqual(faults(radio_least=1000, radio_most=1100, told_radio=told),
                             ["on the radio"], told)

    def test_claims(self):
        self.assertEqual(faults(useful=100, confirmed=105), [])
        self.assertEqual(faults(confirmed=6), ["confirmed"])
        self.assertEqual(faults(spurious=6), ["spurious"])
        self.assertEqual(faults(useful=None, needless=None, confirmed=6, spurious=6), [])

    def test_verdict(self):
        self.assertEqual(faults(verdict="lossless"), [])
        self.assertEqual(faults(verdict="helps"), ["verdict"])
        lossy = {"radio_least": 12, "radio_most": 12, "told_radio": 12}
        self.assertEqual(faults(verdict="helps", **lossy), [])
        self.assertEqual(faults(verdict="lossless", **lossy), ["verdict"])
        self.assertEqual(faults(verdict="hardly_any", **lossy), ["verdict"])
        self.assertEqual(faults(verdict="hardly_any", told_radio=5), [])

    def test_verdicts_are_those_of_snoopd(self):
        rows = (lab.REPO_DIR / "app/snoopd/observe/verdict_rows.h").read_text()
        for name in truth.LOSSES_FOUND | truth.NO_LOSS_FOUND | truth.HARDLY_ANY_FOUND:
            self.assertIn(f"X({name},", rows)

    def test_rows(self):
        names = [row.name() for row in truth.rows()]
        self.assertEqual(len(names), len(set(names)))
        self.assertLessEqual(set(truth.QUICK), set(names))


def run(goodput=None, delay=None, segments=10000, missed=0, copies=0, drops=0):
    link = {"fwd": {"queue_drops": drops, "retransmits": {
        "data_segments": segments, "missed": missed, "copies_identical": copies}}}
    found = {"goodput_bps": goodput} if goodput else {"delay_ms": delay, "seconds": delay}
    return {"found": found, "links": {"radio": link, "wired": link}}


class NeverWorse(unittest.TestCase):
    def compare(self, plain, snoopd, reference=None):
        return neverworse.compare(plain, snoopd, reference or plain)["wrong"]

    def test_medians(self):
        plain = [run(goodput=rate) for rate in (9e6, 10e6, 30e6)]
        self.assertEqual(self.compare(plain, [run(goodput=rate) for rate in (1e6, 9.7e6, 10e6)]),
                         [])
        self.assertEqual(self.compare(plain, [run(goodput=9.69e6)] * 3), ["goodput"])
        self.assertEqual(self.compare([run(delay=100)], [run(delay=103)]), [])
        self.assertEqual(self.compare([run(delay=100)], [run(delay=104)]),
                         ["delay", "completion time"])

    def test_retransmits(self):
        plain = [run(goodput=1e6)]
        self.assertEqual(self.compare(plain, [run(goodput=1e6, missed=100, copies=135)]), [])
        self.assertEqual(self.compare(plain, [run(goodput=1e6, missed=100, copies=136)]),
                         ["retransmits"])

    def test_drops(self):
        plain, lossless = [run(goodput=1e6)], [run(goodput=1e6, drops=10)]
        snoopd = [run(goodput=1e6, drops=12)]
        self.assertEqual(self.compare(plain, snoopd), ["radio drops"])
        self.assertEqual(self.compare(plain, snoopd, lossless), [])

    def test_the_cell_of_the_command_line_is_in_it(self):
        item = neverworse.chosen(argparse.Namespace(only=None, all=False))[0]
        cell = item.trial(argparse.Namespace(cc="cubic")).cell
        self.assertEqual((cell.path.name, cell.loss, cell.profile),
                         ("12M/20ms/200k+40M/2.5ms/300k", 0.02, "nosack"))


if __name__ == "__main__":
    unittest.main()
