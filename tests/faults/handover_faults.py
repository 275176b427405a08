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
from lab import check_call
from boxes import telemetry
from crowd import Crowd
from numbered import Numbered
from stacks import demand

PLANNED_GAP_MS = 20
CRASH_GAP_MS = 300
LATE_GAP_MS = 200


# A crowd sends thousands of frames at once where it had no CPU for a while.
RING = ",framecnt=8192"


# Arguments of a port on the interface {0} of the lab's box, or on what Bridges makes of it.
DEVICES = {"net_af_packet": "iface={0}" + RING, "net_pcap": "rx_iface_in={0},tx_iface={0}",
           "net_tap": "iface=t{0},persist",
           "net_memif": "role=client,socket={1}/{0}.sock,socket-abstract=no,rsize=12"}


# Hosts of the second link, and the box's ends of it.
NORTH = {"wired": "192.0.2.1", "mobile": "192.0.2.2"}
NORTH_PORTS = {"wired": "north0", "mobile": "north1"}


class FirstBox(FaultBox):
    """@param driver  of DEVICES"""

    north = ()  # interfaces of the second link

    def __init__(self, binary, driver="net_af_packet", settings=(), workers=1):
        super().__init__(binary, ["link.wired=%s0" % driver, "link.wireless=%s1" % driver,
                                  *settings], workers)
        self.driver = driver

    def eal_args(self, lab, megabytes):
        args = super().eal_args(lab, megabytes)
        return [each for each in args if not each.startswith("--vdev=")] + self.devices(lab)

    def devices(self, lab):
        return ["--vdev=%s%d,%s" % (self.driver, index,
                                    DEVICES[self.driver].format(interface, lab.dir))
                for index, interface in enumerate((*self.interfaces(lab), *self.north))]


def add_north(lab):
    """A second pair of hosts: the same namespaces, other interfaces and addresses."""
    box = lab.netns["box"]
    for role, address in NORTH.items():
        near, port = "n" + role, NORTH_PORTS[role]
        check_call("ip", "-n", lab.netns[role], "link", "add", near, "type", "veth", "peer", "name",
                   port, "netns", box)
        for netns, name in (lab.netns[role], near), (box, port):
            check_call("ip", "netns", "exec", netns, "ethtool", "-K", name, "tx", "off", "tso",
                       "off", "gso", "off", "gro", "off")
            check_call("ip", "-n", netns, "link", "set", name, "up")
        check_call("ip", "-n", lab.netns[role], "addr", "add", address + "/24", "dev", near)


class Bridges(VethLab):
    """Between the interfaces of the box and its ports: a bridge with a tap, or testpmd with a
    memif that takes one client after the other."""

    def __init__(self, driver):
        super().__init__(PATH, sysctls=SYSCTLS)
        self.driver = driver

    def __enter__(self):
        super().__enter__()
        interfaces = [self.taps[name] for name in ("b0", "b1")]
        try:
            if self.driver == "net_tap":
                for interface in interfaces:
                    self.bridge(interface)
            if self.driver == "net_memif":
                self.start_testpmd(interfaces)
        except BaseException:
            self.close()
            raise
        return self

    def bridge(self, interface):
        for command in ("tuntap add t{0} mode tap multi_queue", "link add r{0} type bridge",
                        "link set {0} master r{0}", "link set t{0} master r{0}",
                        "link set r{0} up", "link set t{0} up"):
            check_call("ip", "-n", self.netns["box"], *command.format(interface).split())

    def start_testpmd(self, interfaces):
        devices = []
        for index, interface in enumerate(interfaces):
            devices += ["--vdev=net_af_packet%d,iface=%s%s" % (index, interface, RING),
                        "--vdev=net_memif%d,%s" % (index, DEVICES["net_memif"].format(
                            interface, self.dir).replace("client", "server"))]
        self.process(["nice", "-n", "-20", *self.in_netns(
            "box", "dpdk-testpmd", "--lcores", "0@0,1@0", "--no-huge", "-m", "256", "--no-pci",
            "--iova-mode=va", "--file-prefix=peer%s" % self.id, *devices, "--", "--auto-start",
            "--disable-link-check", "--forward-mode=io", "--no-lsc-interrupt",
            "--total-num-mbufs=20000")],
            "testpmd", cpu=None, stdin=subprocess.PIPE)
        deadline = time.monotonic() + 30
        while telemetry("peer%s" % self.id, "/info") is None:
            demand(time.monotonic() < deadline, "testpmd makes no memif: " +
                   self.log_tail("testpmd"))
            time.sleep(0.05)


