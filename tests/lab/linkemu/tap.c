/* SPDX-License-Identifier: BSD-3-Clause */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int tap_create(const char *ifname, bool offloads)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd, err;

	if (strlen(ifname) >= sizeof(ifr.ifr_name))
		return -ENAMETOOLONG;
	strcpy(ifr.ifr_name, ifname);
	if (offloads)
		ifr.ifr_flags |= IFF_VNET_HDR;

	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* Without TUNSETOFFLOAD the kernel segments and checksums before we see a frame. */
	if (ioctl(fd, TUNSETIFF, &ifr) < 0 ||
	    (offloads && ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) < 0)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int tap_open(const char *netns, const char *ifname, bool offloads)
{
	int home_fd, netns_fd, ret;
	char path[256];

	if (snprintf(path, sizeof(path), "/run/netns/%s", netns) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	home_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home_fd < 0)
		return -errno;
	netns_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (netns_fd < 0) {
		ret = -errno;
		goto close_home;
	}
	if (setns(netns_fd, CLONE_NEWNET) < 0) {
		ret = -errno;
		goto close_netns;
	}
	ret = tap_create(ifname, offloads);
	if (setns(home_fd, CLONE_NEWNET) < 0 && ret >= 0) {
		int err = -errno;

		close(ret);
		ret = err;
	}
close_netns:
	close(netns_fd);
close_home:
	close(home_fd);
	return ret;
}
