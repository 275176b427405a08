/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/flow_gauges.h>

#include <string.h>

void flow_gauges_count(struct flow_gauges *census, const struct snoop_flow *flow)
{
	census->flows[snoop_flow_reason(flow)]++;
}

void flow_gauges_publish(struct flow_gauges *census, struct counters *counters)
{
	counters->flows_because_one_way = census->flows[SNOOP_REASON_ONE_WAY];
	counters->flows_because_bad_checksum = census->flows[SNOOP_REASON_BAD_CHECKSUM];
	counters->flows_because_cache_full = census->flows[SNOOP_REASON_CACHE_FULL];
	counters->flows_because_silent = census->flows[SNOOP_REASON_SILENT];
	counters->flows_because_congestion = census->flows[SNOOP_REASON_CONGESTION];
	counters->flows_because_given_up = census->flows[SNOOP_REASON_GIVEN_UP];
	counters->flows_because_upstream = census->flows[SNOOP_REASON_UPSTREAM];
	counters->flows_because_repairing = census->flows[SNOOP_REASON_REPAIRING];
	counters->flows_because_no_loss = census->flows[SNOOP_REASON_NO_LOSS];
	memset(census, 0, sizeof(*census));
}