class StandbyBox(FirstBox):
    """The same box once more, beside another one. What asks the lab's prefix reaches the one that
    forwards."""

    def __init__(self, first, option):
        super().__init__(first.binary, first.driver, first.overrides[2:], first.workers)
        self.north = first.north
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
    standby = StandbyBox(box, option)
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


def change(arguments, option, act, limit_ms, lossless=True, driver="net_af_packet", workers=1):
    box = FirstBox(arguments.snoopd, driver, workers=workers)
    lab = Bridges(driver)
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
            crowd.run_until(lambda: taken(standby) or standby.process.poll() is not None,
                            "the standby forwards")
            demand(standby.process.poll() is None, standby.log())
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


def closed_first(driver):
    def fault(arguments):
        """The same with a driver whose port the first one has to close."""
        return change(arguments, "--standby", lambda box: box.signal(signal.SIGTERM), LATE_GAP_MS,
                      lossless=False, driver=driver)
    fault.__name__ = "standby_late_" + driver.removeprefix("net_")
    return fault


def standby_workers(arguments):
    """SIGTERM to the one that forwards with two workers; a standby waits."""
    return change(arguments, "--standby", lambda box: box.signal(signal.SIGTERM), PLANNED_GAP_MS,
                  workers=2)


class TwoLinks(VethLab):
    """And a second pair of hosts with a link of its own."""

    def __enter__(self):
        super().__enter__()
        add_north(self)
        return self


def wait_until(holds, what, processes):
    deadline = time.monotonic() + 60
    while not holds():
        demand(time.monotonic() < deadline and all(each.poll() is None for each in processes),
               "not: " + what)
        time.sleep(0.05)


def standby_links(arguments):
    """SIGTERM to the one that forwards two links with two workers; a standby waits. Before that
    one that has other interfaces asks, and is refused."""
    box = FirstBox(arguments.snoopd, workers=2, settings=[
        "link north.wired=net_af_packet2", "link north.wireless=net_af_packet3"])
    box.north = tuple(NORTH_PORTS.values())
    with running(box, TwoLinks(PATH, sysctls=SYSCTLS), lossy=False) as lab:
        with Numbered(lab) as main, Numbered(lab, NORTH) as north:
            other = StandbyBox(box, "--take-over")
            other.north = box.north[::-1]
            other.start(lab)
            wait_until(lambda: "other interfaces" in box.log(), "refused", [box.process])
            demand(other.process.wait(60) == 1, other.log())
            standby = StandbyBox(box, "--standby")
            standby.start(lab)
            wait_until(lambda: "pid=%d state=ready" % standby.process.pid in box.log(),
                       "the standby is ready", [box.process, standby.process])
            box.signal(signal.SIGTERM)
            demand(box.process.wait(60) == 0, box.log())
            wait_until(lambda: taken(standby), "it forwards", [standby.process])
            gap_us = int(taken(standby).group(2))
            figures = main.finish() + north.finish()
        box.process, box.exit_status = standby.process, None
        standby.signal(signal.SIGTERM)
        standby.process.wait(30)
    demand(all(each["lost"] == each["twice"] == each["overtaken"] == 0 for each in figures),
           figures)
    return "0 of %d datagrams of two links lost or twice; nobody forwarded for %.1f ms" % (
        sum(each["sent"] for each in figures), gap_us / 1e3)


# Of other drivers, on request.
BY_HAND = tuple(closed_first(driver) for driver in ("net_tap", "net_memif"))


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


FAULTS = (standby_restart, standby_workers, standby_links, standby_crash, take_over, standby_late,
          upgrade)
