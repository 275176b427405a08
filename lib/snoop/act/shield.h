/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Shields: copies of what is on the air, sent ahead of a retransmit of the sender.
 *
 * When that retransmit fills a hole, the station will discard every older copy that arrives later
 * (PAWS): what is on the air now could not be repaired any more. Each such loss would have to wait
 * for the sender, whose retransmit makes the next ones stale in turn, with a cut of its window
 * every time. So where the radio's share makes a loss likely, what is on the air is sent once more,
 * ahead of it.
 */
#ifndef SNOOP_ACT_SHIELD_H
#define SNOOP_ACT_SHIELD_H

#include <snoop/engine.h>

#define SHIELD_STORE_SEGMENTS 768U
#define SHIELD_COST 128U /* new segments that retransmit_earn one copy of a shield */

/** A retransmit of the sender with timestamp tsval is about to be forwarded. */
void shield_send(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t tsval,
		 uint64_t now_us);
/** The flow starts: with a store of copies, as its first losses cost it most. */
static inline void shield_start(struct snoop_flow *flow)
{
	flow->shield_credit = SHIELD_COST * SHIELD_STORE_SEGMENTS;
}
/** A new segment was forwarded. */
static inline void shield_earn(struct snoop_flow *flow)
{
	if (flow->shield_credit < SHIELD_COST * SHIELD_STORE_SEGMENTS)
		flow->shield_credit++;
}

#endif
