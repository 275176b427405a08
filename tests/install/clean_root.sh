# SPDX-License-Identifier: BSD-3-Clause
# A minimal Debian in a folder of its own, as a container. Source it as root; everything is taken
# down when the shell ends. Messages go to stderr.
# shellcheck shell=bash

host_release=$(. /etc/os-release && echo "$VERSION_CODENAME")
release=$host_release # of the container; another one may be set before make_root
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
work=
nspawn_pid=
leader= # the container's PID 1

say() { echo "$(basename "$0"): $*" >&2; }
fail() { say "FAILED: $*"; exit 1; }
skip() { say "skipped: $*"; exit 77; }

clean_up() {
	local status=$?

	set +e
	if [ -n "$nspawn_pid" ]; then
		# With its PID 1 the kernel ends the whole container, and nspawn follows.
		kill -KILL "${leader:-$nspawn_pid}" 2>/dev/null
		wait "$nspawn_pid" 2>/dev/null
	fi
	leave_cgroups
	rmdir "/run/systemd/nspawn/propagate/snoopd-clean-$$" 2>/dev/null
	[ -z "$work" ] || rm -rf --one-file-system "$work"
	exit $status
}

# Without a systemd to do it, what nspawn made below our control group stays.
leave_cgroups() {
	[ ! -d /run/systemd/system ] || return 0
	while read -r where; do
		for group in "$where"/payload "$where"/supervisor; do
			[ -d "$group" ] || continue
			find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
		done
	done < <(findmnt -n -o TARGET -t cgroup,cgroup2)
}

need_tools() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	for tool in "$@"; do
		command -v "$tool" >/dev/null ||
			skip "$tool is missing, tests/packages has its package"
	done
}

# Where this machine's apt gets its Debian from. Another release comes from the same archives.
debian_sources() {
	local other=

	[ "$release" = "$host_release" ] ||
		other="s/ [a-z]+(-[a-z]+)? ([a-z-]+)\$/ $release\\1 \\2/"
	# shellcheck disable=SC2016 # apt fills these in
	apt-get indextargets \
		--format "deb [signed-by=$keyring]"' $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 'Origin: Debian' | sed -E "$other"
}

# make_root [OPTION OF mmdebstrap...]: $root
make_root() {
	local sources

	work=$(mktemp -d "${TMPDIR:-/tmp}/snoopd-clean-XXXXXX")
	trap clean_up EXIT
	trap 'exit 1' INT TERM HUP
	root=$work/root
	sources=$(debian_sources)
	[ -n "$sources" ] || skip "apt knows no Debian archive, try apt-get update"
	apt-config dump | grep -E '^Acquire::(Check-|Languages|http|https|Retries)' \
		>"$work/apt.conf" || true
	say "making a clean $release"
	# The lists stay, so that apt can install from them at once.
	if ! mmdebstrap --mode=root --variant=minbase --skip=cleanup/apt/lists \
		--aptopt="$work/apt.conf" "$@" "$release" "$root" - \
		<<<"$sources" >"$work/mmdebstrap.log" 2>&1; then
		tail -n 20 "$work/mmdebstrap.log" >&2
		skip "no clean root, is the archive reachable?"
	fi
}

nspawn() {
	local own=(--register=no --keep-unit)

	[ ! -d /run/systemd/system ] || own=()
	# DPDK wants to see the kernel's modules.
	exec systemd-nspawn --quiet "${own[@]}" --machine "snoopd-clean-$$" --directory "$root" \
		--bind-ro=/sys/module "$@"
}

# in_root COMMAND...: without a running system
in_root() { (nspawn --pipe --as-pid2 "$@") </dev/null; }

# boot_root: systemd as PID 1 of the container, until it is up
boot_root() {
	(nspawn --boot --console=pipe) </dev/null >"$work/console.log" 2>&1 &
	nspawn_pid=$!
	for _ in $(seq 300); do
		leader=$(pgrep --parent "$nspawn_pid" || true)
		[ -z "$leader" ] || ! in_booted test -S /run/systemd/private 2>/dev/null || break
		if ! kill -0 "$nspawn_pid" 2>/dev/null; then
			cat "$work/console.log" >&2
			skip "containers do not start here"
		fi
		sleep 0.2
	done
	in_booted systemctl is-system-running --wait >/dev/null ||
		fail "the system does not come up"
}

# in_booted COMMAND...: beside the running system
in_booted() { nsenter --target "$leader" --all --root --wd "$@" </dev/null; }
