# SPDX-License-Identifier: BSD-3-Clause
"""Faults under load, each a function of the arguments that returns one line of figures or raises CheckError."""

import contextlib
import json
import os
import signal
import time
from pathlib import Path as FilePath

from boxes import WORKER_CPU, SnoopdBox, adds_up, quiescent_stats, telemetry
from crowd import ASK_INTERVAL_S, Crowd
from flows import EndpointPair
from lab import ADDRESSES, Lab, Link, Path, check_call
from measure import Cell, prepare_radio
from stacks import demand

LAB_FAULTS_DIR = FilePath(__file__).resolve().parent
FLOOD_PACKETS = 500_000
ASKED_MAX = 100
STALL_S = 0.2
WRAP_BYTES = 5_000_000_000
PATH = Path("faults", wired=Link(100e6, 5000, 8e6), radio=Link(200e6, 2000, 8e6))
LOSS, LOSS_REV = 0.02, 0.01
SYSCTLS = {"net.ipv4.tcp_max_syn_backlog": "4096", "net.core.somaxconn": "4096"}


class FaultBox(SnoopdBox):
    """snoopd with some workers, all on one CPU."""

    def __init__(self, binary, settings=(), workers=1, level="auto"):
        super().__init__("snoopd", level, settings, binary)
        self.workers = workers

    def eal_args(self, lab, megabytes):
        args = super().eal_args(lab, megabytes)
        lcores = ["0@0", *["%d@%s" % (i + 1, WORKER_CPU) for i in range(self.workers)]]
        return ["--lcores", ",".join(lcores), *args[2:]]

    def signal(self, signo):
        """To snoopd itself: `nice` and `ip netns exec` replace themselves by it."""
        os.kill(self.process.pid, signo)

    def counter(self, name):
        stats = self.stats()
        return -1 if stats is None else stats[name]


class VethLab(Lab):
    """The same hosts without an emulator: nothing is delayed or lost, and interfaces can vanish."""

    def _start_linkemu(self):
        for (host, outer), inner in ((("wired", "w0"), "b0"), (("mobile", "m0"), "b1")):
            check_call("ip", "link", "add", self.taps[outer], "netns", self.netns[host], "type", "veth", "peer", "name",
                       self.taps[inner], "netns", self.netns["box"])
            # What leaves the host is what goes over a wire: no super-packets, checksums filled in.
            self.host_command(host, "ethtool", "-K", self.taps[outer], "tx", "off", "tso", "off", "gso", "off")


@contextlib.contextmanager
def running(box, lab, lossy=True):
    """The lab with the box in it; at the end the box must stop in order, and its counters add up."""
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
            if box.process.poll() is None:
                box.signal(signal.SIGCONT)  # a failed test must not leave it stopped
            box.stop()
    demand(box.exit_status == 0, "snoopd ended with %s" % box.exit_status)


@contextlib.contextmanager
def loaded(arguments, box, lab=None, flows=None, lossy=True):
    """`running`, and a crowd that has been served and, over a lossy radio, helped. No connection may be lost."""
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
    """Once nothing moves. A worker that does not get the CPU looks the same, so ask again."""
    for _ in range(ASKED_MAX):
        asked = quiescent_stats(box, arguments.snoopctl)
        demand(asked.returncode == 0, "snoopctl: " + asked.stderr)
        if adds_up(json.loads(asked.stdout)):
            return
        time.sleep(ASK_INTERVAL_S)
    demand(False, "counters do not add up: " + asked.stdout)


def helped(box):
    return lambda: box.counter("repairs_confirmed") > 0


