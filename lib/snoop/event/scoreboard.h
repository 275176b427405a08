/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What an ACK says of the segments in the store, and what follows from it for the flow.
 */
#ifndef SNOOP_EVENT_SCOREBOARD_H
#define SNOOP_EVENT_SCOREBOARD_H

#include <base/seq.h>
#include <snoop/act/retransmit.h>
#include <snoop/judge/congestion.h>
#include <snoop/judge/delivery.h>
#include <snoop/judge/rack.h>
#include <snoop/judge/rtt.h>
#include <snoop/store/stations.h>

/**
 * An ACK of bytes that never passed here: the station received them through another box. What it
 * acknowledges below them answers nothing of ours then, neither with an RTT nor with a repair. Call
 * it before una moves.
 */
void scoreboard_find_elsewhere(const struct snoop_engine *engine, const struct snoop_flow *flow,
			       uint32_t ack, struct delivery *delivery);
/** Remove everything below una, or as much as may leave for one packet. */
void scoreboard_remove_acked(struct snoop_engine *engine, struct snoop_flow *flow,
			     struct delivery *delivery, uint64_t now_us);
/** Mark what the blocks cover as SACKed, from block `first` on. @return false if some of it has to
 * wait: the next ACK repeats the block. */
bool scoreboard_sack(struct snoop_engine *engine, struct snoop_flow *flow,
		     const struct wire_view *view, uint8_t first, struct delivery *delivery,
		     uint64_t now_us);
/** What follows for the flow as a whole. Inline, as the fast path knows most of the delivery. */
static inline __attribute__((always_inline)) void scoreboard_settle(struct snoop_engine *engine,
								    struct snoop_flow *flow,
								    const struct delivery *delivery,
								    uint64_t now_us)
{
	if (delivery->segments) {
		station_count_progress(engine, flow, 0, delivery->segments);
		flow->progress_us = now_us;
		congestion_delivered(engine, flow, delivery->segments, now_us);
	}
	if (delivery->has_sample) {
		/* Only now: where the path's RTT has grown, each answer comes after a retransmit
		 * until the timer is longer (RFC 6298 section 5.7). */
		flow->backoff = 0;
		rtt_sample(engine, flow,
			   (uint32_t)min_u64(now_us - delivery->sent_once_us, UINT32_MAX - 1),
			   delivery->segments == 1 && !flow->open_count, now_us);
	}
	rack_update(engine, flow, delivery, now_us);
	congestion_progress(flow, now_us);
	retransmit_earn(engine, flow, delivery->segments);
	/* After a time-out nothing in flight clocks the retransmits out: go as in slow start (RFC
	 * 6937 PRR-SSRB). */
	if (flow->sack && flow->recovery && delivery->segments) {
		flow->recovery = seq_lt(flow->una, flow->recovery_point);
		flow->credit += flow->recovery;
	}
}

/**
 * Go on with what earlier ACKs left over, while flow->catching_up. An ACK may cover ten thousand
 * segments, which would stall the worker: they leave in portions. The cumulative ACK itself counts
 * at once; until everything below it has left the scoreboard, no loss is judged and nothing is
 * retransmitted.
 *
 * @return true if all of it is done.
 */
bool scoreboard_catch_up(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us);

#endif
