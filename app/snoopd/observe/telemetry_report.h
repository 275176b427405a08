/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the telemetry commands answer with: a report (report.h) as nested dictionaries of DPDK
 * telemetry, a page of the configuration, a refusal. The telemetry thread, with the link's lock.
 */
#ifndef SNOOPD_TELEMETRY_REPORT_H
#define SNOOPD_TELEMETRY_REPORT_H

#include <rte_telemetry.h>

#include <config/config.h>
#include <snoopd/observe/report.h>

#define TELEMETRY_DEPTH_MAX 5

/* What is open at each depth. A dictionary that there was no memory for is NULL: it is left out. */
struct telemetry_report {
	struct rte_tel_data *open[TELEMETRY_DEPTH_MAX];
	char names[TELEMETRY_DEPTH_MAX][RTE_TEL_MAX_STRING_LEN];
	int depth;
};

/** Begin a reply that the report fills. */
struct report telemetry_report_begin(struct telemetry_report *tree, struct rte_tel_data *data);

/** One line instead of an object: the command was understood, and is refused. */
__attribute__((format(printf, 2, 3))) int telemetry_refuse(struct rte_tel_data *data,
							   const char *format, ...);
int telemetry_refuse_not_running(struct rte_tel_data *data);

/** @param result  as of apply_mode(), with its line */
int telemetry_done(int result, const char *line, struct rte_tel_data *data);

/**
 * Fill a reply with a page of the configuration: a dictionary per section, "rule/NAME" for a rule,
 * and "next", the position of the page after it, unless this is the last one.
 *
 * @param position  how many keys earlier pages have had
 */
void telemetry_config_fill(const struct config *config, uint64_t position,
			   struct rte_tel_data *data);

#endif
