# SPDX-License-Identifier: BSD-3-Clause
"""Faults of the program itself under load, each a function of the arguments that returns one line
of figures or raises
CheckError."""

import re
import signal
import sys
import time
from pathlib import Path as FilePath

from fault_box import PATH, FaultBox, helped, loaded
from stacks import CheckSkipped, demand

sys.path.append(str(FilePath(__file__).resolve().parent.parent / "operate"))

from threads import StoppedThread, worker_thread  # noqa: E402

STALL_S = 0.2
PAUSE_S = 6
NO_BUFFERS_S = 1
CLOCK_STEPS_S = 3  # with a step every 250 ms, see clock_step.c
WRONG_RTT = 1.3  # by DPDK's frequency, see clock_rate.c, times are told 1.45 times as long


def crash(arguments):
    """kill -9 under load, then a restart."""
    box = FaultBox(arguments.snoopd)
    with loaded(arguments, box) as crowd:
        crowd.run_until(helped(box), "repairs")
        crowd.mark()
        killed = time.monotonic()
        box.signal(signal.SIGKILL)
        box.process.wait()
        box.start(crowd.lab)
        crowd.run_until(lambda: box.counter("flows_midstream") >= arguments.flows,
                        "every flow is picked up")
        gap_s = crowd.gap_s
        crowd.mark()  # only now, because what the hosts had received before proves nothing
        crowd.run_until(crowd.all_moved, "every connection moves on")
        moved = time.monotonic()
        crowd.run_until(helped(box), "repairs after the restart")
        stats = box.stats()
        figures = (arguments.flows, gap_s * 1e3, moved - killed, stats["flows_midstream"],
                   stats["repairs_confirmed"])
    return ("%d flows, 0 lost; longest gap at the receivers %.0f ms, all flows on after %.1f s; "
            "%d picked up mid-stream, %d repairs confirmed since" % figures)


def pause(arguments):
    """SIGSTOP, 6 s, SIGCONT: longer than flows may be idle, but none is forgotten. To the worker it
    was a second, so a flow would have to be silent for 4 s before."""
    box = FaultBox(arguments.snoopd, ["flows.idle=%ds" % (PAUSE_S - 1)])
    with loaded(arguments, box) as crowd:
        crowd.run_until(helped(box), "repairs")
        before = box.stats()
        box.signal(signal.SIGSTOP)
        crowd.mark()
        crowd.run_for(PAUSE_S)
        box.signal(signal.SIGCONT)
        crowd.run_until(lambda: box.counter("clock_steps") > before["clock_steps"],
                        "the pause is left out")
        demand(box.counter("flows_expired") == before["flows_expired"], "flows are forgotten")
        crowd.run_until(crowd.all_moved, "every connection moves on")
        crowd.run_until(lambda: box.counter("repairs_confirmed") > before["repairs_confirmed"],
                        "repairs")
        figures = (arguments.flows, crowd.gap_s * 1e3,
                   box.counter("repairs_confirmed") - before["repairs_confirmed"])
    return ("%d flows, 0 lost; longest gap at the receivers %.0f ms; "
            "%d repairs confirmed since" % figures)


def stall(arguments):
    """One worker stands for 200 ms while all other threads run: the stall is counted and logged
    with its length."""
    box = FaultBox(arguments.snoopd)
    with loaded(arguments, box, flows=50) as crowd:
        before = box.stats()["turn_stalls"]
        try:
            stopped = StoppedThread(worker_thread(box.process.pid)).__enter__()
        except PermissionError as error:
            raise CheckSkipped(str(error)) from None
        try:
            crowd.run_for(STALL_S)
        finally:
            stopped.__exit__()
        crowd.run_until(lambda: box.counter("turn_stalls") > before, "the stall is counted")
        crowd.run_until(lambda: re.search("event=stall worker=0 .*state=over", box.log()),
                        "the stall is logged")
        crowd.mark()
        crowd.run_until(crowd.all_moved, "every connection moves on")
        length_ms = int(re.search(r"event=stall worker=0 .*state=over length_ms=(\d+)",
                                  box.log()).group(1))
        stalls = box.stats()["turn_stalls"] - before
    demand(length_ms >= STALL_S * 1000, "the stall is said to be %d ms" % length_ms)
    return "50 flows, 0 lost; turn_stalls +%d; the log says %d ms" % (stalls, length_ms)


def tables(arguments):
    """Flow table, cache, stations, SYN memory and withheld ACKs are as small as the INI allows,
    and there are far too many flows."""
    settings = ("flows.max=64", "cache.segments=64", "cache.bytes=1MiB", "cache.flow_bytes=64KiB",
                "cache.stations=16",
                "syn.entries=1", "withhold.acks=1")
    box = FaultBox(arguments.snoopd, settings, level="snoop")
    with loaded(arguments, box, flows=300) as crowd:
        crowd.run_until(lambda: box.counter("pass_table_full") > 0 and
                        box.counter("pass_cache_full") > 0,
                        "full tables are counted")
        crowd.mark()
        crowd.run_until(crowd.all_moved, "every connection moves on")
        stats = box.stats()
    return ("300 flows, 0 lost; pass_table_full %d, pass_cache_full %d, flows_active %d, "
            "repairs_confirmed %d") % tuple(
        stats[name] for name in ("pass_table_full", "pass_cache_full", "flows_active",
                                 "repairs_confirmed"))


