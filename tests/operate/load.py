# SPDX-License-Identifier: BSD-3-Clause
"""iperf3 through a Wire of bench.py. Its two ends move into namespaces of their own and use the
kernel's TCP."""

import json
import subprocess
import threading
import urllib.request

from bench import check_call, die_with_parent

LISTEN = "127.0.0.1:9464"
ADDRESSES = {"a0": "10.0.0.1", "b0": "10.0.0.2"}
CPU = "0"  # the worker's is 1


class Host:
    """A namespace with one of the ends. It lives as long as its process."""

    def __init__(self, name):
        self.process = subprocess.Popen(["unshare", "--net", "--", "sh", "-c",
                                         "echo ready; exec sleep 3600"],
                                        stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        self.process.stdout.readline()
        check_call("ethtool", "-K", name, "tx", "off", "tso", "off", "gso", "off", "gro", "off")
        check_call("ip", "link", "set", name, "netns", str(self.process.pid))
        self.inside = ["nsenter", "-t", str(self.process.pid), "-n", "--"]
        check_call(*self.inside, "ip", "addr", "add", f"{ADDRESSES[name]}/24", "dev", name)
        check_call(*self.inside, "ip", "link", "set", name, "up")

    def end(self):
        self.process.kill()
        self.process.wait()


class Iperf:
    """A server at the wireless end, and clients at the wired one."""

    def __init__(self, wire):
        for sock in wire.sockets.values():
            sock.close()
        self.wire, self.hosts = wire, []

    def __enter__(self):
        self.hosts = [Host(name) for name in ADDRESSES]
        self.server = subprocess.Popen(["taskset", "-c", CPU, *self.hosts[1].inside, "iperf3",
                                        "-s"], stdout=subprocess.DEVNULL,
                                       preexec_fn=die_with_parent)
        self.wire.wait(self.listens, "iperf3 does not listen")
        return self

    def listens(self):
        shown = subprocess.run([*self.hosts[1].inside, "ss", "-Hltn"], capture_output=True,
                               text=True, check=True).stdout
        return ":5201 " in shown

    def __exit__(self, *exc_info):
        self.server.kill()
        self.server.wait()
        for host in self.hosts:
            host.end()

    def run(self, seconds, *args):
        """@return what iperf3 measured."""
        done = subprocess.run(["taskset", "-c", CPU, *self.hosts[0].inside, "iperf3", "-J", "-c",
                               ADDRESSES["b0"], "-C", "cubic",
                               "-t", str(seconds), *args], capture_output=True, text=True,
                              timeout=seconds + 60, check=False)
        end = json.loads(done.stdout)
        if "error" in end:
            raise AssertionError(end["error"])
        return end["end"]

    def quiet_stats(self):
        """The counters add up while no packet is under way, that is, when two readings are
        equal."""
        last = {}

        def rests():
            nonlocal last
            before, last = last, {name: value for name, value in self.wire.ask("stats").items()
                                  if not name.startswith("turn_")}
            return before == last
        self.wire.wait(rests, "the counters do not come to rest")
        return last


class Background(threading.Thread):
    """Repeat something until stop(), and count how often."""

    def __init__(self, turn, pause_s=0):
        super().__init__(daemon=True)
        self.turn, self.pause_s, self.ended, self.turns, self.error = (turn, pause_s,
                                                                       threading.Event(), 0, None)

    def run(self):
        try:
            while not self.ended.is_set():
                self.turn()
                self.turns += 1
                self.ended.wait(self.pause_s)
        except Exception as error:  # stop() reports it
            self.error = error

    def stop(self):
        self.ended.set()
        self.join()
        if self.error is not None:
            raise self.error


def lost_inside(before, after):
    """@return packets that were received, but neither forwarded, kept nor counted as dropped; and
    those that were counted as dropped"""
    gained = {name: after[name] - before[name] for name in after}
    drops = sum(gained[name] for name in (
        "tx_wired_drops", "tx_wireless_drops", "handoff_drops", "rx_wired_cut", "rx_wireless_cut",
        "tx_wired_too_long", "tx_wireless_too_long"))
    received = gained["rx_wired_packets"] + gained["rx_wireless_packets"]
    return (received - gained["forwarded_packets"] - gained["acks_freed"] -
            gained["acks_withheld_now"] - drops, drops)


def missed(wire):
    """What the ports dropped before snoopd saw it."""
    status = wire.ask("status")
    return sum(status[side]["missed_packets"] for side in ("wired", "wireless"))


def scrape():
    """Ask for what Prometheus and an open page ask for."""
    for path in "/metrics", "/snoop.json":
        with urllib.request.urlopen(f"http://{LISTEN}{path}", timeout=30) as reply:
            if not reply.read():
                raise AssertionError(f"{path} is empty")
