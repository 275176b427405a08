# SPDX-License-Identifier: BSD-3-Clause
"""What can stand between the wired path and the radio: the plain wire, a kernel bridge, snoopd."""

import json
import os
import shutil
import signal
import socket
import subprocess

from lab import LabError, REPO_DIR, check_call

WORKER_CPU = "1"
STOP_DEADLINE_S = 15
POLLS_MAX = 100
# Of a worker that another program keeps from its CPU, whether packets move or not.
UNSTEADY = {"turn_overruns", "turn_stalls"}
LEVELS = ("observe", "repair", "snoop", "auto", "bypass")


def telemetry(file_prefix, command):
    """Ask a DPDK process over its telemetry socket (protocol v2). @return the answer, None if there
    is none"""
    path = f"/var/run/dpdk/{file_prefix}/dpdk_telemetry.v2"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            sock.settimeout(5)
            sock.connect(path)
            hello = json.loads(sock.recv(1024))
            sock.send(command.encode())
            answer = json.loads(sock.recv(hello["max_output_len"]))
    except (OSError, ValueError, KeyError):
        return None
    answer = answer.get(command.split(",")[0])
    return answer if isinstance(answer, dict) else None  # a text: snoopd refuses


def adds_up(stats):
    """lib/counters/counters.h"""
    received = stats["rx_wired_packets"] + stats["rx_wireless_packets"]
    return received == (stats["forwarded_packets"] + stats["acks_freed"] +
                        stats["acks_withheld_now"] +
                        sum(stats[name] for name in (
                            "tx_wired_drops", "tx_wireless_drops", "handoff_drops",
                            "rx_wired_cut", "rx_wireless_cut", "tx_wired_too_long",
                            "tx_wireless_too_long")))


def steady(stats):
    """@return the counters that stand still while no packet moves"""
    return {name: value for name, value in stats.items() if name not in UNSTEADY}


def quiescent_stats(box, snoopctl):
    """The counters add up only while no packet is under way: ask until two answers are the same."""
    last = None
    for _ in range(POLLS_MAX):
        asked = subprocess.run([snoopctl, "--file-prefix", box.file_prefix, "stats", "--json"],
                               capture_output=True, text=True, timeout=30, check=False)
        if asked.returncode:
            break
        counters = steady(json.loads(asked.stdout))
        if counters == last:
            break
        last = counters
    return asked


class Box:
    """The interface of all boxes; `spec` is what the command line said, and the name in tables."""

    def __init__(self, spec):
        self.spec = spec
        self.process = None
        self.exit_status = None

    def start(self, lab):
        raise NotImplementedError

    def stop(self):
        pass

    def stats(self):
        return None

    def verdict(self):
        """@return the id of the first sentence of snoopd's status (verdict_rows.h)"""
        return None


class BridgeBox(Box):
    """The kernel's bridge: the second baseline, free of DPDK."""

    def start(self, lab):
        netns, bridge = lab.netns["box"], f"brx{lab.id}"
        check_call("ip", "-n", netns, "link", "add", bridge, "type", "bridge", "stp_state", "0",
                   "forward_delay", "0")
        for tap in ("b0", "b1"):
            check_call("ip", "-n", netns, "link", "set", lab.taps[tap], "master", bridge)
        check_call("ip", "-n", netns, "link", "set", bridge, "up")


