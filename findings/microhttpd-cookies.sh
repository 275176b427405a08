#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# libmicrohttpd takes a connection's memory for cookies more than once, read or not.
#
# Guess: a request fits as long as its header does: 8000 bytes of cookies are nothing special for
# MHD_OPTION_CONNECTION_MEMORY_LIMIT of 16 KiB, as 8000 bytes of any other field.
# Seen: of another field 8000 bytes and more are served (200), of cookies about half of it at most,
# and 2.4 KiB where they are short, as each takes a record in the pool. What helps: a larger limit.
#
# usage: sudo findings/microhttpd-cookies.sh     (Debian 12, about 3 s)
# Exit status 0: seen as written here, 1: it behaves otherwise.
set -eu

version=0.9.75-6
if [ "$(dpkg-query -W -f '${Version}' libmicrohttpd-dev 2>/dev/null)" != $version ]; then
	apt-get -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
		--allow-downgrades libmicrohttpd-dev=$version gcc libc6-dev python3 >/dev/null
fi

dir=$(mktemp -d)
netns=finding$$
daemon=
clean_up() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
	ip netns del $netns 2>/dev/null || true
	rm -rf "$dir"
}
trap clean_up EXIT
cat >"$dir/serve.c" <<'C'
#include <microhttpd.h>
#include <unistd.h>

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *bytes, void **request)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(2, "ok", MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);

	MHD_destroy_response(response);
	return result;
}

int main(void)
{
	if (MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 8080, NULL, NULL, answer, NULL,
			     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)16384,
			     MHD_OPTION_END) == NULL)
		return 2;
	pause();
	return 0;
}
C
gcc "$dir/serve.c" -o "$dir/serve" -lmicrohttpd
ip netns add $netns
ip -n $netns link set lo up
ip netns exec $netns "$dir/serve" &
daemon=$!
ip netns exec $netns python3 - $version <<'PYTHON'
import socket
import sys
import time


def status(field, value):
    for _ in range(50):
        try:
            client = socket.create_connection(("127.0.0.1", 8080), timeout=5)
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    with client:
        client.sendall(f"GET / HTTP/1.1\r\nHost: a\r\n{field}: {value}\r\n\r\n".encode())
        return int(client.recv(4096).split()[1])


cookies = "name=0123456789; " * 1000
seen = [status(field, cookies[:size - 1] + "0") for field, size in
        (("X-Other", 8000), ("Cookie", 8000), ("Cookie", 4000), ("Cookie", 2000))]
print(f"libmicrohttpd {sys.argv[1]}, pool of 16384 bytes: another field of 8000 bytes, and cookies "
      "of 8000, 4000, 2000")
print("expected: 200 200 200 200")
print("seen:    ", *seen)
sys.exit(seen != [200, 431, 431, 200])
PYTHON