def handoff(arguments):
    """The rings between two workers on one CPU are the smallest; after a stop both workers have
    more to hand over than fits."""
    box = FaultBox(arguments.snoopd, ("workers.distribution=software", "workers.handoff=64",
                                      "ports.tx_retries=0"),
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
    return ("300 flows, 0 lost; handoff_packets %d, handoff_drops %d, tx_wired_drops %d, "
            "tx_wireless_drops %d") % tuple(
        stats[name] for name in ("handoff_packets", "handoff_drops", "tx_wired_drops",
                                 "tx_wireless_drops"))


def no_buffers(arguments):
    """Every free packet buffer is taken away under load for a second; at the end all are back in
    the pool."""
    box = FaultBox(arguments.snoopd, shim="libpool_hog.so")
    with loaded(arguments, box, flows=100) as crowd:
        crowd.run_until(helped(box), "repairs")
        box.signal(signal.SIGRTMIN + 1)
        crowd.run_until(lambda: "pool_hog: taken=" in box.log(), "the buffers are taken")
        before = box.stats()
        crowd.run_for(NO_BUFFERS_S)
        after = box.stats()
        box.signal(signal.SIGRTMIN + 1)
        crowd.run_until(lambda: "pool_hog: returned=" in box.log(), "the buffers are given back")
        crowd.mark()
        crowd.run_until(crowd.all_moved, "every connection moves on")
        repairs = box.stats()["repairs_confirmed"]
        crowd.run_until(lambda: box.counter("repairs_confirmed") > repairs, "repairs")
        taken = int(re.search(r"pool_hog: returned=(\d+)", box.log()).group(1))
        demand(taken > 0, "no buffer was free")
    received = sum(after[name] - before[name]
                   for name in ("rx_wired_packets", "rx_wireless_packets"))
    return ("100 flows, 0 lost; %d buffers taken away, in %d s %d packets received with what was "
            "given back meanwhile; pool full at the end" % (taken, NO_BUFFERS_S, received))


def clock_steps(arguments):
    """The system's clock jumps by an hour, forth and back, four times a second."""
    box = FaultBox(arguments.snoopd, shim="libclock_step.so")
    with loaded(arguments, box, flows=100) as crowd:
        crowd.run_until(helped(box), "repairs")
        demand("clock_step: loaded" in box.log(), "the clock is not ours")
        before = box.stats()
        crowd.mark()
        crowd.run_for(CLOCK_STEPS_S)
        crowd.run_until(crowd.all_moved, "every connection moves on")
        crowd.run_until(lambda: box.counter("repairs_confirmed") > before["repairs_confirmed"],
                        "repairs")
        stats = box.stats()
        demand(stats["flows_expired"] == before["flows_expired"], "flows are said to be idle")
        gap_s = crowd.gap_s
    return ("100 flows, 0 lost, all known throughout; %d steps of +-1 h, "
            "longest gap at the receivers %.0f ms") % (
        CLOCK_STEPS_S * 4, gap_s * 1e3)


def clock_rate(arguments):
    """DPDK believes a wrong frequency of the TSC; then the machine moves to a host with another."""
    box = FaultBox(arguments.snoopd, shim="libclock_rate.so")
    with loaded(arguments, box, flows=50) as crowd:
        demand("clock_rate: loaded" in box.log(), "the clock is not ours")
        demand(box.log().count("event=clock state=calibrated") == 1, "the clock is not named")
        rtts_us = [flow["min_rtt_us"] for flow in box.ask("/snoop/flows")["flows"].values()
                   if flow["min_rtt_us"] > 0]
        radio_us = 2 * PATH.radio.delay_us
        demand(rtts_us and min(rtts_us) < WRONG_RTT * radio_us,
               "%s us told, the radio has %d" % (min(rtts_us, default=None), radio_us))
        before = box.stats()
        crowd.run_until(lambda: box.log().count("event=clock state=calibrated") == 2,
                        "the other host is noticed")
        crowd.run_until(lambda: box.counter("clock_calibrations") > before["clock_calibrations"],
                        "the worker follows")
        repaired = box.counter("repairs_confirmed")
        crowd.mark()
        crowd.run_until(crowd.all_moved, "every connection moves on")
        crowd.run_until(lambda: box.counter("repairs_confirmed") > repaired, "repairs")
        stats = box.stats()
        demand(stats["flows_expired"] == before["flows_expired"], "flows are said to be idle")
    return "50 flows, 0 lost; least RTT told %.1f ms, the radio has %.1f" % (
        min(rtts_us) / 1e3, radio_us / 1e3)


FAULTS = (crash, pause, stall, tables, handoff, no_buffers, clock_steps, clock_rate)
