# SPDX-License-Identifier: BSD-3-Clause
"""DPDK programs side by side on virtual ports: start, read counters and CPU time, end."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPO_DIR = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(REPO_DIR / "tests" / "lab"))

from boxes import telemetry  # noqa: E402
from lab import _die_with_parent  # noqa: E402

START_DEADLINE_S = 30
STOP_DEADLINE_S = 20


class BenchError(Exception):
    """Something that the user can act on; printed without a stack trace."""


def steal_times():
    fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return fields[7], sum(fields)


class Steal:
    """Percent of all CPUs' time that the hypervisor took since the start."""

    def __init__(self):
        self.start = steal_times()

    def percent(self):
        steal, total = steal_times()
        return 100.0 * (steal - self.start[0]) / max(total - self.start[1], 1)


class Program:
    """A DPDK process with a sleeping main lcore and one worker."""

    count = 0

    def __init__(self, name, argv, vdevs, own, worker_cpu=1, prefix_argv=(), env=None,
                 memory=("--no-huge", "-m", "512")):
        Program.count += 1
        self.name = name
        self.file_prefix = f"snoopbench{os.getpid()}x{Program.count}"
        self.log = tempfile.TemporaryFile("w+")
        eal = ["--lcores", f"0@0,1@{worker_cpu}", *memory, "--no-pci", "--iova-mode=va",
               f"--file-prefix={self.file_prefix}", *[f"--vdev={vdev}" for vdev in vdevs]]
        # testpmd ends when its standard input does, so it gets a pipe that stays open.
        self.process = subprocess.Popen([*prefix_argv, *argv, *eal, "--", *own],
                                        stdin=subprocess.PIPE, stdout=self.log,
                                        stderr=subprocess.STDOUT, preexec_fn=_die_with_parent,
                                        env={**os.environ, **(env or {})})
        self.wait_started()

    def wait_started(self):
        deadline = time.monotonic() + START_DEADLINE_S
        while telemetry(self.file_prefix, "/ethdev/stats,0") is None or not self.workers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                text = self.output()
                self.stop()
                raise BenchError(f"{self.name} did not start:\n{text[-1500:]}")
            time.sleep(0.05)

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def workers(self):
        """Threads of lcore 1."""
        found = []
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                if (task / "comm").read_text().strip() in ("lcore-worker-1", "dpdk-worker1",
                                                           "rte-worker-1"):
                    found.append(task)
            except FileNotFoundError:
                pass  # a thread that has ended meanwhile
        return found

    def cpu_s(self):
        return (sum(int((task / "schedstat").read_text().split()[0]) for task in self.workers()) /
                1e9)

    def port_stats(self):
        """@return counters of all ports, summed"""
        total = {}
        for port in itertools.count():
            stats = telemetry(self.file_prefix, f"/ethdev/stats,{port}")
            if stats is None:
                break
            for key, value in stats.items():
                if isinstance(value, int):
                    total[key] = total.get(key, 0) + value
        return total

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdin.close()
        self.log.close()
        shutil.rmtree(f"/var/run/dpdk/{self.file_prefix}", ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.stop()


def testpmd(mode, vdevs, worker_cpu=1, more=(), prefix_argv=(), **program):
    return Program(f"testpmd {mode}", ["dpdk-testpmd"], vdevs,
                   [f"--forward-mode={mode}", "--auto-start", "--nb-cores=1", "--no-lsc-interrupt",
                    "--total-num-mbufs=16384", *more], worker_cpu, prefix_argv, **program)


def snoopd(binary, ini_path, ports, mode, vdevs, worker_cpu=1, prefix_argv=(), ini="", **program):
    """@param ini  more sections of its configuration"""
    if not os.access(binary, os.X_OK):
        raise BenchError(f"{binary}: not there or not executable; build it, or say --build")
    ini_path.write_text(f"[link]\nwired = {ports[0]}\nwireless = {ports[1]}\nmode = {mode}\n"
                        f"[metrics]\nlisten = off\n{ini}")
    return Program(f"snoopd {mode}", [str(binary)], vdevs, ["--config", str(ini_path)], worker_cpu,
                   prefix_argv, **program)


def forwarded(program, seconds):
    """@return packets sent per second of the worker's CPU time, and per second"""
    before, cpu_s, start = program.port_stats(), program.cpu_s(), time.monotonic()
    time.sleep(seconds)
    after, cpu_s, elapsed_s = (program.port_stats(), program.cpu_s() - cpu_s,
                               time.monotonic() - start)
    packets = after["opackets"] - before["opackets"]
    return packets / max(cpu_s, 1e-6), packets / elapsed_s


class Traffic:
    """Two-way TCP on two net_null ports, see ports.c."""

    WARM_UP_S = 1.0  # every window has been full

    def __init__(self, library, flows, window, frame_bytes, loss_ppm, nic_checksum):
        self.vdevs = [f"net_null{i},size={frame_bytes},copy=0" for i in (0, 1)]
        setup = flows, window, frame_bytes, loss_ppm, int(nic_checksum)
        self.env = {"LD_PRELOAD": str(library), "SNOOPD_BENCH_TRAFFIC": ",".join(map(str, setup))}
        # Segments under way are cached: a quarter more than that, and as many flows.
        self.ini = (f"[ports]\nchecksum = {'nic' if nic_checksum else 'software'}\n[flows]\n"
                    f"max = {2 * flows}\n"
                    f"[cache]\nsegments = {flows * window * 5 // 4}\nbytes = 1GiB\n"
                    f"stations = {max(flows // 5, 1024)}\n")
        self.mib = 256 + flows * window * 5 // 4 * 2560 // 1000000 + flows * 2 * 700 // 1000000

    def memory(self):
        return ("-m", str(self.mib), "--in-memory")

    @staticmethod
    def state(program):
        answer = telemetry(program.file_prefix, "/bench/traffic")
        if answer is None:
            raise BenchError(f"{program.name} does not answer to /bench/traffic:\n"
                             f"{program.output()[-800:]}")
        return {**answer, "cpu_s": program.cpu_s()}

    def cycles_per_packet(self, program, seconds):
        """@return cycles of the worker's CPU time per packet, without those of the traffic
        itself"""
        time.sleep(self.WARM_UP_S)
        before = self.state(program)
        time.sleep(seconds)
        after = self.state(program)
        grown = {key: after[key] - before[key] for key in ("packets", "cycles", "cpu_s")}
        if grown["packets"] == 0:
            raise BenchError(f"{program.name} forwards nothing")
        return (grown["cpu_s"] * after["tsc_hz"] - grown["cycles"]) / grown["packets"]
