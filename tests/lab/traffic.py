# SPDX-License-Identifier: BSD-3-Clause
"""What the wired host sends in `truth` and `never-worse`, to a station with Linux's TCP or lwIP's.

Every byte is compared with what was sent (`endpoint --pattern`).
"""

import json
import time
from dataclasses import dataclass
from statistics import mean

from flows import START_DEADLINE_S, EndpointPair
from lab import REPO_DIR, LabError

PORT = 5201
STATIONS = ("linux", "lwip")
LWIP_STATION = REPO_DIR / "build" / "tests" / "lab" / "lwip" / "lwip-station"


@dataclass(frozen=True)
class Traffic:
    """bulk: as fast as it goes for `seconds`; with `drain` up to the sender's last byte.
    sparse: `messages`, each in a segment of its own, `gap_ms` between them.
    request: `messages` of some segments, each sent when the one before was answered."""

    kind: str
    seconds: float = 0.0
    drain: bool = False
    window_bytes: int = 0
    messages: int = 0
    message_bytes: int = 0
    reply_bytes: int = 0
    gap_ms: str = "20-60"

    def deadline_s(self):
        """Far above what it takes: by then it hangs."""
        return 60 + 2 * self.seconds + 3 * self.messages


BULK = Traffic("bulk", seconds=5.0)
SPARSE = Traffic("sparse", messages=100, message_bytes=1448)
REQUEST = Traffic("request", messages=50, message_bytes=4000, reply_bytes=100, gap_ms="0-0")
KINDS = {traffic.kind: traffic for traffic in (BULK, SPARSE, REQUEST)}


class PatternFlow(EndpointPair):
    """One connection from the wired host to the lab's station."""

    def __init__(self, lab, traffic, congestion_control="cubic", seed=1):
        receive = ["--pattern"]
        if traffic.seconds and not traffic.drain:
            receive += ["--seconds", traffic.seconds]
        if traffic.window_bytes and lab.station == "linux":
            receive += ["--window", traffic.window_bytes]
        receive += ["--arrivals"] if traffic.messages else []
        if traffic.reply_bytes:
            receive += ["--message", traffic.message_bytes, "--reply", traffic.reply_bytes]
        send = ["--pattern", "--cc", congestion_control, "--seed", seed]
        if traffic.messages:
            send += ["--messages", traffic.messages, "--message", traffic.message_bytes,
                     "--reply", traffic.reply_bytes, "--gap-ms", traffic.gap_ms]
        else:
            # Who stops is the receiver, unless all has to arrive.
            send += ["--seconds", traffic.seconds if traffic.drain else 2 * traffic.seconds]
        super().__init__(lab, (), receive, send, PORT)
        self.traffic = traffic

    def listen(self):
        if self.lab.station == "linux":
            super().listen()
            return
        if not LWIP_STATION.exists():
            raise LabError(f"{LWIP_STATION} is not there: install liblwip-dev, then meson setup "
                           "--reconfigure build && ninja -C build")
        options = [word for word in self.receive_options if word != "--pattern"]
        self.receiver = self.lab.process(
            ["nice", "-n", "-20",
             *self.lab.in_netns("mobile", LWIP_STATION, *options, self.lab.taps["m0"],
                                self.address, PORT)], f"receive{PORT}")
        self._wait_report(lambda report: "listening" in report, START_DEADLINE_S)

    def finish(self):
        """@return {"error": what went wrong or "", and the figures of this kind of traffic}"""
        received = self._wait_report(lambda report: "bytes" in report, self.traffic.deadline_s())
        if self.traffic.messages or self.traffic.drain:
            self._wait(self.sender, 20)
        for process in (self.sender, self.receiver):
            if process.poll() is None:
                process.kill()
                process.wait()
        sent = self._reports("send")
        return self._figures(received, sent[0] if sent else {})

    def _figures(self, received, sent):
        found = {"error": received.get("error", "") or "", "bytes": received.get("bytes", 0)}
        if "bytes" not in received:
            found["error"] = f"nothing received within {self.traffic.deadline_s():g} s"
        elif received["wrong_at"] >= 0:
            found["error"] = f"byte {received['wrong_at']} is not what was sent"
        elif received.get("socket_drops"):
            found["error"] = f"the station's packet socket dropped {received['socket_drops']}"
        elif (self.traffic.messages or self.traffic.drain) and \
                (sent.get("error") or sent.get("sent") != received["bytes"]):
            found["error"] = (f"sent {sent.get('sent')} bytes, received {received['bytes']}: "
                              f"{sent.get('error')}")
        if found["error"]:
            return found
        found["seconds"] = received["done"] - received["accepted"]
        if self.traffic.seconds:
            length_s = found["seconds"] if self.traffic.drain else self.traffic.seconds
            found["goodput_bps"] = 8 * received["bytes"] / length_s
        else:
            found["delay_ms"] = self._delay_ms(received["arrivals"], sent["times"])
        return found

    def _delay_ms(self, arrivals, times):
        """The mean of a message from its send() to its last byte's, or its reply's, arrival."""
        if self.traffic.reply_bytes:
            return 1e3 * mean(replied - sent for sent, replied in times)
        delays, index = [], 0
        for number, (sent, _) in enumerate(times, 1):
            while arrivals[index][1] < number * self.traffic.message_bytes:
                index += 1
            delays.append(arrivals[index][0] - sent)
        return 1e3 * mean(delays)

    def _wait_report(self, wanted, deadline_s):
        """@return the first of the receiver's reports that is wanted, {} if there is none"""
        log = self.lab.dir / f"receive{PORT}.log"
        deadline = time.monotonic() + deadline_s
        while time.monotonic() < deadline:
            ended = self.receiver.poll() is not None
            for line in log.read_text(errors="replace").splitlines():
                try:
                    report = json.loads(line)
                except ValueError:
                    continue  # its end is still to come
                if wanted(report):
                    return report
            if ended:
                raise LabError(f"the station ended: {self.lab.log_tail(f'receive{PORT}')}")
            time.sleep(0.02)
        return {}

    @staticmethod
    def _wait(process, deadline_s):
        end = time.monotonic() + deadline_s
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
