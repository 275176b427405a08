#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Run golden cases: generate the packets, put them through snoopd, compare what comes out.

usage: run.py --snoopd BINARY --harness BINARY --verdict BINARY [--keep] [CASE ...]
                                                                    (default: all cases)
       run.py --list

A `pcap` case runs through the real binary on two net_pcap ports. A `clock` case runs through
golden-harness, twice: once with cached packets shared with the port, once with copies, as some
drivers need them.
"""

import argparse
import configparser
import json
import os
import shutil
import subprocess
import sys
import tempfile

import pcapfile
import rundir

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "cases")
SIDES = ("wired", "wireless")


def list_cases():
    return sorted(name for name in os.listdir(CASES)
                  if os.path.exists(os.path.join(CASES, name, "generate.py")))


class Failed(Exception):
    pass


def run(command, **more):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            timeout=20, **more)
    if result.returncode != 0:
        raise Failed("%s: exit status %d\n%s" % (os.path.basename(command[0]), result.returncode,
                                                 result.stdout))
    return result.stdout


def write_config(case, path):
    """base.ini with the keys of the case's own file."""
    config = configparser.ConfigParser(interpolation=None)
    config.read([os.path.join(HERE, "base.ini"), os.path.join(CASES, case, "case.ini")])
    with open(path, "w") as file:
        config.write(file)


def run_snoopd(binary, folder):
    prefix = "golden-%d-%s" % (os.getpid(), os.path.basename(folder))
    devices = ["--vdev=net_pcap%d,rx_pcap=%s.pcap,tx_pcap=out-%s.pcap" % (i, side, side)
               for i, side in enumerate(SIDES)]
    try:
        run([binary, "-l", "0,1", "--no-huge", "-m", "128", "--no-pci", "--no-telemetry",
             "--file-prefix=" + prefix, *devices, "--", "--config", "case.ini", "--stats-file",
             "stats.json", "--exit-when-idle", "300ms"],
            cwd=folder)
    finally:
        rundir.remove(prefix)


def run_harness(binary, folder, expect, *more):
    if "stall" in expect:
        more += ("--stall", expect["stall"])
    run([binary, "--config", "case.ini", "--wired", "wired.pcap", "--wireless", "wireless.pcap",
         "--out-wired",
         "out-wired.pcap", "--out-wireless", "out-wireless.pcap", "--stats-file", "stats.json",
         "--end", str(expect["end_us"]), *more], cwd=folder)


def summary(frame):
    from scapy.layers.inet import TCP
    from scapy.layers.l2 import Ether
    packet = Ether(frame)
    text = packet.summary()
    if TCP in packet:
        tcp = packet[TCP]
        text += " seq %d ack %d win %d" % (tcp.seq, tcp.ack, tcp.window)
        text += "".join(" %s %s" % option for option in tcp.options
                        if option[0] in ("SAck", "Timestamp"))
    return text


def hex_difference(expected, got):
    """The 16-byte lines that differ."""
    lines = []
    for at in range(0, max(len(expected), len(got)), 16):
        if expected[at:at + 16] != got[at:at + 16]:
            lines.append("      %04x expected %s" % (at, expected[at:at + 16].hex(" ")))
            lines.append("           got      %s" % got[at:at + 16].hex(" "))
    return lines[:8]


def at_ms(time_us, start_us):
    return "%.3f ms" % ((time_us - start_us) / 1000)


def describe(packet, start_us, clock):
    return (at_ms(packet[1], start_us) + " " if clock else "") + summary(packet[0])


def compare_side(side, expect, folder, start_us):
    """@return what is wrong on one port, as lines."""
    clock = expect["kind"] == "clock"
    wanted = pcapfile.read(os.path.join(folder, "expect-%s.pcap" % side))
    got = pcapfile.read(os.path.join(folder, "out-%s.pcap" % side))
    for i, (packet, rule) in enumerate(zip(wanted, expect[side])):
        if i >= len(got) or packet[0] != got[i][0]:
            lines = ["%s port, packet %d (%s):" % (side, i, rule["what"]),
                     "  expected " + describe((packet[0], rule["earliest_us"]), start_us, clock),
                     "  got      " + (describe(got[i], start_us, clock) if i < len(got)
                                      else "nothing")]
            if i < len(got):
                lines += hex_difference(packet[0], got[i][0])
            for j in range(i + 1, min(i + 4, len(got))):
                lines.append("  then     " + describe(got[j], start_us, clock))
            return lines
        if clock and not rule["earliest_us"] <= got[i][1] <= rule["latest_us"]:
            return ["%s port, packet %d (%s): expected at %s to %s, sent at %s" % (
                side, i, rule["what"], at_ms(rule["earliest_us"], start_us),
                at_ms(rule["latest_us"], start_us), at_ms(got[i][1], start_us)),
                    "  " + summary(got[i][0])]
    if len(got) > len(wanted):
        return ["%s port: %d packets too many, the first is packet %d:" %
                (side, len(got) - len(wanted), len(wanted)),
                "  got " + describe(got[len(wanted)], start_us, clock)]
    return []