def crash(arguments):
    """kill -9 under load, and a restart."""
    box = FaultBox(arguments.snoopd)
    with loaded(arguments, box) as crowd:
        crowd.run_until(helped(box), "repairs")
        crowd.mark()
        killed = time.monotonic()
        box.signal(signal.SIGKILL)
        box.process.wait()
        box.start(crowd.lab)
        crowd.run_until(crowd.all_moved, "every connection moves on")
        moved = time.monotonic()
        crowd.run_until(helped(box), "repairs after the restart")
        stats = box.stats()
        demand(stats["flows_midstream"] >= arguments.flows, "%d flows picked up" % stats["flows_midstream"])
        figures = (arguments.flows, crowd.gap_s * 1e3, moved - killed, stats["flows_midstream"],
                   stats["repairs_confirmed"])
    return "%d flows, 0 lost; longest gap at the receivers %.0f ms, all flows on after %.1f s; %d picked up mid-stream, " \
           "%d repairs confirmed since" % figures


def pause(arguments):
    """SIGSTOP, 3 s, SIGCONT."""
    box = FaultBox(arguments.snoopd)
    with loaded(arguments, box) as crowd:
        crowd.run_until(helped(box), "repairs")
        before = box.stats()
        box.signal(signal.SIGSTOP)
        crowd.mark()
        crowd.run_for(3)
        box.signal(signal.SIGCONT)
        crowd.run_until(crowd.all_moved, "every connection moves on")
        crowd.run_until(lambda: box.counter("repairs_confirmed") > before["repairs_confirmed"], "repairs")
        figures = arguments.flows, crowd.gap_s * 1e3, box.counter("repairs_confirmed") - before["repairs_confirmed"]
    return "%d flows, 0 lost; longest gap at the receivers %.0f ms; %d repairs confirmed since" % figures


def longest_turn(box):
    """@return (cycles of the longest turn, cycles of the worker's life)"""
    worker = telemetry(box.file_prefix, "/snoop/workers")["workers"]["0"]
    return worker["turn_cycles_max"], worker["cycles"]


def stall(arguments):
    """200 ms without the CPU: counted as a turn that took too long. One thread alone cannot be stopped from outside."""
    box = FaultBox(arguments.snoopd)
    with loaded(arguments, box, flows=50) as crowd:
        before, (_, cycles), started = box.counter("turn_overruns"), longest_turn(box), time.monotonic()
        box.signal(signal.SIGSTOP)
        crowd.run_for(STALL_S)
        box.signal(signal.SIGCONT)
        crowd.run_until(lambda: box.counter("turn_overruns") > before, "the overrun is counted")
        crowd.mark()
        crowd.run_until(crowd.all_moved, "every connection moves on")
        overruns, (longest, later), seconds = box.counter("turn_overruns"), longest_turn(box), time.monotonic() - started
    longest_s = longest / ((later - cycles) / seconds)
    demand(longest_s > STALL_S / 2, "the longest turn is said to be %.0f ms" % (longest_s * 1e3))
    return "50 flows, 0 lost; turns longer than 1 ms: %d before, %d after; the longest: %.0f ms" % (
        before, overruns, longest_s * 1e3)


def tables(arguments):
    """Flow table, cache, stations, SYN memory and withheld ACKs as small as the INI allows, and far too many flows."""
    settings = ("flows.max=64", "cache.segments=64", "cache.bytes=1MiB", "cache.flow_bytes=64KiB", "cache.stations=16",
                "syn.entries=1", "hold.acks=1")
    box = FaultBox(arguments.snoopd, settings, level="snoop")
    with loaded(arguments, box, flows=300) as crowd:
        crowd.run_until(lambda: box.counter("pass_table_full") > 0 and box.counter("pass_cache_full") > 0,
                        "full tables are counted")
        crowd.mark()
        crowd.run_until(crowd.all_moved, "every connection moves on")
        stats = box.stats()
    return "300 flows, 0 lost; pass_table_full %d, pass_cache_full %d, flows_active %d, repairs_confirmed %d" % tuple(
        stats[name] for name in ("pass_table_full", "pass_cache_full", "flows_active", "repairs_confirmed"))


