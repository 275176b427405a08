/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Withheld ACKs leave: forwarded after all, or freed as needless.
 */
#ifndef SNOOP_ACT_RELEASE_H
#define SNOOP_ACT_RELEASE_H

#include <snoop/act/deadline.h>

void release_list(struct snoop_engine *engine, struct snoop_flow *flow);
void release_free_list(struct snoop_engine *engine, struct snoop_flow *flow);
/* Nearly every packet asks, and nearly no flow has any. */
static inline void release_withheld(struct snoop_engine *engine, struct snoop_flow *flow)
{
	if (flow->withheld.head)
		release_list(engine, flow);
}
/* The same behind a packet that tells no more: the deadline was that of the oldest, and
 * data_in_order() would let it stand. */
static inline void release_and_rearm(struct snoop_engine *engine, struct snoop_flow *flow,
				     uint64_t now_us)
{
	if (!flow->withheld.head)
		return;
	release_list(engine, flow);
	deadline_set(engine, flow, now_us);
}
static inline void release_as_needless(struct snoop_engine *engine, struct snoop_flow *flow)
{
	if (flow->withheld.head)
		release_free_list(engine, flow);
}

#endif
