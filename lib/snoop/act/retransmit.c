/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/act/release.h>
#include <snoop/act/retransmit.h>
#include <snoop/judge/dupack.h>
#include <snoop/judge/loss.h>
#include <snoop/judge/rtt.h>
#include <snoop/judge/window.h>

void retransmit_segment(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index,
			uint64_t now_us)
{
	struct snoop_segment *segment = segment_at(engine, index);
	struct counters *counters = engine->counters;

	if (segment->cause != SNOOP_CAUSE_SHIELD)
		loss_note_time(segment, now_us);
	segment->tries++;
	segment->flags |= SEGMENT_RETRANSMITTED;
	segment->sent_cause = segment->cause & 0x7U;
	segment_sent(engine, flow, index, now_us);
	if (segment->seq == flow->una)
		dupack_hole_sent(engine, flow);
	if (segment->copies < SEGMENT_COPIES_MAX)
		segment->copies++;
	flow->retransmit_us = (uint32_t)now_us;
	flow->retransmits += cause_is_repair((enum snoop_cause)segment->cause);
	counters->retransmit_bytes += segment->frame_bytes;
	switch ((enum snoop_cause)segment->cause) {
	case SNOOP_CAUSE_DUPACK:
		counters->retransmits_dupack++;
		break;
	case SNOOP_CAUSE_TIMEOUT:
		counters->retransmits_timeout++;
		break;
	case SNOOP_CAUSE_SHIELD:
		/* Most of them arrived already, and each copy brings a duplicate ACK. */
		dupack_count(&flow->stray_dup_acks);
		counters->retransmits_shield++;
		break;
	case SNOOP_CAUSE_PROBE:
		counters->retransmits_probe++;
		break;
	default:
		counters->retransmits_scoreboard++;
		break;
	}
	engine->ops->retransmit(engine->owner, segment->packet, (enum snoop_cause)segment->cause);
}

static __attribute__((noinline)) void
retransmit_while_allowed(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	struct snoop_station *station = station_of(engine, flow);

	while (flow->lost.head && flow->credit) {
		uint32_t index = flow->lost.head;
		struct snoop_segment *segment = segment_at(engine, index);

		if (now_us < engine->backlog_until_us)
			return;
		if (station && station->silent) {
			/* One probe per station at a time, with growing gaps; no tries are counted
			 * against the segment. */
			if (now_us < station->probe_us)
				return;
			station->probe_us = now_us + station->probe_gap_us;
			station->probe_gap_us = (uint32_t)min_u64(2ULL * station->probe_gap_us,
								  engine->config.probe_interval_us);
			segment->cause = SNOOP_CAUSE_PROBE;
			segment->tries = 0;
			flow->credit = 1;
		} else if (loss_is_stale(flow, segment)) {
			loss_give_up_stale(engine, flow, index);
			release_withheld(engine, flow);
			continue;
		} else if (segment->tries >= engine->config.tries_max ||
			   loss_age_us(segment, now_us) >
				   max_u64(engine->config.hole_age_max_us,
					   2ULL * rtt_smoothed_us(engine, flow))) {
			loss_give_up(engine, flow, index);
			release_withheld(engine, flow);
			continue;
		}
		/* Never into a closed window: a receiver may have shrunk it. */
		if (!window_admits(flow, segment))
			return;
		flow->credit--;
		retransmit_segment(engine, flow, index, now_us);
	}
}

void retransmit_lost(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	if (flow->lost.head && flow->credit)
		retransmit_while_allowed(engine, flow, now_us);
}
