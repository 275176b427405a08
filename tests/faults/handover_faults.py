# SPDX-License-Identifier: BSD-3-Clause
"""A standby takes over, each a function of the arguments that returns one line of figures or raises
CheckError."""

import json
import os
import re
import signal
import subprocess
import time

from fault_box import PATH, SYSCTLS, FaultBox, VethLab, running
from crowd import Crowd
from numbered import Numbered
from stacks import demand

PLANNED_GAP_MS = 20
CRASH_GAP_MS = 300
LATE_GAP_MS = 200


# A crowd sends thousands of frames at once where it had no CPU for a while.
RING = ",framecnt=8192"


class FirstBox(FaultBox):
    """@param driver  net_af_packet or net_pcap"""

    def __init__(self, binary, driver="net_af_packet"):
        super().__init__(binary, ["link.wired=%s0" % driver, "link.wireless=%s1" % driver])
        self.driver = driver

    def eal_args(self, lab, megabytes):
        return [self.device(each) if each.startswith("--vdev=") else each
                for each in super().eal_args(lab, megabytes)]

    def device(self, argument):
        if self.driver == "net_af_packet":
            return argument + RING
        interface = argument.split("iface=")[1]
        return "--vdev=net_pcap%s,rx_iface_in=%s,tx_iface=%s" % (
            argument.split("packet")[1][0], interface, interface)


class StandbyBox(FirstBox):
    """The same box once more, beside another one. What asks the lab's prefix reaches the one that
    forwards."""

    def __init__(self, binary, driver, option):
        super().__init__(binary, driver)
        self.option, self.number = option, StandbyBox.count
        StandbyBox.count += 1

    count = 0

    def launch(self, lab, argv, **kwargs):
        self.lab = lab
        argv = ["nice", "-n", "-20", *lab.in_netns("box", *argv, self.option)]
        self.process = lab.process(argv, "standby%d" % self.number, cpu=None, **kwargs)

    def log(self):
        return (self.lab.dir / ("standby%d.log" % self.number)).read_text(errors="replace")


def begin(arguments, crowd, box, option):
    """@return a standby that is ready"""
    standby = StandbyBox(arguments.snoopd, box.driver, option)
    standby.start(crowd.lab)
    if option == "--standby":
        crowd.run_until(lambda: "event=standby pid=%d state=ready" % standby.process.pid
                        in box.log(), "the standby is ready")
    return standby


def taken(standby):
    return re.search(r"event=handover .*state=taken because=(\w+) gap_us=(\d+) "
                     r"thrown_away=(\d+)", standby.log())


def sum_up(crowd, numbered, lossless):
    """Everything must have come through. @return the slowest datagram, how many were lost, and the
    longest time without one"""
    crowd.mark()
    crowd.run_until(crowd.all_moved, "every connection moves on")
    figures = numbered.finish()
    slowest_ms, outage_ms = (max(each[name] for each in figures)
                             for name in ("slowest_ms", "outage_ms"))
    lost = sum(each["lost"] for each in figures)
    if lossless:
        demand(lost == 0, "%d datagrams were lost" % lost)
        demand(all(each["twice"] == 0 for each in figures), "datagrams came twice")
        demand(all(each["overtaken"] == 0 for each in figures), "datagrams overtook others")
    return slowest_ms, lost, outage_ms


