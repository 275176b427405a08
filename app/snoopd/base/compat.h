/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What differs between the DPDK releases that snoopd is tested with: 22.11 and 24.11, those of
 * Debian 12 and 13 (tests/fresh). Version checks stand here and nowhere else.
 */
#ifndef SNOOPD_COMPAT_H
#define SNOOPD_COMPAT_H

#include <stdint.h>

#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_telemetry.h>
#include <rte_version.h>

static inline int compat_tel_dict_uint(struct rte_tel_data *data, const char *name, uint64_t value)
{
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
	return rte_tel_data_add_dict_uint(data, name, value);
#else
	return rte_tel_data_add_dict_u64(data, name, value);
#endif
}

/** @return the arguments that the device was made with, or NULL. */
static inline const char *compat_devargs(const struct rte_eth_dev_info *info)
{
	const struct rte_devargs *devargs =
		info->device != NULL ? rte_dev_devargs(info->device) : NULL;

	return devargs != NULL ? devargs->args : NULL;
}

#endif
