#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What snoopd says at its start: which distribution is in effect, and why it does not start.

usage: start.py SNOOPD
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import rundir  # noqa: E402

# Devices, keys of the INI, lcores, exit status, the one line that has to be there.
CASES = [
    ("net_null", {}, 2, 0,
     r"workers=2 distribution=rss how=\"symmetric key 6d5a\" rx_queues=2,2 tx_queues=2,2 "
                           r"handoff_rings=0 "),
    ("net_null", {"workers": "distribution = rss"}, 3, 0,
     r"workers=3 distribution=rss how=\"symmetric key 6d5a\""),
    ("net_null", {"workers": "distribution = software"}, 4, 0,
     r"workers=4 distribution=software how=\"by configuration\" rx_queues=1,1 tx_queues=4,4 "
     r"handoff_rings=6 "),
    ("net_ring", {}, 2, 0,
     r"workers=2 distribution=software how=\"port net_ring0 \(net_ring\) has no RSS"),
    ("net_ring", {"workers": "distribution = rss"}, 2, 2,
     r"error: start.ini: \[workers\] distribution = rss is not possible here: port net_ring0 "
     r"\(net_ring\) has no RSS"),
    ("net_null", {"link b": "wired = 1\nwireless = 0"}, 1, 2,
     r"error: start.ini:9: \[link b\] wireless = 0 and \[link main\] wired = net_null0 are the "
     r"same port \(net_null0\); give each port to one link"),
    ("net_null", {"link b": "wired = net_null8\nwireless = net_null9"}, 1, 2,
     r"error: start.ini:8: \[link b\] wired = net_null8: no such port; the EAL has: "),
    ("net_null", {"link b": "wired = 1\nwireless = 01"}, 1, 2,
     r"error: start.ini:9: \[link b\] wired = 1 and wireless = 01 are the same port "),
    ("net_null", {"cache": "segments = 1000000"}, 1, 1,
     r"error: not enough memory on NUMA node 0: [0-9.]+ MiB are needed \(packet buffers [0-9.]+, "
     r"flow tables [0-9.]+, "
     r"caches and SYN memory [0-9.]+, hand-off rings [0-9.]+ MiB\); the EAL has [0-9.]+ MiB free"),
]


def run(binary, folder, device, sections, workers):
    prefix = "start-%d" % os.getpid()
    cpu = sorted(os.sched_getaffinity(0))[-1]
    with open(os.path.join(folder, "start.ini"), "w") as file:
        file.write("[link]\nwired = %s0\nwireless = %s1\nmode = bypass\n[metrics]\nlisten = off\n" %
                   (device, device))
        file.writelines("[%s]\n%s\n" % section for section in sections.items())
    command = [binary, "--lcores", ",".join("%d@%d" % (i, cpu) for i in range(workers + 1)),
               "--no-huge", "-m", "384",
               "--no-pci", "--no-telemetry", "--file-prefix=" + prefix, "--vdev=%s0" % device,
               "--vdev=%s1" % device,
               "--", "--config", "start.ini"]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, text=True)
    lines = []
    try:
        for line in process.stderr:
            lines.append(line)
            if "event=link" in line:  # it runs
                process.terminate()
        return process.wait(), lines
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        rundir.remove(prefix)


def main():
    failed = 0
    folder = tempfile.mkdtemp(prefix="start-")
    try:
        for device, sections, workers, status, expected in CASES:
            got, lines = run(os.path.abspath(sys.argv[1]), folder, device, sections, workers)
            own = [line for line in lines if line.startswith("snoopd:")]
            right = got == status and sum(bool(re.search(expected, line)) for line in own) == 1
            if status != 0:
                right = right and len(own) == 1
            if not right:
                failed = 1
                print("%s %s, %d workers: exit status %d, expected %d and one line of /%s/:\n%s" % (
                    device, sections, workers, got, status, expected, "".join(lines)))
    finally:
        shutil.rmtree(folder)
    return failed


if __name__ == "__main__":
    sys.exit(main())
