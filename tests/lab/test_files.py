#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Root runs and removes nothing that another user has put where everyone may write."""

import os
import shutil
import stat
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import lab

NOBODY = 65534
DEAD = 2**22 + os.getpid()  # above the greatest process id
OLD_PLACE = Path("/var/tmp", f"snoopd-linkemu-{DEAD}")


def removed_after(test, path):
    test.addCleanup(shutil.rmtree, path, ignore_errors=True)
    return path


class Emulator(unittest.TestCase):
    def test_what_others_left_is_not_run(self):
        """It once lay in a folder with a name that everyone knew, and was taken if it was new
        enough."""
        planted = removed_after(self, OLD_PLACE) / "linkemu"
        planted.parent.mkdir()
        planted.write_text("#!/bin/sh\nexit 0\n")
        planted.chmod(0o755)
        empty = Path(removed_after(self, tempfile.mkdtemp()))
        # Newer than all sources, of another user, and the tree has no build.
        with mock.patch.object(lab.os, "getuid", return_value=DEAD), \
                mock.patch.object(lab, "REPO_DIR", empty):
            found = Path(lab.find_linkemu())
        self.assertNotEqual(found, planted)
        self.assertEqual(found.read_bytes()[:4], b"\x7fELF")
        self.assertEqual(stat.S_IMODE(found.parent.lstat().st_mode), 0o700)
        self.assertEqual(found.parent.lstat().st_uid, os.geteuid())

    def test_compiled_once(self):
        empty = Path(removed_after(self, tempfile.mkdtemp()))
        with mock.patch.object(lab, "REPO_DIR", empty):
            self.assertEqual(lab.find_linkemu(), lab.find_linkemu())


class Lock(unittest.TestCase):
    def test_nobody_else_can_be_there_first(self):
        self.assertEqual(os.stat(os.path.dirname(lab.LOCK_PATH)).st_mode & 0o022, 0)


@unittest.skipUnless(os.geteuid() == 0, "needs root to make another user's folder")
class Leftovers(unittest.TestCase):
    def test_only_our_own_are_removed(self):
        theirs, ours = (removed_after(self, Path("/tmp", f"snoop-lab-{DEAD}-{whose}"))
                        for whose in ("theirs", "ours"))
        for folder in (theirs, ours):
            folder.mkdir()
        os.chown(theirs, NOBODY, NOBODY)
        with mock.patch.object(lab.os.path, "isdir", return_value=False):  # no namespaces
            removed = lab.remove_leftovers()
        self.assertIn(str(ours), removed)
        self.assertNotIn(str(theirs), removed)
        self.assertTrue(theirs.exists())


if __name__ == "__main__":
    unittest.main()
