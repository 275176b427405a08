/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/judge/congestion.h>
#include <snoop/judge/dupack.h>
#include <snoop/judge/loss.h>
#include <snoop/store/stations.h>

static void loss_count_repaired(struct snoop_engine *engine, struct snoop_flow *flow,
				uint32_t count)
{
	if (!flow->repairs_confirmed)
		engine->counters->flows_helped++;
	flow->radio_losses += count;
	flow->repairs_confirmed += count;
	engine->counters->radio_losses += count;
	engine->counters->repairs_confirmed += count;
	station_totals(engine, flow)->radio_losses += count;
	station_totals(engine, flow)->repairs_confirmed += count;
}

void loss_count_settled(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t count)
{
	if (!count)
		return;
	loss_count_repaired(engine, flow, count);
	engine->counters->unproven_confirmed += count;
}

void loss_count_shielded(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t count)
{
	if (!count)
		return;
	loss_count_repaired(engine, flow, count);
	congestion_note_lost(engine, flow, count);
}

void loss_note_time(struct snoop_segment *segment, uint64_t now_us)
{
	if (segment->flags & SEGMENT_MISSED)
		return;
	segment->flags |= SEGMENT_MISSED;
	segment->lost_us = (uint32_t)now_us;
}

uint64_t loss_age_us(const struct snoop_segment *segment, uint64_t now_us)
{
	return segment->flags & SEGMENT_MISSED ? (uint32_t)now_us - segment->lost_us : 0;
}

/*
 * PAWS (RFC 7323 section 5): once the station has accepted a younger segment in order, say the
 * sender's own retransmit of an earlier hole, it discards our copy for its old timestamp. The
 * timestamp that it echoes tells.
 */
bool loss_is_stale(const struct snoop_flow *flow, const struct snoop_segment *segment)
{
	return flow->timestamps && flow->echoed &&
	       seq_lt(segment->tsval + PAWS_SLACK_TICKS, flow->ts_echo);
}

void loss_give_up(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	segment_leave(engine, flow, index);
	flow->given_up++;
	engine->counters->given_up++;
	station_totals(engine, flow)->given_up++;
}

void loss_give_up_stale(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);

	engine->counters->stale_segments++;
	/* Our last copy arrived, and was discarded without a D-SACK: the radio did not lose it. */
	if (segment->tries && segment->copies)
		segment->copies--;
	loss_give_up(engine, flow, index);
}

void loss_suspect(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);

	segment->cause = SNOOP_CAUSE_TIMEOUT;
	if (flow->level == SNOOP_LEVEL_OBSERVE) {
		/* Or is its ACK only delayed? */
		segment->missing |= !dupack_is_filling(engine, segment);
		segment_leave(engine, flow, index);
	} else {
		segment_lost_first(engine, flow, index);
	}
}

bool loss_mark(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index,
	       enum snoop_cause cause, uint64_t now_us)
{
	struct snoop_segment *segment = segment_at(engine, index);

	segment->cause = (uint8_t)(cause & 0xfU);
	segment->missing = true;
	if (!(segment->flags & SEGMENT_JUDGED)) {
		bool first =
			!(segment->flags & SEGMENT_MISSED); /* no time-out has retransmitted it */

		segment->flags |= SEGMENT_JUDGED;
		loss_note_time(segment, now_us);
		if (first && congestion_judge_loss(engine, flow, segment, now_us)) {
			segment_leave(engine, flow, index);
			segment->flags |= SEGMENT_VETOED;
			return true;
		}
	}
	if (loss_is_stale(flow, segment)) {
		loss_give_up_stale(engine, flow, index);
		return true;
	}
	if (flow->level == SNOOP_LEVEL_OBSERVE || flow->level == SNOOP_LEVEL_BYPASS) {
		segment_leave(engine, flow, index);
		return false;
	}
	segment_lost(engine, flow, index);
	return false;
}

void loss_revive(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	flow->backoff = 0;
	for (uint32_t index = flow->open.head; index;
	     index = segment_at(engine, index)->open_next) {
		struct snoop_segment *segment = segment_at(engine, index);

		segment->tries = 0;
		segment->lost_us = (uint32_t)now_us;
		/* Move what was lost already too: the list is in sequence order then, head of line
		 * first. */
		if (segment->flags & (SEGMENT_LEFT | SEGMENT_LOST) &&
		    !(segment->flags & SEGMENT_VETOED) && flow->level > SNOOP_LEVEL_OBSERVE)
			segment_lost(engine, flow, index);
	}
}
