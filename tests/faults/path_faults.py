# SPDX-License-Identifier: BSD-3-Clause
"""Faults of the path, and what others send, each a function of the arguments that returns one line
of figures or raises
CheckError."""

import errno
import os
import select
import signal
import socket
import struct
import time

from crowd import Crowd
from fault_box import PATH, SYSCTLS, FaultBox, VethLab, check_counters, helped, loaded, running
from flows import EndpointPair
from lab import ADDRESSES, Lab, check_call
from measure import Cell, prepare_radio
from stacks import (DEADLINE_S, demand, exchange, finish, inside, listen, make_socket,
                    path_mtu)

WRAP_BYTES = 5_000_000_000
TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ, TCP_SEND_QUEUE = 19, 20, 21, 2
BEFORE_WRAP_BYTES = 300_000
JUMBO_BYTES = 40_000
JUMBO_FRAMES = 20
PORT_LOST = 3  # exit status
DEADLINE_S = 60
ALL_PROTOCOLS, TEST_PROTOCOL = 3, b"\x88\xb5"


def one_way(arguments):
    """The station's packets take another path, so the box sees data but never an ACK."""
    box, lab = FaultBox(arguments.snoopd), Lab(PATH, sysctls=SYSCTLS)
    with running(box, lab):
        check_call("ip", "link", "add", "aside", "netns", lab.netns["mobile"], "type", "veth",
                   "peer", "name", "aside",
                   "netns", lab.netns["wired"], "address", "02:00:00:00:78:01")
        for role in ("wired", "mobile"):
            lab.host_command(role, "ip", "link", "set", "aside", "up")
        lab.host_command("mobile", "ip", "neigh", "replace", ADDRESSES["wired"][4], "lladdr",
                         "02:00:00:00:78:01", "dev",
                         "aside", "nud", "permanent")
        lab.host_command("mobile", "ip", "route", "replace", ADDRESSES["wired"][4] + "/32", "dev",
                         "aside", "src", ADDRESSES["mobile"][4])
        before = box.counter("rx_wireless_packets")
        crowd = Crowd(lab)
        crowd.grow(50)
        crowd.run_until(crowd.all_moved, "every connection is served")
        crowd.mark()
        crowd.run_until(crowd.all_moved, "every connection moves on")
        crowd.drain()
        stats = box.stats()
        retransmits = sum(stats[name] for name in stats if name.startswith("retransmits_"))
        demand(not crowd.lost, "connections lost: %s" % crowd.lost[:3])
        demand(stats["rx_wireless_packets"] == before, "the box has seen ACKs")
        demand(retransmits == 0, "%d retransmits without an ACK" % retransmits)
        crowd.close()
        check_counters(arguments, box)
    return "50 flows, 0 lost; %d data segments seen, %d cached, %d timeouts, 0 retransmits" % tuple(
        stats[name] for name in ("data_segments", "cached_segments_total", "timeouts"))


def link_down(arguments):
    """The interface of the wireless port goes down for a second, twice, then that of the wired
    port."""
    box, lab = FaultBox(arguments.snoopd), VethLab(PATH, sysctls=SYSCTLS)
    gaps = []
    with loaded(arguments, box, lab, flows=100, lossy=False) as crowd:
        for tap in ("b1", "b1", "b0"):
            crowd.mark()
            lab.host_command("box", "ip", "link", "set", lab.taps[tap], "down")
            crowd.run_for(1)
            lab.host_command("box", "ip", "link", "set", lab.taps[tap], "up")
            crowd.mark()
            crowd.run_until(crowd.all_moved, "every connection moves on")
            gaps.append("%.0f ms" % (crowd.gap_s * 1e3))
        stats = box.stats()
    return ("100 flows, 0 lost; longest gaps after 1 s: %s; "
            "dropped towards radio and wire: %d, %d") % (
        ", ".join(gaps), stats["tx_wireless_drops"], stats["tx_wired_drops"])


