/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The answer to /snoop/config. The telemetry thread, with the link's lock.
 */
#ifndef SNOOPD_TELEMETRY_CONFIG_H
#define SNOOPD_TELEMETRY_CONFIG_H

#include <stdint.h>

#include <config/config.h>

struct rte_tel_data;

/**
 * Fill a reply with a page of the configuration: a dictionary per section, "rule/NAME" for a rule,
 * and "next", the position of the page after it, unless this is the last one.
 *
 * @param position  how many keys earlier pages have had
 */
void telemetry_config_fill(const struct config *config, uint64_t position,
			   struct rte_tel_data *data);

#endif
