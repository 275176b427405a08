#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# libmicrohttpd 1.0.1 does not leave in errno why MHD_start_daemon() could not listen. 0.9.75 did.
#
# Guess: after MHD_start_daemon() returns NULL because the address is in use, errno is EADDRINUSE,
# as after the bind() that failed; programs print strerror(errno) there.
# Seen: EBADF with 1.0.1 (Debian 13), EADDRINUSE with 0.9.75 (Debian 12). What helps: open the
# listening socket oneself, MHD_OPTION_LISTEN_SOCKET.
#
# usage: sudo findings/microhttpd-errno.sh     (root, mmdebstrap; about a minute)
# Exit status 0: seen as written here, 1: it behaves otherwise.
set -eu

command -v mmdebstrap >/dev/null || apt-get -qq install -y mmdebstrap >/dev/null
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT

cat >"$work/errno.c" <<'C'
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *bytes, void **request)
{
	return MHD_NO;
}

int main(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(addr);
	int taken = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(taken, (struct sockaddr *)&addr, bytes) != 0 || listen(taken, 1) != 0 ||
	    getsockname(taken, (struct sockaddr *)&addr, &bytes) != 0)
		return 2;
	errno = 0;
	if (MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, answer,
			     NULL, MHD_OPTION_SOCK_ADDR, &addr, MHD_OPTION_END) != NULL)
		return 2;
	printf("%s %s\n", MHD_get_version(), strerrorname_np(errno));
	return 0;
}
C

# seen RELEASE PACKAGE_VERSION
seen() {
	mmdebstrap --quiet --mode=root --variant=minbase \
		--include="gcc,libc6-dev,libmicrohttpd-dev=$2" "$1" "$work/$1" >/dev/null 2>&1 ||
		{ echo "no root of $1 with libmicrohttpd-dev $2" >&2 && exit 2; }
	cp "$work/errno.c" "$work/$1/root"
	chroot "$work/$1" gcc -D_GNU_SOURCE /root/errno.c -o /root/errno -lmicrohttpd
	chroot "$work/$1" /root/errno
}

old=$(seen bookworm 0.9.75-6)
new=$(seen trixie 1.0.1-4)
echo "errno after MHD_start_daemon() at an address in use"
echo "expected: 0.9.75 EADDRINUSE, 1.0.1 EADDRINUSE"
echo "seen:     $old, $new"
[ "$old" = "0.9.75 EADDRINUSE" ] && [ "$new" = "1.0.1 EBADF" ]
