#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# net_af_packet gives a frame whose outer tag is 802.1ad (0x88a8) to its application with 802.1Q's
# 0x8100.
#
# Guess: the kernel hands VLAN tags over beside the frame, so the PMD puts back the tag with the
# TPID that the kernel reports (tp_vlan_tpid), or reports the tag in the mbuf's VLAN fields.
# Seen: 0x8100 whatever the kernel took out. 0x9100, which the kernel does not take out, comes
# through. A bridge of two such ports turns QinQ into two 802.1Q tags, and the provider's switch
# drops or misroutes them.
#
# usage: sudo findings/af-packet-tpid-rewritten.sh     (Debian 12, about 5 s)
# Exit status 0: seen as written here, 1: it behaves otherwise.
set -eu

version=22.11.11-0+deb12u1
if [ "$(dpkg-query -W -f '${Version}' dpdk 2>/dev/null)" != $version ]; then
	apt-get -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
		--allow-downgrades dpdk=$version iproute2 python3 >/dev/null
fi

netns=finding$$
dir=$(mktemp -d)
testpmd=
clean_up() {
	[ -z "$testpmd" ] || kill "$testpmd" 2>/dev/null || true
	ip netns del $netns 2>/dev/null || true
	rm -rf "$dir"
}
trap clean_up EXIT
ip netns add $netns
ip netns exec $netns sysctl -qw net.ipv6.conf.default.disable_ipv6=1
ip -n $netns link add peer type veth peer name port
ip -n $netns link set peer up
ip -n $netns link set port up
mkfifo "$dir/commands"
ip netns exec $netns dpdk-testpmd -l 0,1 --no-huge -m 256 --no-pci --file-prefix=finding$$ \
	--vdev=net_af_packet0,iface=port --vdev=net_pcap0,tx_pcap="$dir/out.pcap" \
	-- -i --auto-start --forward-mode=io --total-num-mbufs=4096 \
	<"$dir/commands" >"$dir/log" 2>&1 &
testpmd=$!
exec 3>"$dir/commands"
until grep -q 'testpmd>' "$dir/log"; do
	kill -0 $testpmd || { cat "$dir/log"; exit 2; }
	sleep 0.1
done

ip netns exec $netns python3 - <<'PYTHON'
import socket
port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
port.bind(("peer", 0))
for tags in ("81000064", "88a80064", "91000064", "88a80064" "810000c8"):
    port.send(bytes.fromhex("020000000002" "020000000001" + tags + "88b5") + bytes(60))
PYTHON
sleep 0.5
echo quit >&3
wait $testpmd
testpmd=

seen=$(python3 - "$dir/out.pcap" <<'PYTHON'
import struct
import sys
data, at, tags = open(sys.argv[1], "rb").read(), 24, []
while at < len(data):
    size = struct.unpack_from("<I", data, at + 8)[0]
    tags.append(data[at + 28:at + 30].hex())
    at += 16 + size
print(*tags)
PYTHON
)
echo "DPDK $version, kernel $(uname -r), net_af_packet; outer TPIDs"
echo "sent:     8100 88a8 9100 88a8"
echo "expected: 8100 88a8 9100 88a8"
echo "seen:     $seen"
[ "$seen" = "8100 8100 9100 8100" ]
