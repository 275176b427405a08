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
/* Nearly every packet calls this, and nearly no flow withholds an ACK: so the test is inline. */
static inline void release_withheld(struct snoop_engine *engine, struct snoop_flow *flow)
{
	if (flow->withheld.head)
		release_list(engine, flow);
}
/* The same after a packet that changes nothing else. The deadline was that of the oldest withheld
 * ACK; deadline_stands() would keep it. */
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
