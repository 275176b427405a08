# SPDX-License-Identifier: BSD-3-Clause
"""What a middlebox may break, each a function of the lab: real stacks, every byte compared, and
proof that the feature was in use. CHECKS run one after the other, SLOW ones beside them."""

import contextlib
import os
import re
import select
import selectors
import socket
import ssl
import struct
import time

from lab import ADDRESSES, check_call
from stacks import (Background, DEADLINE_S, OPT_ECN, OPT_ECN_SEEN, OPT_SACK, OPT_SYN_DATA,
                    OPT_TIMESTAMPS, address, connect, demand, digest, exchange, finish, listen,
                    make_socket, offered_window, path_mtu, read_all, set_sysctls, tcp_counter,
                    tcp_info, wait_for_counter)

IPPROTO_MPTCP, SOL_MPTCP, MPTCP_INFO, MPTCP_FALLBACK = 262, 284, 1, 1
TCP_MD5SIG, TCP_FASTOPEN, MSG_FASTOPEN = 14, 23, 0x20000000
IPV6_DSTOPTS = 59
KEY = b"a shared secret"
CROWD = 1000
ZERO_WINDOW_S = 10
MARK_CE = """
table ip congestion {
  chain out {
    type filter hook postrouting priority mangle
    tcp dport %d ip ecn { 1, 2 } numgen random mod 20 == 0 ip ecn set ce counter
  }
}
"""


def plain(lab):
    ends = connect(lab)
    exchange(*ends)
    finish(*ends)


def ipv6(lab):
    ends = connect(lab, family=6)
    exchange(*ends)
    finish(*ends)


def ipv6_extension_headers(lab):
    # A destination options header of eight bytes (PadN) in front of every segment.
    options = [(socket.IPPROTO_IPV6, IPV6_DSTOPTS, bytes((0, 0, 1, 4, 0, 0, 0, 0)))]
    ends = connect(lab, family=6, options=options, server_options=options)
    exchange(*ends)
    finish(*ends)


def mptcp(lab):
    ends = connect(lab, protocol=IPPROTO_MPTCP)
    exchange(*ends)
    for end in ends:
        flags = struct.unpack_from("I", end.getsockopt(SOL_MPTCP, MPTCP_INFO, 64), 8)[0]
        demand(not flags & MPTCP_FALLBACK, "MPTCP fell back to TCP")
    finish(*ends)


def fast_open(lab):
    server, where = listen(lab, options=[(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)])
    with server:
        # the first gets the cookie; a SYN that the radio loses is sent again without data
        for _ in range(20):
            client = make_socket(lab, "wired")
            request = os.urandom(400)
            client.settimeout(None)  # without a cookie the call waits for the handshake
            client.sendto(request, MSG_FASTOPEN, where)
            client.settimeout(DEADLINE_S)
            peer, _ = server.accept()
            peer.settimeout(DEADLINE_S)
            demand(digest(read_all(peer, len(request))) == digest(request),
                   "the data of the SYN differs")
            exchange(client, peer, 20_000, 1000)
            in_syn = tcp_info(client)[0] & OPT_SYN_DATA
            finish(client, peer)
            if in_syn:
                return
    demand(False, "no SYN carried data")


@contextlib.contextmanager
def marking(lab, port):
    """Every 20th ECN-capable packet to that port is marked. Yields a function: how many packets
    were."""
    rules = lab.dir / "ce.nft"
    rules.write_text(MARK_CE % port)
    lab.host_command("wired", "nft", "-f", str(rules))
    try:
        yield lambda: int(re.search(r"counter packets (\d+)",
                                    lab.host_command("wired", "nft", "list", "table", "ip",
                                                     "congestion")).group(1))
    finally:
        lab.host_command("wired", "nft", "delete", "table", "ip", "congestion")


def exchange_marked(lab):
    """@return packets marked CE by the path, those that the station received, and those that it
    told the sender of"""
    before = (tcp_counter(lab, "mobile", "InCEPkts", "IpExt"),
              tcp_counter(lab, "wired", "TCPDeliveredCE"))
    ends = connect(lab)
    with marking(lab, ends[0].getpeername()[1]) as marked:
        exchange(*ends, down=1_000_000)
        demand(all(tcp_info(end)[0] & OPT_ECN for end in ends), "ECN was not negotiated")
        demand(tcp_info(ends[1])[0] & OPT_ECN_SEEN, "no ECT seen by the station")
        finish(*ends)
        return (marked(), tcp_counter(lab, "mobile", "InCEPkts", "IpExt") - before[0],
                tcp_counter(lab, "wired", "TCPDeliveredCE") - before[1])


