/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/kernel/interface.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Drivers of which the kernel's part is known. Any other with an interface shares the hardware. */
static const struct {
	const char *driver;
	enum interface_path path;
	bool asks_devargs; /* it has an interface, but does not say which */
} paths[] = {
	{"net_af_packet", INTERFACE_PACKET, false}, {"net_pcap", INTERFACE_PACKET, false},
	{"net_af_xdp", INTERFACE_XDP, false},	    {"net_tap", INTERFACE_TAP, false},
	{"net_virtio_user", INTERFACE_TAP, true},
};

/* @return the index of the interface that "iface=" of the device arguments names, or 0. */
static unsigned int named_by(const char *devargs)
{
	const char *value = devargs != NULL ? strstr(devargs, "iface=") : NULL;
	char name[IF_NAMESIZE];
	size_t chars;

	if (value == NULL || (value != devargs && value[-1] != ','))
		return 0;
	value += strlen("iface=");
	chars = strcspn(value, ",");
	if (chars == 0 || chars >= sizeof(name))
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)chars, value);
	return if_nametoindex(name);
}

unsigned int interface_behind(const char *driver, unsigned int if_index, const char *devargs)
{
	if (if_index != 0)
		return if_index;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (paths[i].asks_devargs && strcmp(driver, paths[i].driver) == 0)
			return named_by(devargs);
	return 0;
}

enum interface_path interface_path_of(const char *driver, unsigned int if_index)
{
	if (if_index == 0)
		return INTERFACE_NONE;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(driver, paths[i].driver) == 0)
			return paths[i].path;
	return INTERFACE_BIFURCATED;
}

bool interface_is_veth(unsigned int if_index)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq request = {.ifr_data = (void *)&info};
	int fd, result;

	if (if_indextoname(if_index, request.ifr_name) == NULL)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	result = ioctl(fd, SIOCETHTOOL, &request);
	close(fd);
	return result == 0 && strcmp(info.driver, "veth") == 0;
}
