# SPDX-License-Identifier: BSD-3-Clause
"""Bulk TCP flows between the two hosts: iperf3 pairs, and what can be read off them."""

import json
import subprocess
import time
from dataclasses import dataclass

from lab import ADDRESSES, LAB_DIR, LabError

PORT_FIRST = 5201
INTERVAL_S = 0.5
START_DEADLINE_S = 20
END_PATIENCE_S = 40  # the end of an iperf3 test is a conversation over the lossy link


@dataclass
class FlowResult:
    """One TCP connection. Series have one entry per INTERVAL_S, from the start of the test."""

    port: int
    received_bps: list     # at the receiving application
    cwnd_bytes: list
    rtt_us: list
    retransmits: list      # the sender's, per interval
    error: str = ""

    def goodput_bps(self, omit_s):
        kept = self.received_bps[round(omit_s / INTERVAL_S):]
        return sum(kept) / len(kept) if kept else 0.0

    def retransmits_after(self, omit_s):
        return sum(self.retransmits[round(omit_s / INTERVAL_S):])

    def rtt_median_us(self, omit_s):
        kept = sorted(self.rtt_us[round(omit_s / INTERVAL_S):])
        return kept[len(kept) // 2] if kept else 0


def wait_listening(lab, process, name, port):
    deadline = time.monotonic() + START_DEADLINE_S
    while f":{port} " not in lab.host_command("mobile", "ss", "-Hltn"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise LabError(f"{name} does not listen on port {port}: {lab.log_tail(name)}")
        time.sleep(0.01)


class IperfFlow:
    """An iperf3 server and client. The wired host sends unless `reverse`."""

    def __init__(self, lab, port, congestion_control, seconds, reverse=False, family=4, extra=()):
        self.lab, self.port, self.seconds, self.reverse = lab, port, seconds, reverse
        self.family, self.congestion_control, self.extra = family, congestion_control, list(extra)
        self.server = self.client = None

    def listen(self):
        address = ADDRESSES["mobile"][self.family]
        self.server = self.lab.process(
            self.lab.in_netns("mobile", "iperf3", "-s", "-1", "-J", "-i", INTERVAL_S, "-B", address,
                              "-p", self.port),
            f"server{self.port}")
        wait_listening(self.lab, self.server, f"server{self.port}", self.port)

    def start(self):
        direction = ["-R"] if self.reverse else []
        self.client = self.lab.process(
            self.lab.in_netns("wired", "iperf3", "-c", ADDRESSES["mobile"][self.family], "-p",
                              self.port,
                              "-C", self.congestion_control, "-t", self.seconds, "-i", INTERVAL_S,
                              "-J", *direction, *self.extra),
            f"client{self.port}")

    def finish(self):
        """Wait for the end of both sides. @return a FlowResult"""
        error = ""
        deadline = time.monotonic() + END_PATIENCE_S
        for process in (self.client, self.server):
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                error = "iperf3 did not end"
        client, server = self._report("client"), self._report("server")
        error = error or client.get("error") or server.get("error") or ""
        sender, receiver = (server, client) if self.reverse else (client, server)
        # The last interval of the receiver may be a stub of a few ms.
        received = [entry["sum"]["bits_per_second"] for entry in receiver.get("intervals", [])
                    if entry["sum"]["seconds"] > INTERVAL_S / 2]
        streams = [entry["streams"] for entry in sender.get("intervals", [])
                   if entry["sum"]["seconds"] > INTERVAL_S / 2]
        return FlowResult(
            port=self.port,
            received_bps=received[:round(self.seconds / INTERVAL_S)],
            cwnd_bytes=[sum(stream.get("snd_cwnd", 0) for stream in entry) for entry in streams],
            rtt_us=[max(stream.get("rtt", 0) for stream in entry) for entry in streams],
            retransmits=[sum(stream.get("retransmits", 0) for stream in entry)
                         for entry in streams],
            error=error)

    def _report(self, side):
        text = (self.lab.dir / f"{side}{self.port}.log").read_text(errors="replace")
        try:
            return json.loads(text)
        except ValueError:
            return {"error": f"{side}: {text.strip()[-200:] or 'no report'}"}


class EndpointPair:
    """A receiver on the mobile host and a sender on the wired host, see ./endpoint --help."""

    def __init__(self, lab, options=(), receive_options=(), send_options=(), port=PORT_FIRST,
                 family=4):
        self.lab, self.port, self.address = lab, port, ADDRESSES["mobile"][family]
        self.receive_options = [*options, *receive_options]
        self.send_options = [*options, *send_options]
        self.receiver = self.sender = None

    def listen(self):
        self.receiver = self._endpoint("mobile", "receive", self.receive_options)
        wait_listening(self.lab, self.receiver, f"receive{self.port}", self.port)

    def start(self):
        self.sender = self._endpoint("wired", "send", self.send_options)

    def finish(self, deadline_s):
        """@return (the sender's reports, the receiver's), as many as there were in time"""
        deadline = time.monotonic() + deadline_s
        for process in (self.sender, self.receiver):
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        return self._reports("send"), self._reports("receive")

    def _endpoint(self, host, role, options):
        # As the box: what else runs on the machine is not what is measured.
        argv = ["nice", "-n", "-20", *self.lab.in_netns(host, LAB_DIR / "endpoint", role,
                                                        self.address, self.port, *options)]
        return self.lab.process(argv, f"{role}{self.port}")

    def _reports(self, role):
        reports = []
        for line in (self.lab.dir /
                     f"{role}{self.port}.log").read_text(errors="replace").splitlines():
            try:
                reports.append(json.loads(line))
            except ValueError:
                reports.append({"error": line})
        return reports