def veth_deleted(arguments):
    """The interface of a port vanishes under load: snoopd says so, and ends in order by itself."""
    told = []
    for tap in ("b0", "b1"):
        box, lab = FaultBox(arguments.snoopd), VethLab(PATH, sysctls=SYSCTLS)
        with running(box, lab, lossy=False, status=PORT_LOST):
            crowd = Crowd(lab)
            crowd.grow(100)
            crowd.run_until(crowd.all_moved, "every connection is served")
            lab.host_command("box", "ip", "link", "del", lab.taps[tap])
            vanished = time.monotonic()
            crowd.run_until(lambda: box.process.poll() is not None, "snoopd ends")
            told.append("%s: ends in %.1f s" % (tap, time.monotonic() - vanished))
            crowd.close()
    return "; ".join(told)


def until(condition, what):
    end = time.monotonic() + DEADLINE_S
    while not condition():
        demand(time.monotonic() < end, "waited in vain for " + what)
        time.sleep(0.05)


def unfinished_checksums(arguments):
    """A neighbour on the same machine leaves checksums to its network card: no connection begins,
    snoopd names it, and what it says to do helps."""
    told = []
    for role, tap, side in ("wired", "w0", "wired"), ("mobile", "m0", "wireless"):
        box, lab = FaultBox(arguments.snoopd), VethLab(PATH, sysctls=SYSCTLS)
        with running(box, lab, lossy=False):
            device = lab.taps[tap]
            lab.host_command(role, "ethtool", "-K", device, "tx", "on")
            server, where = listen(lab)
            client = make_socket(lab, "wired")
            client.setblocking(False)
            began = client.connect_ex(where)
            demand(began == errno.EINPROGRESS, os.strerror(began))
            until(lambda: "event=checksums side=%s" % side in box.log(), "the log's line")
            stats = box.stats()
            unfinished = stats["checksum_%s_unfinished" % side]
            demand(unfinished >= 2, "%d unfinished" % unfinished)
            demand(stats["pass_bad_checksum"] == unfinished, "SYNs are not counted")
            other = "wireless" if side == "wired" else "wired"
            demand(stats["checksum_%s_invalid" % other] == 0, "the other side is blamed")
            demand(not select.select([], [client], [], 0)[1], "connected nevertheless")
            lab.host_command(role, "ethtool", "-K", device, "tx", "off")
            client.settimeout(DEADLINE_S)
            demand(select.select([server], [client], [], DEADLINE_S)[1], "not mended")
            demand(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0, "not connected")
            exchange(client, server.accept()[0])
            server.close()
            client.close()
            check_counters(arguments, box)
        told.append("%s: %d handshake packets named, mended by `tx off`" % (side, unfinished))
    return "; ".join(told)


def device_removed(arguments):
    """A device is removed, or reset by its host: snoopd says so, and ends or opens it again."""
    events = (("removed", signal.SIGRTMIN + 1), ("reset", signal.SIGRTMIN + 2))
    for what, signo in events:
        box = FaultBox(arguments.snoopd, shim="libdevice_event.so")
        with running(box, VethLab(PATH), lossy=False, status=PORT_LOST):
            box.signal(signo)
            box.process.wait(DEADLINE_S)
            demand("state=gone message=\"the device was " + what in box.log(), "it is not told")
    box, lab = FaultBox(arguments.snoopd, ["ports.lost=wait"],
                        shim="libdevice_event.so"), VethLab(PATH)
    with running(box, lab, lossy=False):
        crowd = Crowd(lab)
        crowd.grow(10)
        for number, (_, signo) in enumerate(events, 1):
            crowd.run_until(crowd.all_moved, "every connection is served")
            box.signal(signo)
            crowd.run_until(lambda: box.log().count("state=back") == number, "the port is back")
            crowd.mark()
        crowd.run_until(crowd.all_moved, "every connection moves on")
        demand(not crowd.lost, "%d connections are lost" % len(crowd.lost))
        crowd.close()
    return "removed and reset: ends with 3; with lost = wait opened again, 0 of 10 flows lost"


