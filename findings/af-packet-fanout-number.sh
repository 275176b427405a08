#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Two processes, each with net_af_packet on an interface of its own, may not run beside each other.
#
# Guess: what a process does on its interface is no matter of another process on another one.
# Seen: the driver joins a PACKET_FANOUT group even with one queue, and numbers it by the process
# id XOR the interface's index, 16 bits. Groups are the network namespace's: where two processes
# get one number, the kernel refuses the second one (EINVAL), as its socket is bound to another
# interface, and the device does not come up. Neighbouring process ids and indexes, as two services
# that start together have them, give the same number often. Another start has another id.
#
# usage: sudo findings/af-packet-fanout-number.sh     (Debian 12, about 8 s)
# Exit status 0: seen as written here, 1: it behaves otherwise.
set -eu

version=22.11.11-0+deb12u1
if [ "$(dpkg-query -W -f '${Version}' dpdk 2>/dev/null)" != $version ]; then
	apt-get -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
		--allow-downgrades dpdk=$version iproute2 >/dev/null
fi

netns=finding$$
dir=$(mktemp -d)
first=
clean_up() {
	[ -z "$first" ] || kill "$first" 2>/dev/null || true
	ip netns del $netns 2>/dev/null || true
	rm -rf "$dir"
}
trap clean_up EXIT
ip netns add $netns

# Start testpmd on a new interface whose index makes the number of its group. After exec the
# process id is the shell's.
testpmd() {
	local name=$1 number=$2
	# shellcheck disable=SC2016 # expanded by the inner shell
	exec ip netns exec $netns sh -c '
		index=$(($2 ^ ($$ & 0xffff) | 0x10000))
		ip link add "$1" index $index type veth peer name "$1"peer
		ip link set "$1" up
		exec dpdk-testpmd -l 0,1 --no-huge -m 128 --no-pci --file-prefix="$3$1" \
			--vdev=net_af_packet0,iface="$1" --vdev=net_null0 \
			-- --total-num-mbufs=4096 --stats-period=3600' \
		sh "$name" "$number" "finding$netns"
}

testpmd one 4711 >"$dir/one" 2>&1 &
first=$!
until grep -q 'start packet forwarding\|Press enter\|packet forwarding' "$dir/one"; do
	kill -0 $first || { cat "$dir/one"; exit 2; }
	sleep 0.1
done
(testpmd two 4711) </dev/null >"$dir/two" 2>&1 &
second=$!
for _ in $(seq 50); do
	kill -0 $second 2>/dev/null || break
	sleep 0.1
done
kill $second 2>/dev/null || true
wait $second || true
(testpmd three 4712) </dev/null >"$dir/three" 2>&1 &
third=$!
for _ in $(seq 50); do
	grep -q 'packet forwarding' "$dir/three" && break
	sleep 0.1
done
kill $third 2>/dev/null || true
wait $third || true

same=$(grep -o 'could not set PACKET_FANOUT.*' "$dir/two" | head -1 || true)
other=$(grep -o 'could not set PACKET_FANOUT.*' "$dir/three" | head -1 || true)
echo "dpdk $version, Linux $(uname -r)"
echo "expected: a second process starts on an interface of its own"
echo "seen:     with the same number: ${same:-it starts}"
echo "          with another number:  ${other:-it starts}"
[[ $same == *'Invalid argument'* ]] && [ -z "$other" ] && grep -q 'packet forwarding' "$dir/three"
