# SPDX-License-Identifier: BSD-3-Clause
"""Two hosts, and between them a box on net_af_packet, over veth pairs: iperf3, and round trips
beside it. No emulator, no delay."""

import contextlib
import json
import os
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from dpdk import Steal, snoopd, testpmd
from lab import _die_with_parent, check_call, take_machine

ADDRESSES = ("10.78.0.1", "10.78.0.2")
DIRECT_ADDRESSES = ("10.79.0.1", "10.79.0.2")  # the hosts' other link, without a box
PINGS = 4000
PING_INTERVAL_S = 0.001
READY_DEADLINE_S = 20
VDEVS = [f"net_af_packet{i},iface=vb{i}" for i in (0, 1)]
# What the kernel would leave to the hardware must be done before the packet socket sees it.
OFFLOADS = ("tso", "gso", "gro", "tx", "tx-udp-segmentation")


class Veth:
    """host 0 -- box -- host 1, each in a namespace of its own."""

    def __enter__(self):
        self.netns = [f"snoopbench-{os.getpid()}-{role}" for role in ("host0", "host1", "box")]
        self.made = []
        try:
            self.build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def build(self):
        for netns in self.netns:
            check_call("ip", "netns", "add", netns)
            self.made.append(netns)
        box = self.netns[2]
        for i, address in enumerate(ADDRESSES):
            check_call("ip", "-n", box, "link", "add", f"vb{i}", "type", "veth", "peer", "name",
                       "vh0", "netns", self.netns[i])
            check_call("ip", "-n", self.netns[i], "addr", "add", f"{address}/24", "dev", "vh0")
            for netns, device in ((self.netns[i], "vh0"), (box, f"vb{i}")):
                for offload in OFFLOADS:
                    subprocess.run(self.within(netns, "ethtool", "-K", device, offload, "off"),
                                   capture_output=True)
                check_call("ip", "-n", netns, "link", "set", device, "up")
        check_call("ip", "-n", self.netns[0], "link", "add", "vd0", "type", "veth", "peer", "name",
                   "vd0", "netns", self.netns[1])
        for netns, address in zip(self.netns, DIRECT_ADDRESSES):
            check_call("ip", "-n", netns, "addr", "add", f"{address}/24", "dev", "vd0")
            check_call("ip", "-n", netns, "link", "set", "vd0", "up")

    def __exit__(self, *exc_info):
        for netns in self.made:
            subprocess.run(["ip", "netns", "del", netns], capture_output=True)

    @staticmethod
    def within(netns, *argv):
        return ["ip", "netns", "exec", netns, *argv]

    def wait_ready(self):
        deadline = time.monotonic() + READY_DEADLINE_S
        while subprocess.run(self.within(self.netns[0], "ping", "-q", "-c", "1", "-W", "0.3",
                                         ADDRESSES[1]),
                             capture_output=True).returncode != 0:
            if time.monotonic() > deadline:
                raise RuntimeError("no echo through the box")

    @contextlib.contextmanager
    def process(self, host, *argv):
        """Of that host; all hosts share the first CPU."""
        process = subprocess.Popen(["taskset", "-c", "0", *self.within(self.netns[host], *argv)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   preexec_fn=_die_with_parent)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def goodput_bps(self, seconds):
        with self.process(1, "iperf3", "-s", "-1"):
            deadline = time.monotonic() + READY_DEADLINE_S
            while True:
                done = subprocess.run(
                    ["taskset", "-c", "0",
                     *self.within(self.netns[0], "iperf3", "-c", ADDRESSES[1], "-J", "-C", "cubic",
                                  "-t", str(seconds), "-O", "1")],
                    capture_output=True, text=True)
                answer = json.loads(done.stdout or "{}")
                if "error" not in answer and "end" in answer:
                    return answer["end"]["sum_received"]["bits_per_second"]
                if time.monotonic() > deadline:
                    raise RuntimeError(f"iperf3: {answer.get('error', done.stderr)}")

    def listens(self, port):
        listening = subprocess.run(self.within(self.netns[1], "ss", "-Hltn", f"sport = :{port}"),
                                   capture_output=True)
        return bool(listening.stdout)

    def round_trips_ms(self, address, load_bps):
        """Echoes beside a TCP connection of that rate. @return times in ms, in order of size"""
        with self.process(1, "iperf3", "-s"):
            deadline = time.monotonic() + READY_DEADLINE_S
            while not self.listens(5201):
                if time.monotonic() > deadline:
                    raise RuntimeError("iperf3 does not listen")
                time.sleep(0.02)
            with self.process(0, "iperf3", "-c", address, "-C", "cubic", "-b", str(int(load_bps)),
                              "-t", "600") as load:
                ping = ["taskset", "-c", "0",
                        *self.within(self.netns[0], "ping", "-i", str(PING_INTERVAL_S), "-W", "2",
                                                           "-c", str(PINGS), address)]
                done = subprocess.run(ping, capture_output=True, text=True)
                if load.poll() is not None:
                    raise RuntimeError(f"iperf3 ended with status {load.returncode}")
        times = sorted(float(time_ms) for time_ms in re.findall(r"time=([\d.]+) ms", done.stdout))
        if len(times) < PINGS * 0.99:
            raise RuntimeError(f"{PINGS} echoes sent, {len(times)} came back")
        return times


def boxes_of(net, binary, folder):
    """@return name -> what starts it"""
    into = ["nice", "-n", "-20", *net.within(net.netns[2])]
    return {
        "testpmd io": lambda: testpmd("io", VDEVS, prefix_argv=into),
        "snoopd repair": lambda: snoopd(binary, Path(folder) / "snoopd.ini",
                                        ("net_af_packet0", "net_af_packet1"),
                                        "repair", VDEVS, prefix_argv=into),
    }


def compare(binary, rounds, seconds):
    """@return one result per box"""
    rates, steal, results = {}, Steal(), []
    with take_machine(), Veth() as net, tempfile.TemporaryDirectory() as folder:
        boxes = boxes_of(net, binary, folder)
        for _ in range(rounds):  # in turns, so that a slow spell hits both
            for name, start in boxes.items():
                with start():
                    net.wait_ready()
                    rates.setdefault(name, []).append(net.goodput_bps(seconds))
    base = rates["testpmd io"]
    for name, values in rates.items():
        rate = statistics.median(values)
        # Each round's neighbours are compared, so that a slow spell of the machine drops out.
        share = statistics.median(value / beside for value, beside in zip(values, base))
        results.append({"veth": name, "goodput_bps": rate, "of_testpmd": share,
                        "all_bps": values, "steal_percent": steal.percent()})
        print(f"veth, {name:14} {rate / 1e6:7.0f} Mb/s, {share:.2f} of testpmd io (median of the "
              "rounds); "
              f"{', '.join(f'{value / 1e6:.0f}' for value in values)}; stolen "
              f"{steal.percent():.1f} %", flush=True)
    return results


def percentile(ordered, share):
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def compare_round_trips(binary, rounds):
    """Round trips beside half of what iperf3 reaches through testpmd: without a box, and through
    each.

    @return one result per path; added_p99_us: more than without a box, median of the rounds"""
    times, steal, results = {}, Steal(), []
    with take_machine(), Veth() as net, tempfile.TemporaryDirectory() as folder:
        boxes = boxes_of(net, binary, folder)
        with boxes["testpmd io"]():
            net.wait_ready()
            load_bps = net.goodput_bps(2) / 2
        for _ in range(rounds):
            times.setdefault("no box", []).append(net.round_trips_ms(DIRECT_ADDRESSES[1], load_bps))
            for name, start in boxes.items():
                with start():
                    net.wait_ready()
                    times.setdefault(name, []).append(net.round_trips_ms(ADDRESSES[1], load_bps))
    for name, found in times.items():
        p50, p99, p999 = (statistics.median(percentile(one, share) for one in found) * 1e3
                          for share in (0.5, 0.99, 0.999))
        added = statistics.median(percentile(one, 0.99) - percentile(beside, 0.99)
                                  for one, beside in zip(found, times["no box"])) * 1e3
        results.append({"round_trips": name, "load_bps": load_bps, "p50_us": p50, "p99_us": p99,
                        "p999_us": p999,
                        "added_p99_us": added, "steal_percent": steal.percent()})
        print(f"round trips beside {load_bps / 1e6:.0f} Mb/s, {name:14} p50 {p50:5.0f} us, p99 "
              f"{p99:5.0f} us, p99.9 {p999:5.0f} us, "
              f"added to p99 {added:5.0f} us; p99 of each round "
              f"{', '.join(f'{percentile(one, 0.99) * 1e3:.0f}' for one in found)}; stolen "
              f"{steal.percent():.1f} %", flush=True)
    return results
