# SPDX-License-Identifier: BSD-3-Clause
"""What the box receives from both sides, recorded for the replay oracle (../oracle)."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time

from lab import LAB_DIR, LabError

SIDES = (("b0", "wired"), ("b1", "wireless"))
DEADLINE_S = 20


def files_of(folder, name):
    return [os.path.join(folder, "%s-%s.pcap" % (name, side)) for _, side in SIDES]


class Recorder:
    """One file for each side. Stop it before the lab ends, so that the files are whole."""

    def __init__(self, lab, folder, name):
        self.processes = []
        for (tap, side), path in zip(SIDES, files_of(folder, name)):
            self.processes.append(lab.process(
                lab.in_netns("box", "tcpdump", "-i", lab.taps[tap], "-Q", "in", "-s", "0", "-U",
                             "-Z", "root", "-w", path),
                "tcpdump-" + side))
            end = time.monotonic() + DEADLINE_S
            while not os.path.exists(path):
                if time.monotonic() > end:
                    raise LabError("tcpdump does not start: " + lab.log_tail("tcpdump-" + side))
                time.sleep(0.01)

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGINT)
            process.wait(DEADLINE_S)


@contextlib.contextmanager
def recording(lab, folder, name):
    """Nothing is recorded without a folder."""
    recorder = Recorder(lab, folder, name) if folder else None
    try:
        yield
    finally:
        if recorder:
            recorder.stop()


def replay(harness, folder, names, levels):
    """Through the oracle, each in all these levels. What violates a rule is kept. @return whether
    something did"""
    argv = [str(LAB_DIR.parent / "oracle" / "replay"), "--harness", harness, "--how", "shared",
            "--levels",
            ",".join(levels)]
    for name in names:
        argv += ["--sides", *files_of(folder, name)]
    violated = subprocess.run(argv, check=False).returncode != 0
    if violated:
        print("the captures are kept in",
              shutil.copytree(folder, tempfile.mkdtemp(prefix="violation-"),
                                                          dirs_exist_ok=True))
    return violated