def ecn(lab):
    """Over the radio that loses, and over one that does not: there the station receives every
    mark."""
    def radio():
        return lab.control("stats")["links"]["radio"]["fwd"]

    def dropped():
        return sum(link["fwd"]["queue_drops"] for link in lab.control("stats")["links"].values())

    loss = radio()["set"]["loss"]
    # a mark is one packet
    lab.host_command("wired", "ip", "link", "set", "dev", lab.taps["w0"], "gso_max_segs", "1")
    set_sysctls(lab, tcp_ecn=1)
    try:
        marked, _, told = exchange_marked(lab)
        demand(marked > 0 and told > 0, "%d CE marks, %d were fed back" % (marked, told))
        lab.set_link("radio", "fwd", loss=0)
        drops, copies = dropped(), radio()["retransmits"]["copies"]
        marked, received, told = exchange_marked(lab)
        drops, copies = dropped() - drops, radio()["retransmits"]["copies"] - copies
        demand(marked - drops <= received <= marked + copies,
               "%d packets were marked, %d received with the mark; %d drops, %d copies" %
               (marked, received, drops, copies))
        demand(told > 0, "CE marks were not fed back")
    finally:
        set_sysctls(lab, tcp_ecn=2)
        lab.set_link("radio", "fwd", loss=loss)
        lab.host_command("wired", "ip", "link", "set", "dev", lab.taps["w0"], "gso_max_segs",
                         "65535")


def md5(lab):
    def key_for(role):
        peer = socket.inet_aton(ADDRESSES[role][4])
        there = struct.pack("=HH4s120x", socket.AF_INET, 0, peer)
        return [(socket.IPPROTO_TCP, TCP_MD5SIG, there +
                 struct.pack("=BBHi80s", 0, 0, len(KEY), 0, KEY))]
    ends = connect(lab, options=key_for("mobile"), server_options=key_for("wired"))
    exchange(*ends)
    finish(*ends)
    for role in ("wired", "mobile"):
        for name in ("TCPMD5NotFound", "TCPMD5Unexpected", "TCPMD5Failure"):
            demand(tcp_counter(lab, role, name) == 0, "%s of the %s host" % (name, role))


def _without(lab, name, option):
    set_sysctls(lab, **{name: 0})
    try:
        ends = connect(lab)
        exchange(*ends)
        demand(not tcp_info(ends[0])[0] & option, name + " is in use")
        finish(*ends)
    finally:
        set_sysctls(lab, **{name: 1})


def sack_off(lab):
    _without(lab, "tcp_sack", OPT_SACK)


def timestamps_off(lab):
    _without(lab, "tcp_timestamps", OPT_TIMESTAMPS)


def window_scale_0(lab):
    # RFC 7323: an offer of 0 is an offer; the buffer is too small for more.
    small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 30000)]
    ends = connect(lab, options=small, server_options=small)
    exchange(*ends)
    demand(tcp_info(ends[0])[1:] == (0, 0), "scales are %s" % (tcp_info(ends[0])[1:],))
    finish(*ends)


def window_scale_14(lab):
    rmem = lab.host_command("mobile", "sysctl", "-n", "net.ipv4.tcp_rmem").split()
    set_sysctls(lab, tcp_rmem="%s %s 2147483647" % tuple(rmem[:2]))
    try:
        ends = connect(lab)
        exchange(*ends)
        demand(tcp_info(ends[0])[1:] == (14, 14), "scales are %s" % (tcp_info(ends[0])[1:],))
        finish(*ends)
    finally:
        set_sysctls(lab, tcp_rmem=" ".join(rmem))


def urgent(lab):
    wired, mobile = connect(lab, server_options=[(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)])
    before, after = os.urandom(30_000), os.urandom(30_000)
    wired.sendall(before)
    wired.send(b"!", socket.MSG_OOB)
    poll = select.poll()
    poll.register(mobile, select.POLLPRI)
    demand(poll.poll(DEADLINE_S * 1000), "the urgent pointer did not arrive")
    wired.sendall(after)
    got = read_all(mobile, len(before) + 1 + len(after))
    demand(digest(got) == digest(before + b"!" + after), "the payload differs")
    finish(wired, mobile)