def handoff(arguments):
    """The smallest rings between two workers on one CPU; after a stop both have more to hand over than fits."""
    box = FaultBox(arguments.snoopd, ("workers.distribution=software", "workers.handoff=64", "ports.tx_retries=0"),
                   workers=2)
    with loaded(arguments, box, flows=300) as crowd:
        for _ in range(50):
            box.signal(signal.SIGSTOP)
            crowd.run_for(0.2)
            box.signal(signal.SIGCONT)
            crowd.mark()
            crowd.run_until(crowd.all_moved, "every connection moves on")
            if box.counter("handoff_drops") > 0:
                break
        stats = box.stats()
        demand(stats["handoff_drops"] > 0, "no ring was ever full")
    return "300 flows, 0 lost; handoff_packets %d, handoff_drops %d, tx_wired_drops %d, tx_wireless_drops %d" % tuple(
        stats[name] for name in ("handoff_packets", "handoff_drops", "tx_wired_drops", "tx_wireless_drops"))


def one_way(arguments):
    """The station's packets take another way, so that the box sees data and never an ACK."""
    box, lab = FaultBox(arguments.snoopd), Lab(PATH, sysctls=SYSCTLS)
    with running(box, lab):
        check_call("ip", "link", "add", "aside", "netns", lab.netns["mobile"], "type", "veth", "peer", "name", "aside",
                   "netns", lab.netns["wired"], "address", "02:00:00:00:78:01")
        for role in ("wired", "mobile"):
            lab.host_command(role, "ip", "link", "set", "aside", "up")
        lab.host_command("mobile", "ip", "neigh", "replace", ADDRESSES["wired"][4], "lladdr", "02:00:00:00:78:01", "dev",
                         "aside", "nud", "permanent")
        lab.host_command("mobile", "ip", "route", "replace", ADDRESSES["wired"][4] + "/32", "dev", "aside", "src",
                         ADDRESSES["mobile"][4])
        before = box.counter("rx_wireless_packets")
        crowd = Crowd(lab)
        crowd.grow(50)
        crowd.run_until(crowd.all_moved, "every connection is served")
        crowd.mark()
        crowd.run_until(crowd.all_moved, "every connection moves on")
        crowd.drain()
        stats = box.stats()
        repeats = sum(stats[name] for name in stats if name.startswith("repeats_"))
        demand(not crowd.lost, "connections lost: %s" % crowd.lost[:3])
        demand(stats["rx_wireless_packets"] == before, "the box has seen ACKs")
        demand(repeats == 0, "%d repeats without an ACK" % repeats)
        crowd.close()
        check_counters(arguments, box)
    return "50 flows, 0 lost; %d data segments seen, %d cached, %d timeouts, 0 repeats" % tuple(
        stats[name] for name in ("data_segments", "cached_segments_total", "timeouts"))


def goodput_bps(crowd, condition, what):
    started, before = time.monotonic(), crowd.bytes
    crowd.run_until(condition, what)
    return (crowd.bytes - before) * 8 / (time.monotonic() - started)


def flood(arguments):
    """SYNs from both sides, as fast as they can be sent, beside 100 connections. All hosts share one CPU with them."""
    box, lab = FaultBox(arguments.snoopd), VethLab(PATH, sysctls=SYSCTLS)
    with loaded(arguments, box, lab, flows=100, lossy=False) as crowd:
        end = time.monotonic() + 3
        alone = goodput_bps(crowd, lambda: time.monotonic() > end, "time")
        before, started = box.stats(), time.monotonic()
        floods = [lab.process(lab.in_netns(role, LAB_FAULTS_DIR / "synflood", lab.taps[tap]), "flood-" + role)
                  for role, tap in (("wired", "w0"), ("mobile", "m0"))]
        crowd.mark()
        target = before["rx_wired_packets"] + before["rx_wireless_packets"] + FLOOD_PACKETS
        beside = goodput_bps(crowd, lambda: crowd.all_moved() and box.counter("rx_wired_packets") +
                             box.counter("rx_wireless_packets") > target, "the flood and every connection beside it")
        stats, seconds = box.stats(), time.monotonic() - started
        for process in floods:
            process.kill()
            process.wait()
        demand(stats["flows_active"] <= 65536, "more flows than the table has")
    packets = sum(stats["rx_%s_packets" % side] - before["rx_%s_packets" % side] for side in ("wired", "wireless"))
    return "100 flows, 0 lost; %.0f packets/s received; goodput %.0f Mb/s alone, %.0f beside the flood: %.2f; " \
           "syn_remembered %d, flows_active %d" % (packets / seconds, alone / 1e6, beside / 1e6, beside / alone,
                                                   stats["syn_remembered"], stats["flows_active"])


