/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/kernel/exclusive.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ASKING_MAX 16

static socklen_t name_claim(struct sockaddr_un *address, unsigned int if_index)
{
	int chars = snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1,
			     "snoopd/interface/%u", if_index);

	address->sun_family = AF_UNIX;
	address->sun_path[0] = '\0'; /* abstract */
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)chars);
}

static void name_program(struct exclusive_holder *holder)
{
	char path[64];
	FILE *file;

	snprintf(holder->name, sizeof(holder->name), "?");
	if (holder->pid <= 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/comm", holder->pid);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fgets(holder->name, sizeof(holder->name), file) != NULL)
		holder->name[strcspn(holder->name, "\n")] = '\0';
	fclose(file);
}

/* Who listened, as the kernel noted it then. @return 0, or -1 if that cannot be told. */
static int ask_holder(int fd, const struct sockaddr_un *address, socklen_t bytes,
		      struct exclusive_holder *holder)
{
	struct ucred peer;
	socklen_t peer_bytes = sizeof(peer);

	if (connect(fd, (const struct sockaddr *)address, bytes) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_bytes) != 0)
		return -1;
	holder->pid = peer.pid;
	holder->uid = peer.uid;
	name_program(holder);
	return 0;
}

static int refused(int fd, const struct sockaddr_un *address, socklen_t bytes,
		   struct exclusive_holder *holder)
{
	bool known;

	*holder = (struct exclusive_holder){.uid = (uid_t)-1, .name = "?"};
	known = ask_holder(fd, address, bytes, holder) == 0;
	close(fd);
	return known && (holder->uid == 0 || holder->uid == geteuid()) ? -EADDRINUSE : -EPERM;
}

int exclusive_claim(unsigned int if_index, struct exclusive_holder *holder)
{
	struct sockaddr_un address;
	socklen_t bytes = name_claim(&address, if_index);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&address, bytes) == 0 && listen(fd, ASKING_MAX) == 0)
		return fd;
	if (errno == EADDRINUSE)
		return refused(fd, &address, bytes, holder);
	error = errno;
	close(fd);
	return -error;
}

void exclusive_answer(int claim)
{
	/* Anybody may ask, as fast as this answers: there is an end to it. */
	for (int i = 0; i < ASKING_MAX; i++) {
		int fd = accept4(claim, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			return;
		close(fd);
	}
}
