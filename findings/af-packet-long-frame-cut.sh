#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# net_af_packet delivers a frame that is longer than its slot cut off, as if it were whole.
#
# Such frames come where the interface's MTU is raised after the port was opened, or where the
# kernel merges segments (GRO, rx-gro-hw). The kernel says in each slot how long the frame was
# (tp_len) and how much of it is there (tp_snaplen).
#
# Guess: the PMD drops a frame of which tp_snaplen is less than tp_len and counts it as ierrors or
# imissed.
# Seen: the application gets the first 1982 bytes (2048 less the slot's header); RX-errors and
# RX-missed stay 0. A bridge sends the stump on.
#
# usage: sudo findings/af-packet-long-frame-cut.sh     (Debian 12, about 5 s)
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

ip -n $netns link set peer mtu 9000
ip -n $netns link set port mtu 9000
ip netns exec $netns python3 - <<'PYTHON'
import socket
port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
port.bind(("peer", 0))
for payload in (1500, 1968, 1969, 8986):
    port.send(bytes.fromhex("020000000002" "020000000001" "88b5") + bytes(payload))
PYTHON
sleep 0.5
echo 'show port stats 0' >&3
sleep 0.3
echo quit >&3
wait $testpmd
testpmd=

seen=$(python3 - "$dir/out.pcap" <<'PYTHON'
import struct
import sys
data, at, sizes = open(sys.argv[1], "rb").read(), 24, []
while at < len(data):
    sizes.append(struct.unpack_from("<I", data, at + 8)[0])
    at += 16 + sizes[-1]
print(*sizes)
PYTHON
)
errors=$(sed -nE 's/.*RX-missed: ([0-9]+).*/\1/p; s/.*RX-errors: ([0-9]+).*/\1/p' "$dir/log" |
	paste -sd' ')
echo "DPDK $version, kernel $(uname -r), net_af_packet with its default framesz;" \
	"lengths, then missed and errors"
echo "sent:     1514 1982 1983 9000"
echo "expected: 1514 1982, missed + errors = 2"
echo "seen:     $seen, missed and errors $errors"
[ "$seen" = "1514 1982 1982 1982" ] && [ "$errors" = "0 0" ]
