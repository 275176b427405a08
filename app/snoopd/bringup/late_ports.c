/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/bringup/late_ports.h>

#include <stdio.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <snoopd/base/log.h>
#include <snoopd/bringup/driver_table.h>
#include <snoopd/bringup/rundir.h>

#define VDEV_OPTION "--vdev"
#define DEVICES_MAX RTE_MAX_ETHPORTS
#define DIGITS "0123456789"

/* As arguments of an EAL: "--vdev", "net_tap0,iface=...", ..., NULL. */
static char *devices[2 * DEVICES_MAX + 1];
static int words;

/* @return what the argument, or with *i the next one, says of a virtual device; NULL: nothing. */
static char *device_at(char *const *argv, int *i)
{
	size_t length = strlen(VDEV_OPTION);

	if (strncmp(argv[*i], VDEV_OPTION, length) != 0)
		return NULL;
	if (argv[*i][length] == '=')
		return argv[*i] + length + 1;
	return argv[*i][length] == '\0' && argv[*i + 1] != NULL ? argv[++*i] : NULL;
}

/* "net_tap0,iface=t" is of the driver net_tap. */
static unsigned int flags_of(const char *device)
{
	char driver[RTE_ETH_NAME_MAX_LEN];
	size_t chars = strcspn(device, ",");

	while (chars > 0 && strchr(DIGITS, device[chars - 1]) != NULL)
		chars--;
	snprintf(driver, sizeof(driver), "%.*s", (int)chars, device);
	return driver_find(driver, NULL)->flags;
}

const char *late_ports_refused(char *const *eal_argv)
{
	for (int i = 0; eal_argv[i] != NULL; i++) {
		const char *device = device_at(eal_argv, &i);

		if (device != NULL && (flags_of(device) & DRIVER_KEEPS_PORT) != 0)
			return device;
	}
	return NULL;
}

bool late_ports_needed(char *const *eal_argv)
{
	bool needed = false;

	for (int i = 0; eal_argv[i] != NULL; i++) {
		const char *device = device_at(eal_argv, &i);

		needed |= device != NULL && (flags_of(device) & DRIVER_SHARES) == 0;
	}
	return needed;
}

int late_ports_take_out(char **eal_argv)
{
	static char option[] = VDEV_OPTION;
	int count = 0;

	for (int i = 0; eal_argv[i] != NULL; i++) {
		char *argument = eal_argv[i], *device = device_at(eal_argv, &i);

		if (device == NULL) {
			eal_argv[count++] = argument;
			continue;
		}
		if (words == 2 * DEVICES_MAX) {
			log_error("--standby: more than %d virtual devices", DEVICES_MAX);
			return -1;
		}
		devices[words++] = option;
		devices[words++] = device;
	}
	eal_argv[count] = NULL;
	return count;
}

int late_ports_make(void)
{
	rundir_remove_stale(devices);
	for (int i = 1; i < words; i += 2) {
		char name[RTE_ETH_NAME_MAX_LEN];
		size_t chars = strcspn(devices[i], ",");
		int result;

		snprintf(name, sizeof(name), "%.*s", (int)chars, devices[i]);
		result = rte_eal_hotplug_add("vdev", name,
					     devices[i] + chars + (devices[i][chars] == ','));
		if (result != 0) {
			log_error("device %s cannot be made: %s", devices[i],
				  rte_strerror(-result));
			return -1;
		}
	}
	return 0;
}
