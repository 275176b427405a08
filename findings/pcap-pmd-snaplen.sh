#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# net_pcap replays a capture that was taken with a snap length as if its cut packets were whole.
#
# Guess: a record whose captured length (incl_len) is below its length on the wire (orig_len) is
# skipped, or counted as an error, as the packet's rest does not exist.
# Seen: the application gets incl_len bytes as a complete packet, RX-errors stays 0, and a warning
# is nowhere. What tests or measures by such a capture sees malformed packets that never were on any
# wire, and too low a bit rate.
#
# usage: sudo findings/pcap-pmd-snaplen.sh     (Debian 12, about 5 s)
# Exit status 0: seen as written here, 1: it behaves otherwise.
set -eu

version=22.11.11-0+deb12u1
if [ "$(dpkg-query -W -f '${Version}' dpdk 2>/dev/null)" != $version ]; then
	apt-get -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
		--allow-downgrades dpdk=$version python3 >/dev/null
fi

dir=$(mktemp -d)
testpmd=
trap '[ -z "$testpmd" ] || kill "$testpmd" 2>/dev/null || true; rm -rf "$dir"' EXIT
python3 - "$dir/in.pcap" <<'PYTHON'
import struct
import sys
with open(sys.argv[1], "wb") as out:
    out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 96, 1))
    for size in (60, 1514):
        frame = bytes.fromhex("020000000002" "020000000001" "88b5") + bytes(size - 14)
        out.write(struct.pack("<IIII", 1, 0, len(frame[:96]), size) + frame[:96])
PYTHON
mkfifo "$dir/commands"
dpdk-testpmd -l 0,1 --no-huge -m 256 --no-pci --file-prefix=finding$$ \
	--vdev=net_pcap0,rx_pcap="$dir/in.pcap",tx_pcap=/dev/null \
	-- -i --auto-start --forward-mode=io --total-num-mbufs=4096 \
	<"$dir/commands" >"$dir/log" 2>&1 &
testpmd=$!
exec 3>"$dir/commands"
until grep -q 'testpmd>' "$dir/log"; do
	kill -0 $testpmd || { cat "$dir/log"; exit 2; }
	sleep 0.1
done

sleep 0.5
echo 'show port stats 0' >&3
sleep 0.3
echo quit >&3
wait $testpmd
testpmd=

seen=$(sed -nE 's/.*RX-packets: ([0-9]+).*RX-bytes: +([0-9]+).*/\1 packets \2 bytes/p' "$dir/log" |
	head -1)
errors=$(sed -nE 's/.*RX-errors: ([0-9]+).*/\1/p' "$dir/log" | head -1)
echo "DPDK $version, net_pcap, a capture of a packet of 60 and one of 1514 bytes, snap length 96"
echo "expected: 1 packets 60 bytes, errors 1"
echo "seen:     $seen, errors $errors"
[ "$seen" = "2 packets 156 bytes" ] && [ "$errors" = 0 ]
