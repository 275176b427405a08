#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# rte_eal_init() succeeds although a device of --vdev could not be made.
#
# Promise: rte_bus.h says of rte_bus_probe(), by which rte_eal_init() makes them, that it returns 0
# "for successful match/probe" and not 0 otherwise; rte_eal_init() fails where it does.
# Seen: with an interface or a file that does not exist rte_eal_init() succeeds and there is no
# port; the log alone says why. Only an unknown driver's name makes it fail. What helps: to look
# each device up by its name (rte_eth_dev_get_port_by_name()).
#
# usage: sudo findings/eal-init-vdev.sh     (Debian 12, about 10 s)
# Exit status 0: seen as written here, 1: it behaves otherwise.
set -eu

version=22.11.11-0+deb12u1
if [ "$(dpkg-query -W -f '${Version}' libdpdk-dev 2>/dev/null)" != $version ]; then
	apt-get -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
		--allow-downgrades libdpdk-dev=$version gcc libc6-dev pkg-config >/dev/null
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/init.c" <<'C'
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	int result = rte_eal_init(argc, argv);

	printf("%s %d\n", result < 0 ? "fails" : "succeeds",
	       result < 0 ? 0 : rte_eth_dev_count_avail());
	return 0;
}
C
# shellcheck disable=SC2046 # words of pkg-config
gcc "$dir/init.c" -o "$dir/init" $(pkg-config --cflags --libs libdpdk)
echo "DPDK $version: rte_eal_init(), and the number of ports"
status=0
for vdev in net_af_packet0,iface=nosuch net_af_xdp0,iface=nosuch net_pcap0,rx_pcap=/nosuch; do
	seen=$("$dir/init" -l 0 --no-huge -m 64 --no-pci --no-telemetry --file-prefix=finding$$ \
		--vdev=$vdev 2>/dev/null)
	echo "--vdev=$vdev: expected: fails 0, seen: $seen"
	[ "$seen" = "succeeds 0" ] || status=1
done
exit $status
