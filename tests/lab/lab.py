# SPDX-License-Identifier: BSD-3-Clause
"""The lab: two real Linux hosts in network namespaces, and between them

    wired host --[emulated wired path]-- box --[emulated radio]-- mobile host

One `linkemu` process emulates both links; the box is whatever stands between the taps b0 and b1
(see boxes.py). Every name carries the id of this process, so a run touches nothing that it did not
make, and everything is undone when the `Lab` context ends, by whatever way it ends.

CPU 0 carries the hosts and the emulator, CPU 1 the polling worker of the box.
"""

import atexit
import ctypes
import fcntl
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path as FilePath

LAB_DIR = FilePath(__file__).resolve().parent
REPO_DIR = LAB_DIR.parent.parent
HOSTS_CPU = "0"
LOCK_PATH = "/run/snoopd-lab.lock"  # root's: in /run/lock any user could be there first

ADDRESSES = {
    "wired": {4: "10.77.0.1", 6: "fd77::1", "mac": "02:00:00:00:77:01"},
    "mobile": {4: "10.77.0.2", 6: "fd77::2", "mac": "02:00:00:00:77:02"},
}

NEEDS_ROOT = "the lab needs root: it makes network namespaces and taps"

# Written down rather than inherited: results must not depend on the host's sysctl.conf.
HOST_SYSCTLS = {
    "net.ipv4.tcp_rmem": "4096 131072 33554432",
    "net.ipv4.tcp_wmem": "4096 16384 4194304",
    "net.ipv4.tcp_recovery": "1",
    "net.ipv4.tcp_sack": "1",
    "net.ipv4.tcp_timestamps": "1",
    "net.ipv4.tcp_ecn": "2",
    # A connection must not inherit the window that an earlier one measured.
    "net.ipv4.tcp_no_metrics_save": "1",
}
# Without --host-defaults. With it, hosts and box configure IPv6 by themselves.
QUIET_SYSCTLS = {
    "net.ipv6.conf.default.accept_dad": "0",
    "net.ipv6.conf.default.accept_ra": "0",
    "net.ipv6.conf.default.router_solicitations": "0",
    # Multicast reports all at once at the start: a frame later on would shift the pattern of
    # losses.
    "net.ipv6.conf.default.addr_gen_mode": "1",
    "net.ipv6.conf.default.mldv2_unsolicited_report_interval": "1",
}
BOX_SYSCTLS = {
    "net.ipv6.conf.all.disable_ipv6": "1",
    "net.ipv6.conf.default.disable_ipv6": "1",
}
PROFILES = {
    "default": {},
    "norack": {"net.ipv4.tcp_recovery": "0"},
    "nosack": {"net.ipv4.tcp_sack": "0"},
    "notimestamps": {"net.ipv4.tcp_timestamps": "0"},
    # What a sender of the nineties had: no SACK, no RACK, no timestamps, no window above 64 KB.
    "reno1990": {
        "net.ipv4.tcp_recovery": "0",
        "net.ipv4.tcp_sack": "0",
        "net.ipv4.tcp_timestamps": "0",
        "net.ipv4.tcp_window_scaling": "0",
        "net.ipv4.tcp_early_retrans": "0",
        "net.ipv4.tcp_frto": "0",
    },
}


class LabError(Exception):
    """Something that the user can act on; printed without a stack trace."""


@dataclass(frozen=True)
class Link:
    """One link, the same in both directions unless `fwd` or `rev` say otherwise.

    fwd is towards the mobile host. The keys are those of `linkemu --help`.
    """

    rate_bps: float
    delay_us: float
    queue_bytes: float
    fwd: dict = field(default_factory=dict)
    rev: dict = field(default_factory=dict)

    def keys(self, direction):
        keys = {"rate_bps": self.rate_bps, "delay_us": self.delay_us,
                "queue_bytes": self.queue_bytes}
        keys.update(self.fwd if direction == "fwd" else self.rev)
        return keys


@dataclass(frozen=True)
class Path:
    name: str
    wired: Link
    radio: Link


