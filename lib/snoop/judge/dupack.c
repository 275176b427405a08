/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/judge/delivery.h>
#include <snoop/judge/dupack.h>
#include <snoop/judge/loss.h>
#include <snoop/judge/rtt.h>
#include <snoop/store/flow_extra.h>

/* What a path that duplicates or reorders brings is forgotten after so long without it. */
#define USUAL_KEPT_US 10000000U
#define USUAL_MAX 8U

void dupack_note(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	dupack_count(&flow->dup_acks);
	if (!flow->sack && flow->dup_acks == 1)
		extra_get(engine, flow)->dups_since_us = now_us;
}

void dupack_forget_strays(struct snoop_engine *engine, struct snoop_flow *flow)
{
	const struct snoop_flow_extra *extra = extra_of(engine, flow);
	uint64_t wait_us = extra ? extra->tail.answer_us : 0;

	/* Where a time-out took its answer for late, they are late, too. */
	if (seq_geq(flow->una, flow->recovery_point) &&
	    (uint32_t)engine->now_us - flow->retransmit_us >= wait_us)
		flow->stray_dup_acks = 0;
}

static uint32_t dupack_usual(const struct snoop_flow_extra *extra, uint64_t now_us)
{
	return extra && now_us - extra->dups_usual_us < USUAL_KEPT_US ? extra->dups_usual : 0;
}

bool dupack_is_filling(const struct snoop_engine *engine, const struct snoop_segment *segment)
{
	return segment->seq_next &&
	       segment_at(engine, segment->seq_next)->sent_us < segment->sent_us;
}

void dupack_learn(struct snoop_engine *engine, const struct snoop_flow *flow, uint64_t now_us)
{
	struct snoop_flow_extra *extra = extra_of(engine, flow);
	const struct snoop_segment *segment = segment_at(engine, flow->by_seq.head);
	uint32_t dups = flow->dup_acks;

	/* Not of a hole from upstream, which was filled since. */
	if (!extra || !flow->by_seq.head || segment->seq != flow->una ||
	    segment->flags & SEGMENT_SENDER || dupack_is_filling(engine, segment))
		return;
	if (!(segment->flags & SEGMENT_RETRANSMITTED)) {
		if (!dups || segment->sent_us >= extra->dups_since_us)
			return;
	} else if (segment->tries == 1 && segment->sent_cause == SNOOP_CAUSE_DUPACK &&
		   now_us - segment->sent_us < rtt_min_us(engine, flow)) {
		dups += extra->dups_judged; /* this answers what was sent before */
	} else {
		return;
	}
	if (dups < dupack_usual(extra, now_us))
		return;
	extra->dups_usual = (uint8_t)min_u64(dups, USUAL_MAX);
	extra->dups_usual_us = now_us;
}

void dupack_hole_sent(struct snoop_engine *engine, struct snoop_flow *flow)
{
	uint32_t answered = flow->dup_claimed_segments + 1U; /* and the hole itself */
	struct snoop_flow_extra *extra;

	if (!flow->sack) {
		extra = extra_get(engine, flow);
		extra->dups_due = flow->open_count > answered ? flow->open_count - answered : 0;
		extra->dups_judged = (uint8_t)min_u64(flow->dup_acks, USUAL_MAX);
	}
	flow->dup_acks = 0;
}

/* @return true if duplicates may come of what was sent before it. */
static bool dupack_is_late(const struct snoop_engine *engine, const struct snoop_segment *segment)
{
	return segment->tries || (segment->flags & SEGMENT_SENDER) ||
	       dupack_is_filling(engine, segment);
}

bool dupack_proves(struct snoop_engine *engine, const struct snoop_flow *flow,
		   const struct snoop_segment *segment)
{
	const struct snoop_flow_extra *extra = extra_of(engine, flow);

	return flow->dup_acks > (extra && dupack_is_late(engine, segment) ? extra->dups_due : 0);
}

bool dupack_asks_for(struct snoop_engine *engine, const struct snoop_flow *flow,
		     const struct snoop_segment *segment)
{
	const struct snoop_flow_extra *extra = extra_of(engine, flow);

	if (segment->seq != flow->una)
		return false;
	if (extra && extra->reports)
		return true;
	/* While the tail timer backs off, progress_us is not the time of an ACK. */
	return flow->backoff ? dupack_proves(engine, flow, segment)
			     : flow->progress_us >= segment->sent_us + rtt_min_us(engine, flow);
}

/*
 * The hole was sent again, and duplicates come: do they answer what was sent after it? Not before
 * its own answer can have come, and not before all that was on its way ahead of it is answered. If
 * duplicates get lost, the tail timer has the last word.
 */
static bool dupack_proves_again(struct snoop_engine *engine, const struct snoop_flow *flow,
				const struct snoop_segment *hole, uint64_t now_us)
{
	return dupack_proves(engine, flow, hole) &&
	       now_us - hole->sent_us > rtt_answer_us(engine, flow);
}

bool dupack_detect_loss(struct snoop_engine *engine, struct snoop_flow *flow, bool advanced,
			uint64_t now_us)
{
	uint32_t index = flow->open.head;
	struct snoop_segment *segment;
	uint32_t threshold = DUP_THRESHOLD;
	bool left = false;

	if (!index)
		return false;
	segment = segment_at(engine, index);
	if (segment->seq != flow->una || (segment->flags & (SEGMENT_LOST | SEGMENT_LEFT)))
		return false;
	if (advanced) {
		if (seq_geq(flow->una, flow->recovery_point) ||
		    (uint32_t)now_us - flow->retransmit_us < rtt_min_us(engine, flow))
			flow->recovery = false; /* over; or this answers no retransmit, as the
						   originals arrive */
		if (flow->recovery && !segment->tries &&
		    !delivery_wait_us(engine, flow, flow->una, now_us))
			left = loss_mark(engine, flow, index, SNOOP_CAUSE_DUPACK, now_us);
		return left;
	}
	/* Early retransmit, RFC 5827: a small flight cannot give three duplicates. */
	if (flow->open_count <= DUP_THRESHOLD)
		threshold = flow->open_count > 2 ? flow->open_count - 1 : 1;
	threshold += dupack_usual(extra_of(engine, flow), now_us);
	if (dupack_is_late(engine, segment) ? dupack_proves_again(engine, flow, segment, now_us)
					    : flow->dup_acks >= threshold) {
		left = loss_mark(engine, flow, index, SNOOP_CAUSE_DUPACK, now_us);
		flow->recovery = true;
		flow->recovery_point = flow->snd_max;
	}
	return left;
}