class DpdkBox(Box):
    """A DPDK process on two net_af_packet ports; the main lcore sleeps, the worker polls CPU 1."""

    name = "box"  # of its log and its files: one for each box of a lab

    def __init__(self, spec):
        super().__init__(spec)
        self.file_prefix = None

    def interfaces(self, lab):
        """@return those of the wired and of the wireless port"""
        return lab.taps["b0"], lab.taps["b1"]

    def eal_args(self, lab, megabytes):
        self.file_prefix = f"snooplab{lab.id}" + self.name.removeprefix("box")
        args = ["-l", f"0-{WORKER_CPU}", "--no-huge", "-m", str(megabytes), "--no-pci",
                "--iova-mode=va",
                f"--file-prefix={self.file_prefix}"]
        for index, interface in enumerate(self.interfaces(lab)):
            args.append(f"--vdev=net_af_packet{index},iface={interface}")
        return args

    def launch(self, lab, argv, **kwargs):
        # A build on the same machine must not take the worker's CPU for whole time slices.
        self.process = lab.process(["nice", "-n", "-20", *lab.in_netns("box", *argv)],
                                   self.name, cpu=None, **kwargs)

    def stop(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.exit_status = self.process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.exit_status = f"killed: did not stop within {STOP_DEADLINE_S} s of SIGINT"
        finally:
            if self.process.stdin is not None:
                self.process.stdin.close()
            shutil.rmtree(f"/var/run/dpdk/{self.file_prefix}", ignore_errors=True)


class PlainBox(DpdkBox):
    """dpdk-testpmd, io forwarding: the same ports and the same core as snoopd, no intelligence."""

    def start(self, lab):
        # testpmd ends when its standard input does, so it gets a pipe that stays open.
        self.launch(lab, ["dpdk-testpmd", *self.eal_args(lab, 128), "--", "--forward-mode=io",
                          "--auto-start",
                          "--nb-cores=1", "--no-lsc-interrupt", "--total-num-mbufs=16384"],
                    stdin=subprocess.PIPE)


class SnoopdBox(DpdkBox):
    """snoopd itself, with an INI file made from its level and overrides."""

    megabytes = 512

    def __init__(self, spec, level, overrides, binary):
        super().__init__(spec)
        self.level = level
        self.overrides = overrides
        self.binary = binary

    def ini(self):
        # The namespace's loopback is down, and several boxes run side by side.
        sections = {"link": {"wired": "net_af_packet0", "wireless": "net_af_packet1"},
                    "metrics": {"listen": "off"}}
        if self.level:  # without one: snoopd's default
            sections["link"]["mode"] = self.level
        rules = []
        for override in self.overrides:
            name, _, value = override.partition("=")
            section, _, key = name.rpartition(".")
            if not section or not key:
                raise LabError(f"{override}: want section.key=value")
            sections.setdefault(section, {})[key] = value
        for section, keys in sections.items():
            rules += [f"[{section}]", *[f"{key} = {value}" for key, value in keys.items()], ""]
        return "\n".join(rules)

    def start(self, lab):
        if not os.access(self.binary, os.X_OK):
            raise LabError(f"{self.binary}: not there or not executable; build it (ninja -C build) "
                           "or say "
                           "--snoopd PATH")
        config = lab.dir / f"{self.name}.ini"
        config.write_text(self.ini())
        self.launch(lab, [self.binary, *self.eal_args(lab, self.megabytes), "--", "--config",
                          str(config)])

    def stats(self):
        return telemetry(self.file_prefix, "/snoop/stats")

    def verdict(self):
        return (telemetry(self.file_prefix, "/snoop/status") or {}).get("verdict_id")


def make_box(spec, overrides=(), binary=None):
    """@param spec  plain | bridge | snoopd[:LEVEL[:section.key=value,...]]"""
    kind, _, rest = spec.partition(":")
    if kind == "plain" and not rest:
        return PlainBox(spec)
    if kind == "bridge" and not rest:
        return BridgeBox(spec)
    if kind == "snoopd":
        level, _, own = rest.partition(":")
        if level and level not in LEVELS:
            raise LabError(f"--box {spec}: level {level}: want one of {' '.join(LEVELS)}")
        own_overrides = [pair for pair in own.split(",") if pair]
        default_binary = REPO_DIR / "build" / "app" / "snoopd" / "snoopd"
        return SnoopdBox(spec, level, [*overrides, *own_overrides], str(binary or default_binary))
    raise LabError(f"--box {spec}: want plain, bridge or snoopd[:LEVEL[:section.key=value,...]]")
