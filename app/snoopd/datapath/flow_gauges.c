/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/flow_gauges.h>

#include <string.h>

void flow_gauges_count(struct flow_gauges *census, const struct snoop_flow *flow)
{
	census->flows[snoop_flow_reason(flow)]++;
}

void flow_gauges_publish(struct flow_gauges *census, struct counters *counters)
{
#define PUBLISH_REASON(id, token, help)                                                            \
	counters->flows_because_##token = census->flows[SNOOP_REASON_##id];
	SNOOP_REASONS_BECAUSE(PUBLISH_REASON)
#undef PUBLISH_REASON
	memset(census, 0, sizeof(*census));
}
