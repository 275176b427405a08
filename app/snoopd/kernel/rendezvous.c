/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/kernel/rendezvous.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CALLS_MAX 8

static socklen_t set_address(struct sockaddr_un *address, const char *name)
{
	size_t chars = strnlen(name, sizeof(address->sun_path) - 1);

	memset(address, 0, sizeof(*address)); /* the first character is 0: abstract */
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path + 1, name, chars);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + chars);
}

/* @return fd, or -EPERM and closes it. */
static int check_peer(int fd, uid_t account, pid_t *pid)
{
	struct ucred peer;
	socklen_t bytes = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 &&
	    (peer.uid == 0 || peer.uid == geteuid() || peer.uid == account)) {
		*pid = peer.pid;
		return fd;
	}
	close(fd);
	return -EPERM;
}

int rendezvous_listen(const char *name)
{
	struct sockaddr_un address;
	socklen_t bytes = set_address(&address, name);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&address, bytes) == 0 && listen(fd, CALLS_MAX) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

int rendezvous_call(const char *name, uid_t account, pid_t *pid)
{
	struct sockaddr_un address;
	socklen_t bytes = set_address(&address, name);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, bytes) == 0)
		return check_peer(fd, account, pid);
	error = errno;
	close(fd);
	return -error;
}

int rendezvous_accept(int listener, uid_t account, pid_t *pid)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	return fd < 0 ? -errno : check_peer(fd, account, pid);
}

void rendezvous_own(int listener)
{
	/* The kernel notes who listens anew (SO_PEERCRED of the caller). */
	(void)!listen(listener, CALLS_MAX);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int rendezvous_wait(int fd, short events, unsigned int limit_ms)
{
	struct pollfd wait = {.fd = fd, .events = events};
	int64_t left_ms = limit_ms, end_ms = now_ms() + left_ms;
	int result;

	do {
		result = poll(&wait, 1, (int)left_ms);
		left_ms = end_ms - now_ms();
	} while (result < 0 && errno == EINTR && left_ms > 0);
	if (result > 0)
		return 0;
	return result == 0 || errno == EINTR ? -ETIMEDOUT : -errno;
}

int rendezvous_wake(int fd, pid_t thread, int signal)
{
	const struct f_owner_ex owner = {.type = F_OWNER_TID, .pid = thread};
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETOWN_EX, &owner) != 0 || fcntl(fd, F_SETSIG, signal) != 0 ||
	    fcntl(fd, F_SETFL, flags | O_ASYNC) != 0)
		return -errno;
	return 0;
}