def change(arguments, option, act, limit_ms, lossless=True, driver="net_af_packet"):
    box = FirstBox(arguments.snoopd, driver)
    lab = VethLab(PATH, sysctls=SYSCTLS)
    with running(box, lab, lossy=False):
        crowd = Crowd(lab)
        crowd.grow(arguments.flows)
        crowd.run_until(crowd.all_moved, "every connection is served")
        with Numbered(lab) as numbered:
            crowd.run_for(0.5)
            standby = begin(arguments, crowd, box, option)
            crowd.run_for(0.5)
            crowd.mark()
            act(box)
            crowd.run_until(lambda: taken(standby), "the standby forwards")
            crowd.run_until(lambda: box.process.poll() is not None, "the first one ends")
            crowd.run_for(0.5)
            gap_ms = crowd.gap_s * 1e3
            slowest_ms, lost, outage_ms = sum_up(crowd, numbered, lossless)
        crowd.run_until(lambda: box.counter("flows_midstream") >= arguments.flows,
                        "every flow is picked up, and telemetry answers under the old name")
        crowd.drain()
        demand(not crowd.lost, "%d connections lost: %s" % (len(crowd.lost), crowd.lost[:3]))
        crowd.close()
        because, gap_us, twice = taken(standby).groups()
        longest_ms = max(int(gap_us) / 1e3, outage_ms if lost else 0)
        demand(longest_ms < limit_ms or not arguments.goals,
               "nobody forwarded for %s us, no datagram for %.0f ms" % (gap_us, outage_ms))
        first = box.process.returncode
        box.process, box.exit_status = standby.process, None
        standby.signal(signal.SIGTERM)
        standby.process.wait(30)
    return ("%d flows, 0 lost; because=%s; first one ended with %s; nobody forwarded for %.1f ms, "
            "%s frames heard by both; slowest "
            "datagram %.1f ms, %d lost in %.0f ms; longest gap at the receivers %.0f ms" %
            (arguments.flows, because, first, int(gap_us) / 1e3, twice, slowest_ms, lost, outage_ms,
             gap_ms))


def standby_restart(arguments):
    """SIGTERM to the one that forwards; a standby waits."""
    return change(arguments, "--standby", lambda box: box.signal(signal.SIGTERM), PLANNED_GAP_MS)


def standby_crash(arguments):
    """kill -9 of the one that forwards; a standby waits."""
    return change(arguments, "--standby", lambda box: box.signal(signal.SIGKILL), CRASH_GAP_MS,
                  lossless=False)


def take_over(arguments):
    """A new process asks for the ports."""
    return change(arguments, "--take-over", lambda box: None, PLANNED_GAP_MS)


def standby_late(arguments):
    """SIGTERM to the one that forwards; the standby opens the ports when that one has closed
    them."""
    return change(arguments, "--standby", lambda box: box.signal(signal.SIGTERM), LATE_GAP_MS,
                  lossless=False, driver="net_pcap")


def upgrade(arguments):
    """snoopctl upgrade; before that with a program that does not start."""
    box = FirstBox(arguments.snoopd)
    snoopctl = [arguments.snoopctl, "--file-prefix"]
    with running(box, VethLab(PATH, sysctls=SYSCTLS), lossy=False) as lab:
        with Numbered(lab) as numbered:
            snoopctl += [box.file_prefix, "upgrade"]
            refused = subprocess.run([*snoopctl, arguments.snoopd, "--", "--config", "/none"],
                                     capture_output=True, text=True, timeout=60, check=False)
            demand(refused.returncode == 3 and "goes on" in refused.stderr, refused.stderr)
            demand(box.ask("/snoop/status")["pid"] == box.process.pid, "the first one has gone")
            done = subprocess.run([*snoopctl, "--json", os.path.abspath(arguments.snoopd)],
                                  capture_output=True, text=True, timeout=60, check=False)
            demand(done.returncode == 0, done.stderr)
            pids = json.loads(done.stdout)
            demand(pids["was"] == box.process.pid, done.stdout)
            demand(box.ask("/snoop/status")["pid"] == pids["pid"], "telemetry: another process")
            box.process.wait(30)
            figures = numbered.finish()
        os.kill(pids["pid"], signal.SIGTERM)
        while os.path.exists("/proc/%d" % pids["pid"]):
            time.sleep(0.05)
        demand("event=end" in box.log().split("state=taken")[1], "no end in the same log")
        box.exit_status = box.process.returncode
    demand(all(each["lost"] == each["twice"] == 0 for each in figures), figures)
    return "0 of %d datagrams lost or twice" % sum(each["sent"] for each in figures)


FAULTS = (standby_restart, standby_crash, take_over, standby_late, upgrade)
