# SPDX-License-Identifier: BSD-3-Clause
"""N boxes on parallel links between two routers that share the load by ECMP:

                              +-- box 0 --+
    wired host --[wired path]-- router      router --[radio]-- mobile host
                              +-- box N-1 +

The routers are FRR's (BGP, BFD) and the kernel's forwarding, each in a namespace. The hosts take
the routers for each other: they keep the addresses that they have in every lab.
"""

import json
import shutil
import time

from switches import add_cable
from fault_box import PATH, SYSCTLS
from lab import ADDRESSES, Lab, LabError, check_call
from stacks import DEADLINE_S, demand

FRR = "/usr/lib/frr/"
SEED_FILE = "/proc/sys/net/ipv4/fib_multipath_hash_seed"
ROUTERS = "router-w", "router-r"
HOSTS = {"router-w": ("wired", "b0"), "router-r": ("mobile", "b1")}
HASH_SEED = 7  # the same on both, or the directions of a flow go through different boxes
BFD_INTERVAL_MS, BFD_MULTIPLIER = 100, 3
DETECTION_S = 1e-3 * BFD_INTERVAL_MS * BFD_MULTIPLIER

BGPD = """router bgp {asn}
 bgp router-id 10.79.255.{number}
 no bgp ebgp-requires-policy
 no bgp network import-check
 bgp bestpath as-path multipath-relax
{neighbors} address-family ipv4 unicast
  network {host}/32
  maximum-paths 8
 exit-address-family
"""
NEIGHBOR = """ neighbor {peer} remote-as {asn}
 neighbor {peer} bfd
 neighbor {peer} advertisement-interval 0
 neighbor {peer} timers 3 9
 neighbor {peer} timers connect 1
"""
BFDD = "bfd\n{peers}"
PEER = """ peer {peer}
  detect-multiplier {multiplier}
  receive-interval {interval}
  transmit-interval {interval}
 exit
"""


class RouterLab(Lab):
    links = (("wired", "wired", "w0", "router-w", "b0"),
             ("radio", "router-r", "b1", "mobile", "m0"))

    def __init__(self, count):
        super().__init__(PATH, sysctls=SYSCTLS)
        self.count = count
        for role in ROUTERS:
            self.netns[role] = f"snoop-{self.id}-{role.replace('-', '')}"

    def ip(self, *argv):
        return check_call("ip", "-n", self.netns["box"], *argv)

    def box_ends(self, index):
        return f"ew{index}x{self.id}", f"er{index}x{self.id}"

    def plug_in(self, index):
        """The cables of a box: their other ends are in the routers."""
        for number, (role, end) in enumerate(zip(ROUTERS, self.box_ends(index)), 1):
            near = "p" + end[1:]
            add_cable(self, near, end)
            self.ip("link", "set", near, "netns", self.netns[role])
            router = ["ip", "-n", self.netns[role]]
            check_call(*router, "addr", "add", f"10.79.{index}.{number}/30", "dev", near)
            check_call(*router, "link", "set", near, "up")

    def start_routing(self):
        for number, role in enumerate(ROUTERS, 1):
            host, tap = HOSTS[role]
            router = ["ip", "-n", self.netns[role]]
            self.host_command(role, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1",
                              "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
                              "net.ipv4.conf.all.send_redirects=0",
                              "net.ipv4.fib_multipath_hash_policy=1",
                              f"net.ipv4.fib_multipath_hash_seed={HASH_SEED}")
            check_call(*router, "route", "add", ADDRESSES[host][4], "dev", self.taps[tap])
            check_call(*router, "neigh", "replace", ADDRESSES[host][4], "lladdr",
                       ADDRESSES[host]["mac"], "dev", self.taps[tap], "nud", "permanent")
            mac = json.loads(check_call(*router, "-j", "link", "show", "dev",
                                        self.taps[tap]))[0]["address"]
            other = "mobile" if host == "wired" else "wired"
            check_call("ip", "-n", self.netns[host], "neigh", "replace", ADDRESSES[other][4],
                       "lladdr", mac, "dev", self.taps["w0" if host == "wired" else "m0"], "nud",
                       "permanent")
            self._start_frr(role, number)

    def _start_frr(self, role, number):
        if not shutil.which(FRR + "bgpd"):
            raise LabError("no FRR: apt install frr")
        peers = [f"10.79.{index}.{3 - number}" for index in range(self.count)]
        texts = {
            "zebra": "",
            "bfdd": BFDD.format(peers="".join(PEER.format(
                peer=peer, multiplier=BFD_MULTIPLIER, interval=BFD_INTERVAL_MS)
                for peer in peers)),
            "bgpd": BGPD.format(asn=65000 + number, number=number,
                                host=ADDRESSES[HOSTS[role][0]][4],
                                neighbors="".join(NEIGHBOR.format(peer=peer, asn=65003 - number)
                                                  for peer in peers))}
        folder = self.dir / role
        folder.mkdir()
        self.dir.chmod(0o711)  # they give up root
        shutil.chown(folder, "frr", "frr")
        for daemon, text in texts.items():
            (folder / f"{daemon}.conf").write_text(text)
            more = ["--bfdctl", folder / "bfdd.sock"] if daemon == "bfdd" else []
            self.process(self.in_netns(role, FRR + daemon, "-f", folder / f"{daemon}.conf", "-i",
                                       folder / f"{daemon}.pid", "-z", folder / "zserv.sock",
                                       "--vty_socket", folder, "-P", "0", *more),
                         f"{role}-{daemon}")

    def next_hops(self, role):
        """@return how many paths that router has to the other host"""
        other = "mobile" if role == "router-w" else "wired"
        shown = check_call("ip", "-n", self.netns[role], "-j", "route", "show",
                           ADDRESSES[other][4])
        routes = json.loads(shown or "[]")
        return len(routes[0].get("nexthops", [1])) if routes else 0

    def bfd_up(self, role):
        """@return how many BFD sessions of that router are up"""
        try:
            told = self.host_command(role, "vtysh", "--vty_socket", str(self.dir / role), "-d",
                                     "bfdd", "-c", "show bfd peers json")
        except LabError:
            return 0  # it has not started yet
        return sum(peer.get("status") == "up" for peer in json.loads(told))

    def wait_routing(self, crowd=None):
        """Wait for all paths, and for BFD to watch them."""
        def ready():
            return all(self.next_hops(role) == self.bfd_up(role) == self.count for role in ROUTERS)

        if crowd:
            crowd.run_until(ready, "all paths are back")
            return
        end = time.monotonic() + DEADLINE_S
        while not ready():
            demand(time.monotonic() < end, "BGP or BFD does not come up")
            time.sleep(0.1)
