# SPDX-License-Identifier: BSD-3-Clause
"""N boxes on parallel links between two routers that share the load by ECMP:

                              +-- box 0 --+
    wired host --[wired path]-- router      router --[radio]-- mobile host
                              +-- box N-1 +

The routers are FRR's (BGP, BFD) and the kernel's forwarding, each in a namespace. The hosts take
the routers for each other: they keep the addresses that they have in every lab.
"""

import datetime
import json
import re
import shutil
import subprocess
import time

from switches import TESTS, add_cable
from fault_box import PATH, SYSCTLS
from lab import ADDRESSES, Lab, LabError, check_call
from stacks import DEADLINE_S, demand

FRR = "/usr/lib/frr/"
DAEMONS = "zebra", "bfdd", "bgpd"
CONFIG = TESTS.parent / "config" / "frr"
SEED_FILE = "/proc/sys/net/ipv4/fib_multipath_hash_seed"
BOXES_MAX = 4  # links in the routers' files
ROUTERS = "router-w", "router-r"
HOSTS = {"router-w": ("wired", "b0"), "router-r": ("mobile", "b1")}


class RouterLab(Lab):
    links = (("wired", "wired", "w0", "router-w", "b0"),
             ("radio", "router-r", "b1", "mobile", "m0"))

    def __init__(self, count, path=PATH):
        super().__init__(path, sysctls=SYSCTLS)
        self.count = count
        for role in ROUTERS:
            self.netns[role] = f"snoop-{self.id}-{role.replace('-', '')}"

    def ip(self, *argv):
        return check_call("ip", "-n", self.netns["box"], *argv)

    def box_ends(self, index):
        return f"ew{index}x{self.id}", f"er{index}x{self.id}"

    def plug_in(self, index):
        """The cables of a box: their other ends are in the routers."""
        for role, end in zip(ROUTERS, self.box_ends(index)):
            near = "p" + end[1:]
            add_cable(self, near, end)
            self.ip("link", "set", near, "netns", self.netns[role], "name", f"link{index}")
            check_call("ip", "-n", self.netns[role], "link", "set", f"link{index}", "up")

    def start_routing(self):
        for role in ROUTERS:
            host, tap = HOSTS[role]
            router = ["ip", "-n", self.netns[role]]
            self.host_command(role, "sysctl", "-q", "-p", str(CONFIG / "routers.sysctl"))
            check_call(*router, "route", "add", ADDRESSES[host][4], "dev", self.taps[tap])
            check_call(*router, "neigh", "replace", ADDRESSES[host][4], "lladdr",
                       ADDRESSES[host]["mac"], "dev", self.taps[tap], "nud", "permanent")
            mac = json.loads(check_call(*router, "-j", "link", "show", "dev",
                                        self.taps[tap]))[0]["address"]
            other = "mobile" if host == "wired" else "wired"
            check_call("ip", "-n", self.netns[host], "neigh", "replace", ADDRESSES[other][4],
                       "lladdr", mac, "dev", self.taps["w0" if host == "wired" else "m0"], "nud",
                       "permanent")
            self._start_frr(role)

    def _start_frr(self, role):
        """The daemons, and the whole configuration by vtysh, as Debian's service does it."""
        if not shutil.which(FRR + "bgpd"):
            raise LabError("no FRR: apt install frr")
        folder = self.dir / role
        folder.mkdir()
        self.dir.chmod(0o711)  # they give up root
        shutil.chown(folder, "frr", "frr")
        # One after the other, as Debian's service: FRR 8.4.4 may lose BGP's wish for BFD otherwise.
        for daemon in DAEMONS:
            more = ["--bfdctl", folder / "bfdd.sock"] if daemon == "bfdd" else []
            # Routers are machines of their own: a box that starts must not keep BFD from the CPU.
            self.process(["nice", "-n", "-20", *self.in_netns(
                role, FRR + daemon, "-f", "/dev/null", "-i", folder / f"{daemon}.pid", "-z",
                folder / "zserv.sock", "--vty_socket", folder, "-P", "0", *more)],
                         f"{role}-{daemon}")
            end = time.monotonic() + DEADLINE_S
            while not self._zebra_knows(role, daemon):
                demand(time.monotonic() < end, "FRR's %s does not start" % daemon)
                time.sleep(0.05)
        shutil.copy(CONFIG / f"{role}.conf", folder / "frr.conf")
        self._vtysh(role, "--config_dir", str(folder), "-b")
        self._monitor(role)

    def _zebra_knows(self, role, daemon):
        try:
            clients = self._vtysh(role, "-d", "zebra", "-c", "show zebra client summary")
        except LabError:
            return False
        name = {"bfdd": "bfd", "bgpd": "bgp"}.get(daemon, "Name")
        return re.search(rf"^{name}\b", clients, flags=re.M) is not None

    def _vtysh(self, role, *argv):
        return self.host_command(role, "vtysh", "--vty_socket", str(self.dir / role), *argv)

    def _monitor(self, role):
        """The kernel's notes of changes of routes, with the time of each."""
        self.process(self.in_netns(role, "ip", "-ts", "monitor", "route"), f"{role}-routes")

    def rerouted_s(self, role, since, index):
        """@return when that router first had a route that left out that link after `since`
        (time.time()), in seconds from then"""
        notes = re.split(r"^\[([^]]+)\]", (self.dir / f"{role}-routes.log").read_text(), flags=re.M)
        for when, what in zip(notes[1::2], notes[2::2]):
            after = datetime.datetime.fromisoformat(when).timestamp() - since
            links = re.findall(r"dev link(\d)", what)
            if after > 0 and links and "Deleted" not in what and str(index) not in links:
                return after
        raise LabError(f"{role}: the kernel noted no change of the route")

    def paths(self, ports, to_port):
        """@return the boxes that the kernel chooses for connections from these ports"""
        asked = "".join("route get {} from {} iif {} ipproto tcp sport {} dport {}\n".format(
            ADDRESSES["mobile"][4], ADDRESSES["wired"][4], self.taps["b0"], port, to_port)
            for port in ports)
        told = subprocess.run(["ip", "-n", self.netns["router-w"], "-batch", "-"], input=asked,
                              check=True, capture_output=True, text=True).stdout
        return [int(index) for index in re.findall(r"\bdev link(\d)", told)]

    def next_hops(self, role):
        """@return how many paths that router has to the other host"""
        other = "mobile" if role == "router-w" else "wired"
        shown = check_call("ip", "-n", self.netns[role], "-j", "route", "show",
                           ADDRESSES[other][4])
        routes = json.loads(shown or "[]")
        return len(routes[0].get("nexthops", [1])) if routes else 0

    def bfd_detection_s(self, role):
        """@return the detection time of each BFD session of that router that is up"""
        try:
            peers = json.loads(self._vtysh(role, "-d", "bfdd", "-c", "show bfd peers json"))
        except LabError:
            return []  # it has not started yet
        return [1e-3 * peer["remote-detect-multiplier"] *
                max(peer["receive-interval"], peer["remote-transmit-interval"])
                for peer in peers if peer.get("status") == "up"]

    def wait_routing(self, crowd=None):
        """Wait for all paths, and for BFD to watch them. @return BFD's detection time"""
        def ready():
            return all(self.next_hops(role) == len(self.bfd_detection_s(role)) == self.count
                       for role in ROUTERS)

        if crowd:
            crowd.run_until(ready, "all paths are back")
        end = time.monotonic() + DEADLINE_S
        while not crowd and not ready():
            demand(time.monotonic() < end, "paths are missing: next hops %s, BFD sessions %s" % (
                [self.next_hops(role) for role in ROUTERS],
                [len(self.bfd_detection_s(role)) for role in ROUTERS]))
            time.sleep(0.1)
        return max(max(self.bfd_detection_s(role)) for role in ROUTERS)
