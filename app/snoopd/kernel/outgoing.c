/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/kernel/outgoing.h>

#include <errno.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <snoopd/kernel/packet_sockets.h>

static int attach(const struct packet_sockets *sockets, struct sock_filter *program,
		  uint16_t instructions)
{
	const struct sock_fprog filter = {.len = instructions, .filter = program};
	int result = 0;

	for (uint32_t i = 0; i < sockets->count && result == 0; i++)
		if (setsockopt(sockets->fd[i], SOL_SOCKET, SO_ATTACH_FILTER, &filter,
			       sizeof(filter)) != 0)
			result = -errno;
	return result != 0 ? result : (int)sockets->count;
}

int outgoing_leave_out(const struct packet_sockets *sockets)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};

	return attach(sockets, program, sizeof(program) / sizeof(program[0]));
}

int outgoing_leave_out_all(const struct packet_sockets *sockets)
{
	struct sock_filter program[] = {BPF_STMT(BPF_RET | BPF_K, 0)};

	return attach(sockets, program, sizeof(program) / sizeof(program[0]));
}

int outgoing_ignore(unsigned int if_index)
{
	struct packet_sockets sockets;
	int result = packet_sockets_find(&sockets, if_index);

	return result != 0 ? result : outgoing_leave_out(&sockets);
}

int outgoing_ignore_all(unsigned int if_index)
{
	struct packet_sockets sockets;
	int result = packet_sockets_find(&sockets, if_index);

	return result != 0 ? result : outgoing_leave_out_all(&sockets);
}

/* Where the kernel has no IPv6 there is no such file. */
static bool has_ipv6(const char *interface)
{
	char path[128];
	FILE *file;
	int c;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", interface);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	c = fgetc(file);
	fclose(file);
	return c == '0';
}

static bool has_address(const char *interface)
{
	struct ifaddrs *all;
	bool found = false;

	if (getifaddrs(&all) != 0)
		return false;
	for (const struct ifaddrs *each = all; each != NULL && !found; each = each->ifa_next)
		found = each->ifa_addr != NULL &&
			(each->ifa_addr->sa_family == AF_INET ||
			 each->ifa_addr->sa_family == AF_INET6) &&
			strcmp(each->ifa_name, interface) == 0;
	freeifaddrs(all);
	return found;
}

bool outgoing_expected(const char *interface)
{
	return has_ipv6(interface) || has_address(interface);
}
