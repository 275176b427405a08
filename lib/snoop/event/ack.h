/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The events: what happened. They run on the worker's lcore, are called by the worker through
 * snoop.h, and may call everything below: act/, judge/, store/.
 *
 * This file: ACKs from the wireless side, what the fast path and the general one share.
 */
#ifndef SNOOP_EVENT_ACK_H
#define SNOOP_EVENT_ACK_H

#include <base/seq.h>
#include <snoop/store/stations.h>

/**
 * Fast path of an ACK in order, see ack_in_order.c.
 *
 * @return false where the general path has to take it: nothing of the flow was changed.
 */
bool ack_in_order(struct snoop_engine *engine, struct snoop_flow *flow,
		  const struct snoop_packet *packet, uint64_t now_us);

/* Note the station's next sequence number; its keep-alives and window probes lie before it. */
static inline void ack_note_sequence(struct snoop_flow *flow, const struct wire_view *view)
{
	uint32_t end = view->seq + wire_segment_bytes(view);

	if (!flow->acked || seq_gt(end, flow->station_next))
		flow->station_next = end;
}

/* Advance una to an ACK above it. */
static inline void ack_move_una(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t ack)
{
	flow->acked_bytes += ack - flow->una;
	station_count_progress(engine, flow, ack - flow->una, 0);
	flow->una = ack;
	flow->uncached_end = seq_max(flow->uncached_end, ack);
	flow->dup_acks = 0;
	if (flow->withhold_over)
		flow->withhold_over = false;
	flow->answers_due = 0;
}

#endif