def open_simultaneously(lab, wired_port, mobile_port):
    """@return both ends, None if a SYN arrived before the other host had sent its own and was
    refused"""
    ends = {}
    for role, port in (("wired", wired_port), ("mobile", mobile_port)):
        ends[role] = make_socket(lab, role)
        ends[role].bind(address(role, port))
    opening = [Background(ends["wired"].connect, address("mobile", mobile_port)),
               Background(ends["mobile"].connect, address("wired", wired_port))]
    refused = False
    for thread in opening:
        try:
            thread.wait()
        except ConnectionRefusedError:
            refused = True
    if not refused:
        return ends
    for end in ends.values():
        end.close()
    return None


def simultaneous_open(lab):
    ends = None
    for attempt in range(10):
        ends = ends or open_simultaneously(lab, 5900 + 2 * attempt, 5901 + 2 * attempt)
    demand(ends, "refused ten times")
    exchange(ends["wired"], ends["mobile"])
    finish(ends["wired"], ends["mobile"])


def half_close(lab):
    wired, mobile = connect(lab)
    mobile.shutdown(socket.SHUT_WR)
    demand(wired.recv(1) == b"", "data after the end")
    payload = os.urandom(300_000)
    sending = Background(wired.sendall, payload)
    demand(digest(read_all(mobile, len(payload))) == digest(payload), "the payload differs")
    sending.wait()
    wired.shutdown(socket.SHUT_WR)
    demand(mobile.recv(1) == b"", "data after the end")
    wired.close()
    mobile.close()


