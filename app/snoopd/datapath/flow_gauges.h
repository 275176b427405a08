/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * How many flows are in which state, counted by the walk that ages the flow table: exact when the
 * walk comes round, and for a busy table up to a second old. Worker lcore.
 */
#ifndef SNOOPD_CENSUS_H
#define SNOOPD_CENSUS_H

#include <counters/counters.h>
#include <snoop/snoop.h>

struct flow_gauges {
	uint32_t flows[SNOOP_REASON_COUNT]; /* seen since the walk began at the first record */
};

void flow_gauges_count(struct flow_gauges *census, const struct snoop_flow *flow);

/** The walk came round: set the gauges, begin anew. */
void flow_gauges_publish(struct flow_gauges *census, struct counters *counters);

#endif
