# SPDX-License-Identifier: BSD-3-Clause
"""iperf3 over veth pairs: two hosts, and between them a box on net_af_packet. No emulator, no delay."""

import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from dpdk import Steal, snoopd, testpmd
from lab import _die_with_parent, check_call, take_machine

ADDRESSES = ("10.78.0.1", "10.78.0.2")
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
            check_call("ip", "-n", box, "link", "add", f"vb{i}", "type", "veth", "peer", "name", "vh0", "netns",
                       self.netns[i])
            check_call("ip", "-n", self.netns[i], "addr", "add", f"{address}/24", "dev", "vh0")
            for netns, device in ((self.netns[i], "vh0"), (box, f"vb{i}")):
                for offload in OFFLOADS:
                    subprocess.run(self.within(netns, "ethtool", "-K", device, offload, "off"), capture_output=True)
                check_call("ip", "-n", netns, "link", "set", device, "up")

    def __exit__(self, *exc_info):
        for netns in self.made:
            subprocess.run(["ip", "netns", "del", netns], capture_output=True)

    @staticmethod
    def within(netns, *argv):
        return ["ip", "netns", "exec", netns, *argv]

    def wait_ready(self):
        deadline = time.monotonic() + READY_DEADLINE_S
        while subprocess.run(self.within(self.netns[0], "ping", "-q", "-c", "1", "-W", "0.3", ADDRESSES[1]),
                             capture_output=True).returncode != 0:
            if time.monotonic() > deadline:
                raise RuntimeError("no echo through the box")

    def goodput_bps(self, seconds):
        server = subprocess.Popen(["taskset", "-c", "0", *self.within(self.netns[1], "iperf3", "-s", "-1")],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_die_with_parent)
        try:
            deadline = time.monotonic() + READY_DEADLINE_S
            while True:
                done = subprocess.run(
                    ["taskset", "-c", "0", *self.within(self.netns[0], "iperf3", "-c", ADDRESSES[1], "-J", "-C", "cubic",
                                                        "-t", str(seconds), "-O", "1")], capture_output=True, text=True)
                answer = json.loads(done.stdout or "{}")
                if "error" not in answer and "end" in answer:
                    return answer["end"]["sum_received"]["bits_per_second"]
                if time.monotonic() > deadline:
                    raise RuntimeError(f"iperf3: {answer.get('error', done.stderr)}")
        finally:
            server.kill()
            server.wait()


def compare(binary, rounds, seconds):
    """@return one result per box"""
    rates, steal, results = {}, Steal(), []
    with take_machine(), Veth() as net, tempfile.TemporaryDirectory() as folder:
        into = ["nice", "-n", "-20", *net.within(net.netns[2])]
        boxes = {
            "testpmd io": lambda: testpmd("io", VDEVS, prefix_argv=into),
            "snoopd repair": lambda: snoopd(binary, Path(folder) / "snoopd.ini", ("net_af_packet0", "net_af_packet1"),
                                            "repair", VDEVS, prefix_argv=into),
        }
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
        print(f"veth, {name:14} {rate / 1e6:7.0f} Mb/s, {share:.2f} of testpmd io (median of the rounds); "
              f"{', '.join(f'{value / 1e6:.0f}' for value in values)}; stolen {steal.percent():.1f} %", flush=True)
    return results
