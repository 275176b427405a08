/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The acts: what is done. They run on the worker's lcore, may call the judges and the store, and
 * are the only ones, with event/, to retransmit or release a packet.
 *
 * This file: what is lost goes out again, as far as packet conservation, window and rules allow.
 */
#ifndef SNOOP_ACT_RETRANSMIT_H
#define SNOOP_ACT_RETRANSMIT_H

#include <snoop/store/segments.h>

/** Retransmit one segment, for the cause noted in it. */
void retransmit_segment(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index,
			uint64_t now_us);
/** Retransmit what is lost as far as packet conservation, window and rules allow. */
void retransmit_lost(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us);

/*
 * Packet conservation: each segment that has left the radio makes room for one retransmit. It does
 * so once: what duplicates claimed is not counted again when it is acknowledged, but for the hole.
 * Otherwise a station could make us retransmit everything by duplicates that answer nothing.
 */
static inline void retransmit_earn(const struct snoop_engine *engine, struct snoop_flow *flow,
				   uint32_t delivered)
{
	uint16_t claimed =
		delivered ? (uint16_t)min_u64(flow->dup_claimed_segments, delivered - 1) : 0;

	if (flow->credit > engine->config.allowance_segments)
		flow->credit = engine->config.allowance_segments;
	flow->dup_claimed_segments = (uint16_t)(flow->dup_claimed_segments - claimed);
	flow->credit += delivered - claimed;
}

/* A duplicate without SACK says that a segment after the hole has arrived. */
static inline void retransmit_earn_duplicate(struct snoop_flow *flow)
{
	if (flow->dup_claimed_segments + 1U >= flow->open_count ||
	    flow->dup_claimed_segments == UINT16_MAX)
		return;
	flow->dup_claimed_segments++;
	flow->credit++;
}

#endif