def wrap(arguments):
    """More than 4 GiB over one connection, so its sequence numbers wrap."""
    box, lab = FaultBox(arguments.snoopd), VethLab(PATH)
    with running(box, lab, lossy=False):
        pair = EndpointPair(lab, ["--bytes", WRAP_BYTES, "--answer", "--hash"])
        pair.listen()
        pair.start()
        sent, received = pair.finish(900)
        demand(sent and received and received[0].get("bytes") == WRAP_BYTES,
               "%s %s" % (sent, received))
        demand(sent[0]["sha256"] == received[0]["sha256"], "the payload differs")
        check_counters(arguments, box)
        stats, seconds = box.stats(), received[0]["done"] - received[0]["first"]
        demand(stats["flows_reset"] == 0, "the flow was forgotten on the way")
    return ("%d bytes, hashes equal, %.0f Mb/s; %d segments cached, flows_reset 0, "
            "repairs_confirmed %d") % (
        WRAP_BYTES, WRAP_BYTES * 8 / seconds / 1e6, stats["cached_segments_total"],
        stats["repairs_confirmed"])


def wrap_lossy(arguments):
    """Sequence numbers wrap amid lost and repaired segments: the test chooses the sender's first
    number."""
    box, lab = FaultBox(arguments.snoopd, level="snoop"), Lab(PATH, sysctls=SYSCTLS)
    with running(box, lab):
        prepare_radio(lab, Cell("wrap", PATH, loss=0.05, loss_rev=0.01))
        for _ in range(10):
            server, where = listen(lab)
            wired = make_socket(lab, "wired")
            for name, value in ((TCP_REPAIR, 1), (TCP_REPAIR_QUEUE, TCP_SEND_QUEUE),
                                (TCP_QUEUE_SEQ, (1 << 32) - BEFORE_WRAP_BYTES), (TCP_REPAIR, 0)):
                wired.setsockopt(socket.IPPROTO_TCP, name, struct.pack("=I", value))
            with server:
                wired.connect(where)
                mobile, _ = server.accept()
            exchange(wired, mobile, down=2 * BEFORE_WRAP_BYTES)
            finish(wired, mobile)
        check_counters(arguments, box)
        stats = box.stats()
        demand(stats["flows_reset"] == 0, "%d flows were forgotten on the way" %
               stats["flows_reset"])
        demand(stats["repairs_confirmed"] > 0, "nothing was repaired")
    return ("10 connections, numbers go round after %d bytes, 5 %% loss: hashes equal, "
            "flows_reset 0, repairs_confirmed %d") % (
        BEFORE_WRAP_BYTES, stats["repairs_confirmed"])


def forge_resets(lab, crowd):
    """Segments in the station's name, with numbers that the wired host does not accept. Three
    each, because the radio loses some."""
    from scapy.layers.inet import IP, TCP
    from scapy.layers.l2 import Ether
    with inside(lab, "mobile"):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    with sock:
        sock.bind((lab.taps["m0"], ALL_PROTOCOLS))
        for connection in crowd.connections * 3:
            sock.send(bytes(Ether(src=ADDRESSES["mobile"]["mac"], dst=ADDRESSES["wired"]["mac"]) /
                            IP(src=ADDRESSES["mobile"][4], dst=ADDRESSES["wired"][4]) /
                            TCP(sport=crowd.where[1], dport=connection.port, flags="R",
                                seq=int.from_bytes(os.urandom(4), "big"))))


