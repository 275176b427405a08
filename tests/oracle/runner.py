# SPDX-License-Identifier: BSD-3-Clause
"""One replay: packets into a folder, golden-harness or the real binary over them, and what came
out."""

import os
import subprocess
import sys
import threading

import captures

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "golden"))

import rundir  # noqa: E402

TRIES, SYN_TRIES, WITHHOLD_US = 8, 2, 60000  # oracle.ini
TAIL_US = 30 * 10**6                     # time for what is under repair when the capture ends
TIMEOUT_S = 120


class ReplayError(Exception):
    """The program did not end as it should: its exit status and last words."""


def run(command, folder):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode:
        raise ReplayError("%s: exit status %d: %s" % (os.path.basename(command[0]), done.returncode,
                                                      " ".join(done.stdout.split())[-600:]))


def write_config(level, folder):
    with open(os.path.join(HERE, "oracle.ini")) as template, open(os.path.join(folder, "o.ini"),
                                                                  "w") as ini:
        ini.write(template.read().replace("LEVEL", level))


def write_inputs(packets, folder):
    for side, name in enumerate(captures.SIDE_NAMES):
        captures.write(os.path.join(folder, name + ".pcap"),
                       [(p.frame, p.time_us) for p in packets if p.side == side])


def outputs_of(folder):
    return [captures.read(os.path.join(folder, "out-%s.pcap" % name))
            for name in captures.SIDE_NAMES]


def virtual_time(harness, packets, options, folder):
    end_us = max(p.time_us for p in packets) + TAIL_US
    run([harness, "--config", "o.ini", "--wired", "wired.pcap", "--wireless", "wireless.pcap",
         "--out-wired",
         "out-wired.pcap", "--out-wireless", "out-wireless.pcap", "--stats-file", "stats.json",
         "--journal", "journal",
         "--end", str(end_us), *options], folder)


def binary(snoopd, folder):
    prefix = "oracle-%d-%d" % (os.getpid(), threading.get_ident())
    devices = ["--vdev=net_pcap%d,rx_pcap=%s.pcap,tx_pcap=out-%s.pcap" % (i, name, name)
               for i, name in enumerate(captures.SIDE_NAMES)]
    try:
        run([snoopd, "-l", "0,1", "--no-huge", "-m", "128", "--no-pci", "--no-telemetry",
             "--file-prefix=" + prefix, *devices, "--", "--config", "o.ini", "--stats-file",
             "stats.json", "--exit-when-idle", "100ms"], folder)
    finally:
        rundir.remove(prefix)
