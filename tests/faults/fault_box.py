# SPDX-License-Identifier: BSD-3-Clause
"""snoopd under load in the lab: the box, labs without an emulator, and what must hold at the end
of every fault."""

import contextlib
import json
import os
import signal
import time

from boxes import WORKER_CPU, PlainBox, SnoopdBox, adds_up, quiescent_stats, telemetry
from crowd import ASK_INTERVAL_S, Crowd
from lab import Lab, Link, Path, check_call
from measure import Cell, prepare_radio
from stacks import demand

ASKED_MAX = 100
PATH = Path("faults", wired=Link(100e6, 5000, 8e6), radio=Link(200e6, 2000, 8e6))
LOSS, LOSS_REV = 0.02, 0.01
SYSCTLS = {"net.ipv4.tcp_max_syn_backlog": "4096", "net.core.somaxconn": "4096"}


class Asked:
    """Handle any DPDK program. `shim`: a library of this folder to preload, from the build of
    snoopd, `binary`."""

    def launch(self, lab, argv, **kwargs):
        self.lab = lab
        if self.shim:
            folder = os.path.join(os.path.dirname(os.path.abspath(self.binary)), "..", "..",
                                  "tests", "faults")
            argv = ["env", "LD_PRELOAD=" + os.path.normpath(os.path.join(folder, self.shim)), *argv]
        super().launch(lab, argv, **kwargs)

    def ask(self, command):
        """Ask a program that may have no CPU at the moment, again until it answers."""
        for _ in range(ASKED_MAX):
            answer = telemetry(self.file_prefix, command)
            if answer is not None:
                return answer
            demand(self.process.poll() is None, "%s ended with %s" %
                   (self.spec, self.process.poll()))
            time.sleep(ASK_INTERVAL_S)
        demand(False, "%s does not answer" % self.spec)


class FaultBox(Asked, SnoopdBox):
    """snoopd with some workers, all on one CPU."""

    def __init__(self, binary, settings=(), workers=1, level="auto", shim=None):
        super().__init__("snoopd", level, settings, binary)
        self.workers, self.shim, self.lab = workers, shim, None

    def eal_args(self, lab, megabytes):
        args = super().eal_args(lab, megabytes)
        lcores = ["0@0", *["%d@%s" % (i + 1, WORKER_CPU) for i in range(self.workers)]]
        return ["--lcores", ",".join(lcores), *args[2:]]

    def log(self):
        return (self.lab.dir / f"{self.name}.log").read_text(errors="replace")

    def signal(self, signo):
        """Signal snoopd itself, which `nice` and `ip netns exec` have become."""
        os.kill(self.process.pid, signo)

    def stats(self):
        return self.ask("/snoop/stats")

    def counter(self, name):
        """For conditions that are checked repeatedly: -1 if there is no answer yet."""
        stats = telemetry(self.file_prefix, "/snoop/stats")
        return -1 if stats is None else stats[name]


class FaultWire(Asked, PlainBox):
    """The plain wire in place of a FaultBox."""

    def __init__(self, binary, shim):
        super().__init__("plain")
        self.binary, self.shim = binary, shim


class VethLab(Lab):
    """The same hosts without an emulator: nothing is delayed or lost, and interfaces can vanish."""

    def _start_linkemu(self):
        for (host, outer), inner in ((("wired", "w0"), "b0"), (("mobile", "m0"), "b1")):
            check_call("ip", "link", "add", self.taps[outer], "netns", self.netns[host], "type",
                       "veth", "peer", "name", self.taps[inner], "netns", self.netns["box"])
            # The host sends what goes over a wire: no super-packets, checksums filled in.
            self.host_command(host, "ethtool", "-K", self.taps[outer], "tx", "off", "tso", "off",
                              "gso", "off")


@contextlib.contextmanager
def running(box, lab, lossy=True, status=0):
    """The lab with the box in it; at the end the box must stop in order, with that status."""
    with lab:
        try:
            box.start(lab)
            lab.wait_path_ready(box.process)
            if lossy:
                prepare_radio(lab, Cell("faults", PATH, loss=LOSS, loss_rev=LOSS_REV))
            yield lab
        except BaseException:
            print(lab.log_tail("box"), flush=True)
            raise
        finally:
            if box.process is not None and box.process.poll() is None:
                box.signal(signal.SIGCONT)  # a failed test must not leave it stopped
            box.stop()
    demand(box.exit_status == status, "snoopd ended with %s" % box.exit_status)


@contextlib.contextmanager
def loaded(arguments, box, lab=None, flows=None, lossy=True):
    """`running`, and a crowd that has been served and, over a lossy radio, helped. No connection
    may be lost."""
    lab = lab or Lab(PATH, sysctls=SYSCTLS)
    with running(box, lab, lossy):
        crowd = Crowd(lab)
        try:
            crowd.grow(flows or arguments.flows)
            crowd.run_until(crowd.all_moved, "every connection is served")
            yield crowd
            crowd.drain()
            demand(not crowd.lost, "%d connections lost: %s" % (len(crowd.lost), crowd.lost[:3]))
        finally:
            crowd.close()
        check_counters(arguments, box)


def check_counters(arguments, box):
    """Wait until nothing moves. A worker without the CPU looks the same, so ask again."""
    for _ in range(ASKED_MAX):
        asked = quiescent_stats(box, arguments.snoopctl)
        demand(asked.returncode == 0, "snoopctl: " + asked.stderr)
        if adds_up(json.loads(asked.stdout)):
            return
        time.sleep(ASK_INTERVAL_S)
    demand(False, "counters do not add up: " + asked.stdout)


def helped(box):
    return lambda: box.counter("repairs_confirmed") > 0
