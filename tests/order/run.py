#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Order over several workers: numbered packets through snoopd on two ports.

usage: run.py SNOOPD WORKERS CPUS BUDGET PORTS

CPUS is `own` (as far as there are CPUs) or `shared` (all workers on one). BUDGET is `ample`,
`tight` (the hand-off overflows) or `starved` (the cache is a hundredth of what is in flight). PORTS
is `pcap`, `memif` (testpmd moves the packets between files and snoopd), `tap` or `af_packet`
(through the kernel, in a network namespace of its own: needs root). Checks that every packet comes
out once, in order within its flow and direction (retransmits of snoopd apart), that what is lost is
counted, and that every flow has one worker that sees both of its directions.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "golden")]

import kernel  # noqa: E402
import pcapfile  # noqa: E402
import rundir  # noqa: E402
import stream  # noqa: E402

PACKETS_PER_FLOW = 120
KERNEL = ("tap", "af_packet")
SIDES = ("wired", "wireless")
OWN_NAMESPACE = "ORDER_OWN_NAMESPACE"
SKIPPED = 77
DEADLINE_S = 40
# Packets in a hand-off ring, retries, cached segments.
BUDGETS = {"ample": (2048, 10000, 16384), "tight": (64, 0, 16384), "starved": (2048, 10000, 64)}
RETRANSMITS = ("scoreboard", "dupack", "timeout", "probe", "shield", "syn")


def level_for(cpus, budget):
    """Where our own queues may drop a packet it can be retransmitted later, behind others: then
    nothing is retransmitted."""
    return "repair" if cpus == "shared" and budget != "tight" else "observe"


class Failed(Exception):
    pass


def lcores(workers, cpus):
    """The first lcore sleeps, so that it may share any CPU."""
    usable = sorted(os.sched_getaffinity(0))
    if cpus == "shared":
        usable = usable[-1:]
    return ",".join("%d@%d" % (i, usable[i % len(usable)]) for i in range(workers + 1))


class Telemetry:
    def __init__(self, prefix):
        self.folder = rundir.of(prefix)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(DEADLINE_S)

    def connect(self):
        try:
            self.socket.connect(os.path.join(self.folder, "dpdk_telemetry.v2"))
        except OSError:
            return False
        self.reply_bytes = json.loads(self.socket.recv(1024))["max_output_len"]
        return True

    def ask(self, command):
        """@return the answer, None if there is none (yet, or any more)"""
        try:
            self.socket.send(command.encode())
            answer = json.loads(self.socket.recv(self.reply_bytes))[command.split(",")[0]]
            return answer if isinstance(answer, dict) else None  # a text: why not
        except (OSError, ValueError):
            return None

    def flows(self, process):
        position, found = 0, []
        while True:
            # On a busy machine a worker may miss the time that snoopd gives it for an answer.
            page = wait_for("/snoop/flows", process, lambda: self.ask("/snoop/flows,%d" % position))
            found += page["flows"].values()
            position = page["next"]
            if position == 0:
                return found