def forged_resets(arguments):
    """An RST that the connection does not accept ends the help; after [flows] linger snoopd picks
    the flow up again."""
    box, flows = FaultBox(arguments.snoopd, ("flows.linger=500ms",)), 50
    with loaded(arguments, box, flows=flows) as crowd:
        crowd.run_until(helped(box), "repairs")
        before, forged = box.stats(), time.monotonic()
        forge_resets(crowd.lab, crowd)
        crowd.run_until(lambda: box.counter("flows_reset") >= before["flows_reset"] + flows,
                        "every flow is forgotten")
        crowd.run_until(lambda: box.counter("flows_midstream") >= before["flows_midstream"] + flows,
                        "every flow is picked up again")
        picked_up, repairs = time.monotonic() - forged, box.stats()["repairs_confirmed"]
        crowd.mark()
        crowd.run_until(lambda: box.counter("repairs_confirmed") > repairs, "help returns")
        helped_again = time.monotonic() - forged
        crowd.run_until(crowd.all_moved, "every connection moves on")
    return ("%d flows, 0 lost; linger 500 ms: all picked up again after %.1f s, "
            "the first repair after %.1f s") % (
        flows, picked_up, helped_again)


class JumboBox(FaultBox):
    """
    A slot of the packet socket's ring and a packet buffer both hold a whole frame. The driver takes
    the slot less its headers from one buffer, which is below 64 KiB, so that slots of 64 KiB are
    refused; 40 KiB divide their block.
    """

    megabytes = 1024

    def eal_args(self, lab, megabytes):
        return [arg + ",framesz=40960,blocksz=40960,framecnt=256" if arg.startswith("--vdev")
                else arg
                for arg in super().eal_args(lab, megabytes)]


class JumboLab(VethLab):
    def _configure_hosts(self):
        super()._configure_hosts()
        for role, tap in (("wired", "w0"), ("box", "b0"), ("box", "b1"), ("mobile", "m0")):
            check_call("ip", "-n", self.netns[role], "link", "set", self.taps[tap], "mtu",
                       str(JUMBO_BYTES))


def packet_socket(lab, role, tap):
    with inside(lab, role):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    sock.settimeout(30)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind((lab.taps[tap], ALL_PROTOCOLS))
    return sock


def cross(sender, receiver):
    """Random frames of the largest size, one at a time, bit for bit."""
    for _ in range(JUMBO_FRAMES):
        frame = (bytes.fromhex("020000007801" "020000007802") + TEST_PROTOCOL +
                 os.urandom(JUMBO_BYTES))
        sender.send(frame)
        while True:
            got, where = receiver.recvfrom(1 << 16)
            if where[2] != socket.PACKET_OUTGOING and got[12:14] == TEST_PROTOCOL:
                break
        demand(got == frame, "a frame of %d bytes arrived as another of %d" %
               (len(frame), len(got)))


def jumbo(arguments):
    """Frames of 40,014 bytes, random ones and those of a connection."""
    box = JumboBox(arguments.snoopd, ("cache.segments=512", "ports.rx_descriptors=64",
                                      "ports.tx_descriptors=64"), level="snoop")
    lab = JumboLab(PATH, sysctls=SYSCTLS)
    with running(box, lab, lossy=False):
        ends = packet_socket(lab, "wired", "w0"), packet_socket(lab, "mobile", "m0")
        cross(*ends)
        cross(*ends[::-1])
        for end in ends:
            end.close()
        server, where = listen(lab)
        wired = make_socket(lab, "wired")
        with server:
            wired.connect(where)
            mobile, _ = server.accept()
        exchange(wired, mobile, down=20_000_000, up=5_000_000)
        demand(path_mtu(wired) == JUMBO_BYTES, "the path's MTU is %d" % path_mtu(wired))
        finish(wired, mobile)
        check_counters(arguments, box)
        stats = box.stats()
        demand(stats["cached_segments_total"] > 0, "nothing was cached")
    return ("%d frames of %d bytes bit for bit; 25 MB over a connection, hashes equal, "
            "%d segments cached") % (
        2 * JUMBO_FRAMES, JUMBO_BYTES + 14, stats["cached_segments_total"])


FAULTS = (one_way, link_down, unfinished_checksums, veth_deleted, forged_resets, wrap_lossy, jumbo)
FAULTS = (one_way, link_down, veth_deleted, device_removed, forged_resets, wrap_lossy, jumbo)
BY_HAND = (wrap,)
