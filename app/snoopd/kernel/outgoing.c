/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/kernel/outgoing.h>

#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool is_packet_socket(int fd, unsigned int if_index)
{
	struct sockaddr_ll address = {0};
	socklen_t bytes = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &bytes) == 0 &&
	       address.sll_family == AF_PACKET && address.sll_ifindex == (int)if_index;
}

static int attach(int fd)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog filter = {
		.len = sizeof(program) / sizeof(program[0]),
		.filter = program,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0 ? 0
											  : -errno;
}

int outgoing_ignore(unsigned int if_index)
{
	DIR *descriptors = opendir("/proc/self/fd");
	const struct dirent *entry;
	int count = 0, result = 0;

	if (descriptors == NULL)
		return -errno;
	while ((entry = readdir(descriptors)) != NULL) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] == '.' || !is_packet_socket(fd, if_index))
			continue;
		result = result != 0 ? result : attach(fd);
		count++;
	}
	closedir(descriptors);
	return result != 0 ? result : count;
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