def compare_counters(expect, folder):
    with open(os.path.join(folder, "stats.json")) as file:
        stats = json.load(file)
    lines = []
    expected = {name: 0 for name in stats if name.startswith("pass_") and name != "pass_no_flow"}
    expected.update(expect["counters"])
    for name, value in sorted(expected.items()):
        if name not in stats:
            lines.append("counter %s: there is none" % name)
        elif stats[name] != value:
            lines.append("counter %s: expected %d, got %d" % (name, value, stats[name]))
            if name not in expect["counters"]:
                lines[-1] += "; if that is right, name it: case.expect(%s=%d)" % (name, stats[name])
    received = stats["rx_wired_packets"] + stats["rx_wireless_packets"]
    accounted = sum(stats[name] for name in ("forwarded_packets", "acks_freed", "acks_withheld_now",
                                             "tx_wired_drops",
                                             "tx_wireless_drops", "handoff_drops"))
    if received != accounted:
        lines.append("received %d packets, forwarded + freed + withheld + dropped = %d" %
                     (received, accounted))
    return lines


def verdict_of(binary, folder):
    """@return the ids of what snoopd says of these counters, what matters most first."""
    return run([binary, "case.ini", "stats.json"], cwd=folder).split()


def compare_verdict(expect, said):
    """What the packets of the case prove, whatever the counters are; and what it names."""
    lines = []
    if "verdict" in expect and said[0] != expect["verdict"]:
        lines.append("verdict: expected %s, got %s" % (expect["verdict"], said[0]))
    for fact, denied in expect["denied"].items():
        lines += ["verdict: %s, although %s" % (each, fact) for each in said if each in denied]
    return lines


def check(expect, folder, verdict):
    starts = [packets[0][1] for packets in (pcapfile.read(os.path.join(folder, s + ".pcap"))
                                            for s in SIDES) if packets]
    lines = []
    for side in SIDES:
        lines += compare_side(side, expect, folder, min(starts))
    said = verdict_of(verdict, folder)
    lines += compare_counters(expect, folder) + compare_verdict(expect, said)
    if lines:
        raise Failed("\n".join(lines))
    return said[0]


def generate(case, folder):
    """What both ends send, and what is expected, as files."""
    run([sys.executable, os.path.join(CASES, case, "generate.py"), folder],
        env={**os.environ, "PYTHONPATH": HERE})


def run_case(case, arguments, folder):
    """@return the id of the verdict."""
    generate(case, folder)
    write_config(case, os.path.join(folder, "case.ini"))
    with open(os.path.join(folder, "expect.json")) as file:
        expect = json.load(file)
    if expect["kind"] == "pcap":
        run_snoopd(arguments.snoopd, folder)
        return check(expect, folder, arguments.verdict)
    for how in ([], ["--copy"]):
        try:
            run_harness(arguments.harness, folder, expect, *how)
            said = check(expect, folder, arguments.verdict)
        except Failed as error:
            raise Failed("golden-harness %s\n%s" % (" ".join(how), error)) from None
    return said


def main():
    parser = argparse.ArgumentParser(description="Run golden cases.")
    parser.add_argument("--snoopd", type=os.path.abspath)
    parser.add_argument("--harness", type=os.path.abspath)
    parser.add_argument("--verdict", type=os.path.abspath)
    parser.add_argument("--keep", action="store_true", help="keep the folder with the packets")
    parser.add_argument("--list", action="store_true", help="print the names of all cases")
    parser.add_argument("case", nargs="*")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(list_cases()))
        return 0
    if not arguments.snoopd or not arguments.harness or not arguments.verdict:
        parser.error("--snoopd, --harness and --verdict are needed")
    failed = 0
    for case in arguments.case or list_cases():
        folder = tempfile.mkdtemp(prefix="golden-")
        try:
            said = run_case(case, arguments, folder)
            print("%s: passed, verdict %s" % (case, said), flush=True)
        except (Failed, subprocess.TimeoutExpired) as error:
            print("%s: FAILED\n%s" % (case, error), flush=True)
            failed += 1
        finally:
            if arguments.keep:
                print("  " + folder)
            else:
                shutil.rmtree(folder)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
