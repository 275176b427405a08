#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Write the seeds: frames and options of golden cases, the reference INI, and a few lives of a
connection.

usage: make_seeds.py    (writes seeds/TARGET/NAME beside this file; needs scapy)
What fuzzing adds is put there by hand (names of 40 hex digits), smallest first, after `fuzz_TARGET
-merge=1`.
"""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
GOLDEN = os.path.join(HERE, "..", "golden")
CASES = ("forward-bad-options", "forward-fragments", "forward-ipv6-extensions", "forward-malformed",
         "forward-non-ip",
         "forward-truncated", "forward-udp-esp", "forward-vlan", "ipv6", "padding", "dsack-own",
         "not-withheld-mptcp",
         "syn-lost", "tcp-transparent")
FRAME_BYTES_MAX = 200
FRAMES_PER_CASE = 8

DATA, DATA_AT, DATA_RAW, BURST, ACK, ACK_SACK, ACK_AGAIN, ACK_RAW = range(8)
WAIT, STALL, SYN, END, LEVEL, CONFIGURE, TROUBLE, FORGET = range(8, 16)
OBSERVE, REPAIR, SNOOP, AUTO = 1, 2, 3, 4
ALL = 0xff
RTT = (WAIT, 0x7f)          # 31 << 10 us
SHORT = (WAIT, 0x2f)        # 15 << 6 us
LONG = (WAIT, 0xff)         # 31 << 18 us


def write(target, name, data):
    folder = os.path.join(HERE, "seeds", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def frames_of(case):
    sys.path.insert(0, GOLDEN)
    import pcapfile
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, os.path.join(GOLDEN, "cases", case, "generate.py"), folder],
                       check=True, env={**os.environ, "PYTHONPATH": GOLDEN,
                                        "PYTHONDONTWRITEBYTECODE": "1"})
        for side in ("wired", "wireless"):
            for frame, _ in pcapfile.read(os.path.join(folder, side + ".pcap")):
                yield frame


def kind_of(frame):
    """Frames that look alike to the parser, more or less."""
    return frame[12:16], frame[20:24] if frame[12:14] == b"\x08\x00" else frame[18:21], frame[46:48]


def wire_and_options():
    for case in CASES:
        seen = set()
        for i, frame in enumerate(frames_of(case)):
            if kind_of(frame) in seen or len(seen) == FRAMES_PER_CASE:
                continue
            seen.add(kind_of(frame))
            write("wire", "%s-%d" % (case, i), b"\xff\xff" + frame[:FRAME_BYTES_MAX])
            if len(frame) >= 54 and frame[12:15] == b"\x08\x00\x45" and frame[23] == 6:
                header = (frame[46] >> 4) * 4
                if 20 < header <= 60:
                    write("options", "%s-%d" % (case, i), frame[47:48] + frame[54:34 + header])


def step(kind, *arguments, flow=0, variant=0):
    return bytes((kind | flow << 4 | variant << 6,) + arguments)


def opened(level, flow=0, wired=True):
    """Level, ordinary budgets; then a handshake, and two segments that are acknowledged."""
    first, second = (0, 3) if wired else (1, 2)
    return (bytes((level, 0, 0)) + step(SYN, 0x73, flow=flow, variant=first) + bytes(RTT) +
            step(SYN, 0xa3, flow=flow, variant=second) + bytes(RTT) + step(BURST, 2, flow=flow) +
            bytes(SHORT) +
            step(ACK, ALL, flow=flow) + bytes(SHORT))


def engine():
    hole = (step(BURST, 8) + bytes(SHORT) + step(ACK_SACK, 1, 2, 4) + step(ACK_SACK, 1, 2, 8) +
            step(ACK_SACK, 1, 2, 12))
    for name, level in (("observe", OBSERVE), ("repair", REPAIR), ("snoop", SNOOP), ("auto", AUTO)):
        write("engine", "hole-" + name, opened(level) + hole + bytes(SHORT) + step(ACK, ALL))
        write("engine", "tail-" + name, opened(level) + step(BURST, 3) + bytes(LONG) +
              step(ACK, ALL))
    for name, more in {
            "withheld-too-long": hole + bytes(LONG),
            "no-sack": step(BURST, 8) + step(ACK_AGAIN, 0) * 4 + bytes(RTT) + step(ACK, 4) +
            bytes(RTT) + step(ACK, ALL),
            "sender-retransmits": hole + step(DATA_AT, 0, 0xf0) + bytes(RTT) + step(ACK, ALL),
            "sender-retransmits-answered": step(BURST, 8) + step(DATA_AT, 0, 0xf0) + bytes(SHORT) +
            step(ACK_SACK, 1, 2, 8) * 4,
            "resegmented": step(BURST, 8) + step(DATA_AT, 1, 0xfb) + step(DATA_AT, 3, 0xf7) +
            step(ACK, ALL),
            "upstream": step(DATA, 0x90) + step(BURST, 4) + step(ACK_AGAIN, 0) * 3 +
            step(DATA_AT, 0, 0xf4),
            "raw": step(DATA_RAW, 0x18, 0xff, 0xff, 0x90, 0, 5, 220, 0) +
            step(ACK_RAW, 0x10, 0, 0, 0, 9, 16, 0, 0, 0),
            "jump": step(BURST, 4) + step(DATA_RAW, 0x10, 0x40, 0, 0, 0, 5, 220, 0) +
            step(ACK, ALL),
            "resync": step(BURST, 4) + step(ACK_RAW, 0x10, 0x70, 0, 0, 0, 16, 0, 0, 0) +
            step(BURST, 4),
            "closed-window": step(BURST, 4) + step(ACK, 1, variant=2) + bytes(LONG) +
            step(ACK, ALL),
            "silence": step(BURST, 8) + bytes(LONG) * 4 + step(ACK_AGAIN, 0) + bytes(RTT) +
            step(ACK, ALL),
            "reset": hole + step(END, variant=2) + step(BURST, 2) + step(SYN, 0x7b),
            "fins": step(BURST, 2) + step(END) + step(END, variant=1) + step(ACK, ALL) +
            step(FORGET),
            "syn-lost": step(SYN, 0x7b, flow=1) + bytes(RTT) * 9 + step(SYN, 0x77, flow=1) +
            bytes(RTT) * 9,
            "flows": b"".join(step(BURST, 6, flow=f) + step(ACK_SACK, 1, 2, 8, flow=f)
                              for f in (1, 2, 3)) + bytes(LONG),
            "levels": hole + step(LEVEL, OBSERVE) + hole + step(LEVEL, AUTO) + hole,
            "configured": hole + b"".join(step(CONFIGURE, k, 3) for k in range(8)) + hole +
            bytes(RTT),
            "trouble": step(TROUBLE, 1) + hole + step(TROUBLE, 2) + hole + step(TROUBLE, 4) + hole +
            bytes(RTT),
            "stall": hole + step(STALL, 0xff) + hole + step(ACK, ALL),
            "not-withheld": hole + b"".join(step(ACK_AGAIN, 1 << i) + step(ACK_AGAIN, 0) * 2
                                            for i in range(8)),
            "upstream-above": step(BURST, 4) + step(DATA, 0x90) + step(BURST, 4) +
            step(ACK_SACK, 1, 2, 4) * 4,
            "midstream": step(FORGET) + step(BURST, 4) + step(ACK, 2) + step(ACK, ALL),
    }.items():
        write("engine", name, opened(SNOOP) + more)
        write("engine", name + "-small", bytes((SNOOP, len(name) * 37 % 256, 7)) +
              opened(SNOOP)[3:] + more)


def config():
    with open(os.path.join(TOP, "config", "snoopd.ini")) as file:
        text = file.read()
    write("config", "reference", re.sub(r"(?m)^#.*\n|^\n", "", text).encode())
    rules = re.sub(r"(?m)^# ", "", text[text.index("# [rule lab]"):])
    write("config", "rules", ("[link]\nwired = 0\nwireless = 1\n" + rules).encode())
    write("config", "rule-full",
          b"[link]\nwired=a\nwireless=b\n[rule x]\nwired=2001:db8::/32\nwireless=::1\n"
          b"wired_ports=1-2\nwireless_ports=443\nmode=auto\n")
    links = b"".join(b"[link %s]\nwired=w%s\nwireless=r%s\n" % (name, name, name)
                     for name in (b"a", b"b", b"main"))
    write("config", "links", b"[timers]\nrto_min=6ms\n[timers b]\nrto_min=7ms\n" + links +
          b"workers=0,2-3\n[flows]\nmax=100\n[flows a]\nidle=1min\nvlan=ignore\n"
          b"[cache b]\nbytes=20MiB\n[rule x]\nlink=b\nmode=snoop\n[rule y]\nmode=repair\n"
          b"[rule z]\nmode=bypass\nlink=main\nwired_ports=22\n")
    for i, text in enumerate((b"[link]\nwired=0\nwireless=1\n", b"[process a]\nuser=root\n",
                              b"[metrics b]\n", b"[cache c]\n", b"[rule q]\nlink=c\nmode=auto\n",
                              b"[link d]\nwired=wa\nwireless=x\n", b"[timers b]\nrto_min=2s\n")):
        write("config", "links-wrong-%d" % i, links + text)
    for i, line in enumerate(("[link", "wired = x", "[none]\n", "[link]\nwired\n",
                              "[link]\nwired=a\nwired=b\n",
                              "[timers]\nrto_min = 1m\n",
                              "[cache]\nbytes = 99999999999999999999GiB\n",
                              "[veto]\nprior = 0.12345%\n",
                              "\xef\xbb\xbf[link]\r\n wired = a # c\r\n", "[rule ]\n",
                              "[link]\nwired=a\nwireless=a\n", "[rule a]\nwired=10.1.0.0/8\n",
                              "[withhold]\ntime = 2s\n")):
        write("config", "wrong-%02d" % i, line.encode("latin-1"))


def telemetry():
    for i, text in enumerate(("", "0", "7", "4294967296", "18446744073709551615",
                              "18446744073709551616", "-1", "0x10",
                              " 1", "1 ", "00", "1,2")):
        write("telemetry", "%02d" % i, text.encode())
    for i, text in enumerate(("10.0.0.1:443 > 192.168.0.7:5000",
                              "[2001:db8::1]:443 [fe80::1]:65535",
                              "[::ffff:10.0.0.1]:1 > [::2]:2 vlan 88a8:4095.8100:7",
                              "10.0.0.1:443 > [::1]:5000",
                              "10.0.0.1:443 > 192.168.0.7:5000 vlan 8100:0",
                              "10.0.0.1:0 > 0.0.0.0:0 vlan 0:1.+1:-1")):
        write("telemetry", "key-%d" % i, text.encode())


if __name__ == "__main__":
    wire_and_options()
    for i, options in enumerate(("", "0101080a0000000100000002", "0101050a0000000100000002",
                                 "020405b4010303070402",
                                 "1e0c0000000000000000", "0522" + "00000001000000ff" * 4, "08",
                                 "0800", "030400")):
        write("options", "made-%d" % i, b"\x10" + bytes.fromhex(options))
        write("options", "made-syn-%d" % i, b"\x02" + bytes.fromhex(options))
    engine()
    config()
    telemetry()
