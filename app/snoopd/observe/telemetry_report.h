/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A report (report.h) as nested dictionaries of DPDK telemetry. The telemetry thread.
 */
#ifndef SNOOPD_TELEMETRY_REPORT_H
#define SNOOPD_TELEMETRY_REPORT_H

#include <rte_telemetry.h>

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

#endif