@contextlib.contextmanager
def second_hop(lab):
    """
    A host behind the mobile host, over a route with an MTU of 1280: what is larger is answered by
    ICMP too-big. The interfaces keep 1500: a veth of 1280 would drop what is larger on its way
    back, and the inner host would not hear of it.
    """
    inner = "snoop-%s-inner" % lab.id  # removed with the lab, or by `run clean`
    check_call("ip", "netns", "add", inner)
    lab.netns["inner"] = inner
    lab._made_netns.append(inner)
    outer = lab.netns["mobile"]
    check_call("ip", "-n", outer, "link", "add", "hop", "type", "veth", "peer", "name", "hop",
               "netns", inner)
    for netns, host in ((outer, "10.78.0.1"), (inner, "10.78.0.2")):
        check_call("ip", "-n", netns, "addr", "add", host + "/24", "dev", "hop")
        check_call("ip", "-n", netns, "link", "set", "hop", "up")
    check_call("ip", "-n", outer, "route", "replace", "10.78.0.0/24", "dev", "hop", "mtu", "lock",
               "1280")
    check_call("ip", "-n", inner, "route", "add", "default", "via", "10.78.0.1")
    lab.host_command("mobile", "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
    check_call("ip", "-n", lab.netns["wired"], "route", "add", "10.78.0.0/24", "via",
               ADDRESSES["mobile"][4])
    try:
        yield
    finally:  # what the wired host has learned of the path's MTU goes with its route
        check_call("ip", "-n", lab.netns["wired"], "route", "del", "10.78.0.0/24")
        lab.host_command("mobile", "sysctl", "-q", "-w", "net.ipv4.ip_forward=0")
        check_call("ip", "-n", outer, "link", "del", "hop")
        check_call("ip", "netns", "del", inner)
        lab._made_netns.remove(lab.netns.pop("inner"))


def path_mtu_discovery(lab):
    with second_hop(lab):
        server = make_socket(lab, "inner")
        server.bind(("10.78.0.2", 7000))
        server.listen(1)
        wired = make_socket(lab, "wired")
        wired.connect(("10.78.0.2", 7000))
        mobile, _ = server.accept()
        mobile.settimeout(DEADLINE_S)
        server.close()
        demand(path_mtu(wired) == 1500, "the path's MTU is %d at the start" % path_mtu(wired))
        exchange(wired, mobile)
        demand(path_mtu(wired) == 1280, "the path's MTU is %d at the end" % path_mtu(wired))
        finish(wired, mobile)


def tls(lab):
    key, certificate = str(lab.dir / "key.pem"), str(lab.dir / "certificate.pem")
    check_call("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:prime256v1", "-nodes",
               "-keyout", key, "-out", certificate, "-days", "1", "-subj", "/CN=mobile")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    asking = ssl.create_default_context(cafile=certificate)
    asking.check_hostname = False
    wired, mobile = connect(lab)
    accepting = Background(lambda: serving.wrap_socket(mobile, server_side=True))
    wired = asking.wrap_socket(wired)
    mobile = accepting.wait()
    payload = os.urandom(300_000)
    sending = Background(wired.sendall, payload)
    demand(digest(read_all(mobile, len(payload))) == digest(payload), "the payload differs")
    sending.wait()
    wired.close()
    mobile.close()


def crowd(lab):
    """A thousand connections at once, each with a request and an answer of its own."""
    server, where = listen(lab)
    server.setblocking(False)
    selector = selectors.DefaultSelector()
    selector.register(server, selectors.EVENT_READ)
    waiting = {}
    for _ in range(CROWD):
        client = make_socket(lab, "wired")
        client.setblocking(False)
        client.connect_ex(where)
        waiting[client] = (os.urandom(4000), bytearray())
        selector.register(client, selectors.EVENT_WRITE)
    open_sockets, end = set(waiting), time.monotonic() + DEADLINE_S
    try:
        while waiting:
            demand(time.monotonic() < end, "%d of %d connections are not done" %
                   (len(waiting), CROWD))
            for key, _ in selector.select(1):
                _serve(selector, key.fileobj, server, waiting, open_sockets)
    finally:
        selector.close()
        for sock in open_sockets | {server}:
            sock.close()


def _serve(selector, sock, server, waiting, open_sockets):
    if sock is server:
        peer, _ = server.accept()
        peer.setblocking(False)
        open_sockets.add(peer)
        selector.register(peer, selectors.EVENT_READ)
    elif sock not in waiting:  # the mobile host's end echoes; an answer fits into its buffer
        sock.sendall(sock.recv(1 << 16))
    elif selector.get_key(sock).events == selectors.EVENT_WRITE:
        sock.sendall(waiting[sock][0])
        selector.modify(sock, selectors.EVENT_READ)
    else:
        request, answer = waiting[sock]
        answer += sock.recv(1 << 16)
        if len(answer) >= len(request):
            demand(bytes(answer) == request, "an answer differs")
            selector.unregister(sock)
            del waiting[sock]


def keep_alive(lab):
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
               (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1),
               (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1),
               (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 10)]
    before = tcp_counter(lab, "wired", "TCPKeepAlive")
    ends = connect(lab, options=options)
    exchange(*ends, down=1000, up=1000)
    wait_for_counter(lab, "wired", "TCPKeepAlive", before + 3)
    exchange(*ends)
    finish(*ends)


def zero_window(lab):
    """The station does not read: its window closes, and the sender's probes are answered, for 10 s
    and more."""
    before = tcp_counter(lab, "wired", "TCPWinProbe")
    wired, mobile = connect(lab, server_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 20000)])
    payload = os.urandom(2_000_000)
    sending = Background(wired.sendall, payload)
    end = time.monotonic() + DEADLINE_S
    while offered_window(wired):
        demand(time.monotonic() < end, "the window stays open")
        time.sleep(0.05)
    closed = time.monotonic()
    while time.monotonic() < closed + ZERO_WINDOW_S:
        time.sleep(0.05)
        demand(offered_window(wired) == 0, "the window has opened, and nobody has read")
    probes = tcp_counter(lab, "wired", "TCPWinProbe") - before
    demand(probes >= 3, "%d probes in %d s" % (probes, ZERO_WINDOW_S))
    demand(digest(read_all(mobile, len(payload))) == digest(payload), "the payload differs")
    sending.wait()
    finish(wired, mobile)


CHECKS = (plain, ipv6, ipv6_extension_headers, mptcp, fast_open, ecn, md5, sack_off, timestamps_off,
          window_scale_0, window_scale_14, urgent, simultaneous_open, half_close,
          path_mtu_discovery, tls, crowd)
SLOW = (keep_alive, zero_window)