def wait_for(what, process, condition):
    """The one place that waits: for a condition, until a deadline that a working snoopd never
    meets."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        result = condition()
        if result:
            return result
        if process.poll() is not None:
            raise Failed("snoopd ended early, exit status %d" % process.returncode)
        if time.monotonic() > deadline:
            raise Failed("waited in vain for " + what)
        time.sleep(0.02)


def accounted(stats):
    return stats is not None and sum(stats[name] for name in ("forwarded_packets", "acks_freed",
                                                              "acks_withheld_now", "tx_wired_drops",
                                        "tx_wireless_drops", "handoff_drops"))


def pcap_device(index, side):
    return "net_pcap%d,rx_pcap=%s.pcap,tx_pcap=out-%s.pcap" % (index, side, side)


def memif_device(index, folder, role):
    return "net_memif%d,role=%s,id=%d,socket=%s,socket-abstract=no" % (
        index, role, index, os.path.join(folder, "memif"))


def launch(program, cpu_list, megabytes, prefix, devices, arguments, folder, **more):
    log = open(os.path.join(folder, os.path.basename(program) + ".log"), "w")
    return subprocess.Popen([program, "--lcores", cpu_list, "--no-huge", "-m", str(megabytes),
                             "--no-pci",
                             "--file-prefix=" + prefix, *["--vdev=" + device for device in devices],
                             "--", *arguments],
                            cwd=folder, stdout=log, stderr=log, **more)


def start(binary, folder, prefix, arguments, budget, ports, level):
    with open(os.path.join(folder, "order.ini"), "w") as file:
        file.write("[link]\nwired = net_%s0\nwireless = net_%s1\nmode = %s\n"
                   "[workers]\ndistribution = software\nhandoff = %d\n[ports]\ntx_retries = %d\n"
                   "[cache]\nsegments = %d\n[metrics]\nlisten = off\n" %
                   (ports, ports, level, *BUDGETS[budget]))
    if ports in KERNEL:
        devices = [kernel.device(i, ports) for i in range(2)]
    else:
        devices = [pcap_device(i, side) if ports == "pcap" else memif_device(i, folder, "server")
                   for i, side in enumerate(SIDES)]
    return launch(binary, lcores(*arguments), 768, prefix, devices,
                  ["--config", "order.ini", "--stats-file", "stats.json"], folder)


class Mover:
    """testpmd between the files and the memif ports of snoopd."""

    def __init__(self, folder, prefix):
        devices = [device for i, side in enumerate(SIDES)
                   for device in (pcap_device(i, side), memif_device(i, folder, "client"))]
        self.telemetry = Telemetry(prefix)
        self.process = launch("dpdk-testpmd", lcores(1, "own"), 192, prefix, devices,
                              ["--interactive", "--nb-cores=1", "--total-num-mbufs=16384",
                               "--no-lsc-interrupt",
                               "--no-flush-rx"], folder,
                              stdin=subprocess.PIPE, text=True)

    def type(self, *lines):
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()

    def move(self, sent, received, wait):
        """Once both memifs are connected, which snoopd logs."""
        wait_for("testpmd", self.process, self.telemetry.connect)
        wait_for("both memifs", self.process, lambda: all(
            self.telemetry.ask("/ethdev/link_status,%d" % port)["status"] == "UP"
            for port in (1, 3)))
        self.type("set burst tx delay 100 retry 100000", "set fwd io retry", "start")

    def delivered(self):
        return sum(self.telemetry.ask("/ethdev/stats,%d" % port)["opackets"] for port in (0, 2))

    def close(self):
        if self.process.poll() is None:
            try:
                self.type("stop", "quit")
                self.process.wait(DEADLINE_S)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        self.process.stdin.close()
        shutil.rmtree(self.telemetry.folder, ignore_errors=True)


def stop(process):
    process.send_signal(signal.SIGINT)
    try:
        if process.wait(DEADLINE_S) != 0:
            raise Failed("exit status %d" % process.returncode)
    except subprocess.TimeoutExpired:
        raise Failed("snoopd did not stop") from None


def check_flows(flows, found, workers):
    lines = []
    wanted = sum(flow.kind == "tcp" for flow in flows)
    if len({flow["key"] for flow in found}) != wanted or len(found) != wanted:
        lines.append("%d flows in the tables, %d were sent" % (len(found), wanted))
    lines += ["%s: worker %d saw one direction only" % (flow["key"], flow["worker"])
              for flow in found if flow["reason"] == "one_way"]
    used = {flow["worker"] for flow in found}
    if used != set(range(workers)):
        lines.append("only workers %s have flows" % sorted(used))
    return lines


def check_output(folder, sent, cpus, budget):
    with open(os.path.join(folder, "stats.json")) as file:
        stats = json.load(file)
    lines, lost, retransmitted = [], 0, 0
    for side, name in enumerate(SIDES):
        got = [frame for frame, _ in pcapfile.read(os.path.join(folder, "out-%s.pcap" % name))]
        wrong, missing, again = stream.check_side(sent[1 - side], got, side == stream.WIRELESS)
        lines += ["out of the %s port: %s" % (name, line) for line in wrong]
        lost += missing
        retransmitted += again
    received = stats["rx_wired_packets"] + stats["rx_wireless_packets"]
    drops = stats["handoff_drops"] + stats["tx_wired_drops"] + stats["tx_wireless_drops"]
    if received != sum(map(len, sent)):
        lines.append("received %d packets of %d" % (received, sum(map(len, sent))))
    if received != accounted(stats):
        lines.append("received %d packets, %d accounted for" % (received, accounted(stats)))
    if lost != drops:
        lines.append("%d packets are missing, %d drops are counted" % (lost, drops))
    if retransmitted > sum(stats["retransmits_" + cause] for cause in RETRANSMITS):
        lines.append("%d packets came twice, fewer retransmits are counted" % retransmitted)
    if (stats["pass_cache_full"] > 5000) != (budget == "starved"):
        lines.append("%d packets found the cache full" % stats["pass_cache_full"])
    if stats["handoff_packets"] == 0:
        lines.append("nothing was handed over")
    # Where a worker has a CPU of its own, another process may still take it away for a while.
    if cpus == "shared" and budget != "tight" and drops:
        lines.append("%d packets dropped" % drops)
    return lines, "%d packets, %d handed over, %d dropped and counted, %d retransmits" % (
        received, stats["handoff_packets"], drops, retransmitted)


def observe(process, telemetry, mover, level, sent):
    """Wait until everything is through. @return the flows, and what /snoop/workers says"""
    total = sum(map(len, sent))
    wait_for("telemetry", process, telemetry.connect)
    if mover:
        mover.move(sent,
                   lambda: sum((telemetry.ask("/snoop/stats") or {}).get("rx_%s_packets" % side, -1)
                                     for side in SIDES),
                   lambda condition: wait_for("snoopd to receive", process, condition))
    wait_for("all packets", process, lambda: accounted(telemetry.ask("/snoop/stats")) == total)
    found, told = telemetry.flows(process), telemetry.ask("/snoop/workers")
    if level == "repair":
        # Nothing is acknowledged: the tail timers expire, and retransmits take the same ways.
        wait_for("retransmits", process,
                 lambda: (telemetry.ask("/snoop/stats") or {}).get("retransmits_timeout"))
    if mover:
        wait_for("all to arrive", process, lambda: mover.delivered() == sum(
            (telemetry.ask("/snoop/stats") or {}).get("tx_%s_packets" % side, -1)
            for side in SIDES))
    return found, told


def runs(folder):
    with open(os.path.join(folder, "snoopd.log")) as log:
        return "event=workers" in log.read()


def through_snoopd(binary, folder, arguments, sent):
    workers, cpus, budget, ports, level = arguments
    prefix = "order-%d" % os.getpid()
    telemetry = Telemetry(prefix)
    mover = None
    process = start(binary, folder, prefix, (workers, cpus), budget, ports, level)
    try:
        if ports in KERNEL:
            wait_for("snoopd to run", process, lambda: runs(folder))
            mover = kernel.Wire(ports, folder, SIDES)
        if ports == "memif":
            # A client that finds no server does not try again.
            wait_for("snoopd to run", process, lambda: runs(folder))
            mover = Mover(folder, prefix + "-mover")
        found, told = observe(process, telemetry, mover, level, sent)
        stop(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if mover:
            mover.close()
        shutil.rmtree(telemetry.folder, ignore_errors=True)
    return found, told


def run(binary, arguments, folder):
    workers, cpus, budget = arguments[:3]
    ports = arguments[3]
    flows = stream.make_flows(plain=ports in KERNEL)
    sent = [stream.interleave(flows, side, PACKETS_PER_FLOW, 1) for side in range(2)]
    for side, name in enumerate(SIDES):
        pcapfile.write(os.path.join(folder, name + ".pcap"),
                       [(frame, i) for i, frame in enumerate(sent[side])])
    if ports in KERNEL:
        kernel.prepare(ports)
    found, told = through_snoopd(binary, folder, arguments, sent)
    lines, summary = check_output(folder, sent, cpus, budget)
    if told["distribution"] != "software" or len(told["workers"]) != workers:
        lines.append("/snoop/workers: %s" % told)
    if budget != "tight":
        lines += check_flows(flows, found, workers)
        lines += ["worker %s idles" % name for name, worker in told["workers"].items()
                  if not worker["busy_cycles"]]
    if lines:
        raise Failed("\n".join(lines))
    return summary


def main():
    if len(sys.argv) != 6 or sys.argv[3] not in ("own", "shared") or sys.argv[4] not in BUDGETS or \
            sys.argv[5] not in ("pcap", "memif", *KERNEL):
        sys.exit(__doc__)
    if sys.argv[5] in KERNEL and os.environ.get(OWN_NAMESPACE) != "yes":
        if os.getuid() != 0:
            print("network interfaces need root")
            return SKIPPED
        os.execvpe("unshare", ["unshare", "--net", sys.executable, *sys.argv],
                   {**os.environ, OWN_NAMESPACE: "yes"})
    folder = tempfile.mkdtemp(prefix="order-")
    arguments = int(sys.argv[2]), *sys.argv[3:6], level_for(sys.argv[3], sys.argv[4])
    try:
        print(run(os.path.abspath(sys.argv[1]), arguments, folder))
        return 0
    except Failed as error:
        print("FAILED: %s" % error)
        for name in sorted(os.listdir(folder)):
            if name.endswith(".log"):
                with open(os.path.join(folder, name)) as log:
                    print(name + ":\n" + log.read())
        return 1
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