_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def _die_with_parent():
    """In the child: a killed driver must not leave its children polling a core."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setpgrp()  # Ctrl-C on the terminal is ours to pass on, in order


def check_call(*argv):
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(f"{' '.join(argv)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def take_machine():
    """Only one measurement at a time on one machine. @return the lock, held until closed."""
    if os.geteuid() != 0:
        raise LabError(NEEDS_ROOT)
    lock = open(LOCK_PATH, "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("another run holds the lab, waiting for it", file=sys.stderr)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


@functools.lru_cache(maxsize=None)
def find_linkemu():
    """@return the emulator: the build's, or one compiled on the spot when the build has none.

    Root runs it, so it is never one that lies where another user could have put it: what is
    compiled here lies in a folder that nobody else can name before, and goes when this process
    ends.
    """
    sources = sorted((LAB_DIR / "linkemu").glob("*.[ch]"))
    newest = max(source.stat().st_mtime for source in sources)
    built = REPO_DIR / "build" / "tests" / "lab" / "linkemu" / "linkemu"
    if built.exists() and built.stat().st_mtime >= newest:
        return str(built)
    folder = tempfile.mkdtemp(prefix="snoopd-linkemu-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    fresh = os.path.join(folder, "linkemu")
    check_call("gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-g", "-Wall", "-Wextra", "-o", fresh,
               *[str(source) for source in sources
                 if source.suffix == ".c" and not source.name.startswith("test_")], "-lm")
    return fresh


class Lab:
    """The topology, as a context manager. `process()` and `host_command()` are for what runs
    inside.

    host_defaults  the hosts leave checksums and segmentation to their cards, and hosts and box
                   configure IPv6 by themselves, as all do unless they are told not to
    station        "linux", or "lwip": the mobile host's kernel has no address then (traffic.py)
    """

    # What linkemu emulates: name, then host and tap at either end; "fwd" is from left to right.
    links = (("wired", "wired", "w0", "box", "b0"), ("radio", "box", "b1", "mobile", "m0"))

    def __init__(self, path, profile="default", seed=1, sysctls=None, keep_logs=False,
                 host_defaults=False, station="linux"):
        if os.geteuid() != 0:
            raise LabError(NEEDS_ROOT)
        self.path = path
        self.profile = profile
        self.seed = seed
        self.sysctls = sysctls or {}
        self.keep_logs = keep_logs
        self.host_defaults = host_defaults
        self.station = station
        self.id = str(os.getpid())
        self.netns = {role: f"snoop-{self.id}-{role}" for role in ("wired", "box", "mobile")}
        self.taps = {tap: f"{tap}x{self.id}" for _, tap in self.ends()}
        self.dir = None
        self._made_netns = []
        self._processes = []
        self._linkemu = None

    def __enter__(self):
        atexit.register(self.close)  # sys.exit in a signal handler, unhandled errors
        try:
            self.dir = FilePath(tempfile.mkdtemp(prefix=f"snoop-lab-{self.id}-"))
            self._make_netns()
            self._start_linkemu()
            self._configure_hosts()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exc_info):
        self.close()

    def close(self):
        for process in reversed(self._processes):
            if process.poll() is None:
                process.kill()
            process.wait()
        self._processes = []
        while self._made_netns:
            subprocess.run(["ip", "netns", "del", self._made_netns.pop()], capture_output=True)
        if self.dir is not None and not self.keep_logs:
            shutil.rmtree(self.dir, ignore_errors=True)
        self.dir = None if not self.keep_logs else self.dir
        atexit.unregister(self.close)

    def ends(self):
        """@return host and tap of each end of the links"""
        return [end for link in self.links for end in (link[1:3], link[3:5])]

    def in_netns(self, role, *argv):
        return ["ip", "netns", "exec", self.netns[role], *argv]

    def process(self, argv, name, cpu=HOSTS_CPU, **kwargs):
        """Start a process that ends with the lab. Its output goes to NAME.log in the lab's
        directory."""
        if cpu is not None:
            argv = ["taskset", "-c", cpu, *argv]
        if "stdout" not in kwargs:
            log = open(self.dir / f"{name}.log", "w")
            kwargs.update(stdout=log, stderr=subprocess.STDOUT)
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen([str(arg) for arg in argv], preexec_fn=_die_with_parent,
                                   **kwargs)
        self._processes.append(process)
        return process

    def host_command(self, role, *argv):
        return check_call(*self.in_netns(role, *argv))

    def log_tail(self, name, lines=12):
        try:
            text = (self.dir / f"{name}.log").read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def wait_path_ready(self, box_process=None, box_name="box", deadline_s=30.0):
        """The event that matters: an echo crossed both links and the box, in both directions."""
        deadline = time.monotonic() + deadline_s
        target = ADDRESSES["mobile"][4]
        round_trip_s = 2e-6 * (self.path.wired.delay_us + self.path.radio.delay_us)
        while time.monotonic() < deadline:
            if box_process is not None and box_process.poll() is not None:
                raise LabError(f"{box_name} ended with status {box_process.returncode}:\n"
                               f"{self.log_tail(box_name)}")
            done = subprocess.run(self.in_netns("wired", "ping", "-q", "-c", "1", "-W",
                                                f"{0.3 + round_trip_s:.2f}", target),
                                  capture_output=True)
            if done.returncode == 0:
                return
        raise LabError(f"no echo through {box_name} within {deadline_s:g} s:\n"
                       f"{self.log_tail(box_name)}")

    # The emulator

    def control(self, command, attempts=200):
        """One command to linkemu, again where it lost patience with a client that was not
        scheduled. @return its answer"""
        for attempt in range(attempts):
            try:
                answer = self._ask_linkemu(command)
                break
            except (BrokenPipeError, ConnectionResetError, json.JSONDecodeError):
                if attempt == attempts - 1:
                    raise
        if "error" in answer:
            raise LabError(f"linkemu: {command}: {answer['error']}")
        return answer

    def _ask_linkemu(self, command, timeout_s=5.0):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            sock.settimeout(timeout_s)
            sock.connect(str(self.dir / "linkemu.sock"))
            sock.send(command.encode())
            return json.loads(sock.recv(65536))

    def set_link(self, link, direction, **keys):
        for key, value in keys.items():
            self.control(f"set {link} {direction} {key} {value:.17g}")

    def reset_links(self):
        """Zero the counters, start the random sequences again from the seed."""
        names = ["radio", "wired", *[link[0] for link in self.links[2:]]]
        ways = [(name, direction) for name in names for direction in ("fwd", "rev")]
        for index, (link, direction) in enumerate(ways):
            self.set_link(link, direction, seed=self.seed + 1000 * index)
        self.control("reset")

    def _start_linkemu(self):
        offloads = "/offloads" if self.host_defaults else ""
        argv = [find_linkemu(), "--realtime", "--control", str(self.dir / "linkemu.sock")]
        for name, *ends in self.links:
            a, b = (f"{self.netns[role]}:{self.taps[tap]}{offloads if role != 'box' else ''}"
                    for role, tap in (ends[:2], ends[2:]))
            argv += ["--link", f"{name},a={a},b={b}", "--track", name]
            for direction in ("fwd", "rev"):
                keys = getattr(self.path, name.split("-")[0]).keys(direction)
                pairs = ",".join(f"{key}={value:.17g}" for key, value in keys.items())
                argv += ["--dir", f"{name}:{direction}:{pairs}"]
        self._linkemu = self.process(argv, "linkemu")
        deadline = time.monotonic() + 10
        while True:
            try:
                return self.control("stats")
            except OSError:
                if self._linkemu.poll() is not None or time.monotonic() > deadline:
                    raise LabError(f"linkemu did not start:\n{self.log_tail('linkemu')}") from None
                time.sleep(0.01)

    # The namespaces

    def _make_netns(self):
        for role, netns in self.netns.items():
            check_call("ip", "netns", "add", netns)
            self._made_netns.append(netns)
            sysctls = self._sysctls(role)
            self.host_command(role, "sysctl", "-q", "-w",
                              *[f"{key}={value}" for key, value in sysctls.items()])
            check_call("ip", "-n", netns, "link", "set", "lo", "up")

    def _sysctls(self, role):
        quiet = {} if self.host_defaults else QUIET_SYSCTLS if role != "box" else BOX_SYSCTLS
        if role == "box":
            return quiet or {"net.ipv6.conf.default.disable_ipv6": "0"}
        if role == "mobile" and self.station != "linux":
            return BOX_SYSCTLS  # a silent kernel
        return {**HOST_SYSCTLS, **quiet, **PROFILES[self.profile], **self.sysctls}

    def _configure_hosts(self):
        for role, tap in self.ends():
            address = ["address", ADDRESSES[role]["mac"]] if role in ADDRESSES else []
            check_call("ip", "-n", self.netns[role], "link", "set", self.taps[tap], *address,
                       "mtu", "1500", "txqueuelen", "10000", "up")
            if role == "box":  # as doc/deploy.md has it for its own interfaces
                self.host_command("box", "ethtool", "-K", self.taps[tap], "gro", "off", "lro",
                                  "off", "gso", "off", "tso", "off")
        for role, peer, tap in (("wired", "mobile", "w0"), ("mobile", "wired", "m0")):
            netns, dev = self.netns[role], self.taps[tap]
            if role == "mobile" and self.station != "linux":
                continue
            for family, prefix in ((4, 24), (6, 64)):
                # Detection of duplicate addresses would keep it from use for seconds.
                check_call("ip", "-n", netns, "addr", "add", f"{ADDRESSES[role][family]}/{prefix}",
                           "dev", dev, *(["nodad"] if family == 6 else []))
                check_call("ip", "-n", netns, "neigh", "replace", ADDRESSES[peer][family], "lladdr",
                           ADDRESSES[peer]["mac"], "dev", dev, "nud", "permanent")


def remove_leftovers():
    """What lab runs left that were killed too hard to clean up. @return the names removed"""
    removed = []
    for netns in os.listdir("/run/netns") if os.path.isdir("/run/netns") else []:
        words = netns.split("-")
        if len(words) == 3 and words[0] == "snoop" and _is_dead(words[1]):
            check_call("ip", "netns", "del", netns)
            removed.append(netns)
    for parent, prefix in (("/tmp", "snoop-lab-"), ("/var/run/dpdk", "snooplab")):
        for path in FilePath(parent).glob(prefix + "*"):
            # Another user may have made one of that name.
            ours = path.lstat().st_uid == os.geteuid() and not path.is_symlink()
            if ours and _is_dead(path.name[len(prefix):].split("-")[0]):
                shutil.rmtree(path, ignore_errors=True)
                removed.append(str(path))
    return removed


def _is_dead(process_id):
    return process_id.isdigit() and not os.path.exists(f"/proc/{process_id}")


def exit_on_signals():
    """SIGTERM, SIGHUP and Ctrl-C end a run through the clean-up, which a second signal must not cut
    short."""
    ends = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)

    def leave(signo, _frame):
        for other in ends:
            signal.signal(other, signal.SIG_IGN)
        raise SystemExit(128 + signo)

    for signo in ends:
        signal.signal(signo, leave)