def link_down(arguments):
    """The wireless port's interface goes down for a second, twice, then the wired one's."""
    box, lab = FaultBox(arguments.snoopd), VethLab(PATH, sysctls=SYSCTLS)
    gaps = []
    with loaded(arguments, box, lab, flows=100, lossy=False) as crowd:
        for tap in ("b1", "b1", "b0"):
            crowd.mark()
            lab.host_command("box", "ip", "link", "set", lab.taps[tap], "down")
            crowd.run_for(1)
            lab.host_command("box", "ip", "link", "set", lab.taps[tap], "up")
            crowd.mark()
            crowd.run_until(crowd.all_moved, "every connection moves on")
            gaps.append("%.0f ms" % (crowd.gap_s * 1e3))
        stats = box.stats()
    return "100 flows, 0 lost; longest gaps after 1 s: %s; dropped towards radio and wire: %d, %d" % (
        ", ".join(gaps), stats["tx_wireless_drops"], stats["tx_wired_drops"])


def veth_deleted(arguments):
    """The interface of a port vanishes under load: snoopd answers, and stops in order when it is told to."""
    told = []
    for tap in ("b0", "b1"):
        box, lab = FaultBox(arguments.snoopd), VethLab(PATH, sysctls=SYSCTLS)
        with running(box, lab, lossy=False):
            crowd = Crowd(lab)
            crowd.grow(100)
            crowd.run_until(crowd.all_moved, "every connection is served")
            lab.host_command("box", "ip", "link", "del", lab.taps[tap])
            crowd.run_for(1)
            demand(box.process.poll() is None, "snoopd ended with %s" % box.process.poll())
            demand(box.stats() is not None, "snoopd does not answer")
            crowd.close()
            check_counters(arguments, box)
            stopped = time.monotonic()
            box.stop()
            told.append("%s: answers, stops in %.1f s" % (tap, time.monotonic() - stopped))
    return "; ".join(told)


def wrap(arguments):
    """More than 4 GiB over one connection: its sequence numbers go round."""
    box, lab = FaultBox(arguments.snoopd), VethLab(PATH)
    with running(box, lab, lossy=False):
        pair = EndpointPair(lab, ["--bytes", WRAP_BYTES, "--answer", "--hash"])
        pair.listen()
        pair.start()
        sent, received = pair.finish(900)
        demand(sent and received and received[0].get("bytes") == WRAP_BYTES, "%s %s" % (sent, received))
        demand(sent[0]["sha256"] == received[0]["sha256"], "the payload differs")
        check_counters(arguments, box)
        stats, seconds = box.stats(), received[0]["done"] - received[0]["first"]
        demand(stats["flows_reset"] == 0, "the flow was forgotten on the way")
    return "%d bytes, hashes equal, %.0f Mb/s; %d segments cached, flows_reset 0, repairs_confirmed %d" % (
        WRAP_BYTES, WRAP_BYTES * 8 / seconds / 1e6, stats["cached_segments_total"], stats["repairs_confirmed"])


FAULTS = (crash, pause, stall, tables, handoff, one_way, flood, link_down, veth_deleted)
BY_HAND = (wrap,)
