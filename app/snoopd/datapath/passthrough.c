/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/passthrough.h>

#include <snoopd/datapath/transmit.h>
#include <snoopd/datapath/worker.h>

/* Without a default: a kind that has no counter does not compile. */
inline void passthrough_count(struct counters *counters, enum wire_kind kind)
{
	switch (kind) {
#define PASSTHROUGH_COUNT(id, token, help)                                                         \
	case WIRE_##id:                                                                            \
		counters->pass_##token++;                                                          \
		break;
		WIRE_REASONS(PASSTHROUGH_COUNT)
#undef PASSTHROUGH_COUNT
	case WIRE_TCP:
	case WIRE_KIND_COUNT:
		break;
	}
}

void passthrough_unseen(struct worker_link *link, enum snoop_side to, struct rte_mbuf **packets,
			uint32_t count)
{
	if (link->outage)
		link->counters.pass_outage += count;
	else
		link->counters.pass_bypass += count;
	for (uint32_t i = 0; i < count; i++)
		if (!transmit_try_forward(&link->output[to], packets[i]))
			transmit_forward(link, to, packets[i]);
}
