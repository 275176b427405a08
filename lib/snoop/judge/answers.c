/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/judge/answers.h>
#include <snoop/judge/congestion.h>
#include <snoop/judge/dupack.h>
#include <snoop/judge/loss.h>
#include <snoop/judge/rtt.h>
#include <snoop/store/outcomes.h>

#define UPLINK_MEMORY 4096U   /* after so many half of what is known is forgotten */
#define UPLINK_LOSSES_PART 6U /* it loses less than this part of what the radio loses */

static void answers_add(struct snoop_answer_ring *ring, uint64_t sent_us)
{
	ring->here++;
	ring->answered++;
	ring->sent_us[ring->count++ % SNOOP_ANSWERS] = (uint32_t)sent_us;
}

/*
 * A hole opens. A station that waited with the ACK of what came before it (RFC 5681 section 4.2)
 * answers what follows by that one: it stops at the hole as a duplicate does, but advances.
 */
static void answers_begin(struct snoop_engine *engine, const struct snoop_flow *flow,
			  struct snoop_answer_ring *ring, uint32_t answer_us)
{
	const struct snoop_segment *next = segment_at(engine, flow->by_seq.head);
	uint64_t sent_us = next->sent_us;

	ring->open = true;
	ring->una = flow->una;
	if (flow->by_seq.head && next->seq == flow->una) {
		next = segment_at(engine, next->seq_next);
		sent_us += (next->sent_us - sent_us) / 2;
	}
	if (next != segment_at(engine, 0) && sent_us + answer_us <= flow->progress_us)
		answers_add(ring, flow->progress_us - answer_us);
}

uint32_t answers_us(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	return rtt_min_us(engine, flow) + flow->queue_delay_us;
}

void answers_note(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	uint32_t answer_us = answers_us(engine, flow);
	struct snoop_flow_extra *extra = extra_get(engine, flow);
	struct snoop_answer_ring *ring = answer_ring_get(engine, extra, now_us);

	answers_settle(engine, flow);
	if (!ring->open)
		answers_begin(engine, flow, ring, answer_us);
	answers_add(ring, now_us - answer_us);
	ring->noted_us = (uint32_t)now_us;
}

enum answers_hole answers_hole(struct snoop_engine *engine, const struct snoop_flow *flow,
			       uint64_t now_us)
{
	const struct snoop_segment *segment = segment_at(engine, flow->by_seq.head);

	if (!flow->by_seq.head || segment->seq != flow->una)
		return HOLE_UNKNOWN;
	if (!(segment->flags & (SEGMENT_RETRANSMITTED | SEGMENT_SENDER)) &&
	    !dupack_is_filling(engine, segment))
		return HOLE_NONE;
	return now_us - segment->sent_us > answers_us(engine, flow) + rtt_jitter_us(engine, flow)
		       ? HOLE_FILLED_LATE
		       : HOLE_FILLED;
}

struct snoop_answer_ring *answers_open(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	struct snoop_answer_ring *ring = answer_ring_of(engine, extra_of(engine, flow));

	return ring && ring->open && ring->una == flow->una ? ring : NULL;
}

void answers_note_advance(struct snoop_answer_ring *ring, const struct snoop_flow *flow,
			  enum answers_hole hole, uint32_t segments)
{
	/* The last hole had been filled before, or its own original has: answers_settle(). */
	if (hole == HOLE_NONE)
		return;
	ring->unclear |= hole == HOLE_UNKNOWN;
	ring->late += hole == HOLE_FILLED_LATE;
	ring->due += segments - (segments > 0);
	ring->una = flow->una;
	ring->here = 0;
}

void answers_note_more(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t segments)
{
	struct snoop_answer_ring *ring = flow->sack ? NULL : answers_open(engine, flow);

	if (ring)
		ring->due += segments;
}

void answers_note_shielded(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	struct snoop_answer_ring *ring = answer_ring_of(engine, extra_of(engine, flow));

	if (ring && ring->open)
		ring->shielded++;
}

/* Answers that were due where no shield was sent, and those of them that did not come. */
static void answers_learn_uplink(struct snoop_flow_extra *extra,
				 const struct snoop_answer_ring *ring)
{
	uint32_t came = ring->answered + ring->late;
	uint32_t lost = ring->due > came ? ring->due - came : 0;

	if (extra->answers_due > UPLINK_MEMORY) {
		extra->answers_due /= 2;
		extra->answers_lost /= 2;
	}
	extra->answers_due = (uint16_t)(extra->answers_due + min_u64(ring->due, UPLINK_MEMORY));
	extra->answers_lost = (uint16_t)(extra->answers_lost + min_u64(lost, UPLINK_MEMORY));
}

/* @return true if hardly an answer gets lost, beside what the radio loses towards the station. */
static bool answers_are_whole(struct snoop_engine *engine, const struct snoop_flow *flow,
			      const struct snoop_flow_extra *extra)
{
	return extra->answers_lost * PPM * UPLINK_LOSSES_PART <=
	       extra->answers_due * congestion_radio_share_ppm(engine, flow);
}

static void answers_count(struct snoop_engine *engine, struct snoop_flow *flow,
			  struct snoop_flow_extra *extra, const struct snoop_answer_ring *ring)
{
	uint32_t more = ring->answered > ring->due ? ring->answered - ring->due : 0;
	uint32_t needless = (uint32_t)min_u64(more, ring->shielded);
	uint32_t repairs = ring->shielded - needless;
	bool unclear = ring->unclear || ring->here;

	if (!ring->shielded) {
		if (!unclear)
			answers_learn_uplink(extra, ring);
		return;
	}
	if (unclear || !answers_are_whole(engine, flow, extra)) {
		engine->counters->repairs_unproven += ring->shielded;
		return;
	}
	engine->counters->spurious_repairs += needless;
	engine->counters->spurious_shield += needless;
	loss_count_shielded(engine, flow, repairs);
}

void answers_settle(struct snoop_engine *engine, struct snoop_flow *flow)
{
	struct snoop_flow_extra *extra = extra_of(engine, flow);
	struct snoop_answer_ring *ring = answer_ring_of(engine, extra);

	if (!ring || !ring->open || flow->catching_up ||
	    (flow->una == ring->una && flow->una != flow->snd_max))
		return;
	answers_count(engine, flow, extra, ring);
	ring->open = ring->unclear = false;
	ring->here = ring->answered = ring->due = ring->late = ring->shielded = 0;
}

void answers_end(struct snoop_engine *engine, struct snoop_flow *flow)
{
	answers_settle(engine, flow);
	if (flow->extra)
		answer_ring_put(engine, extra_of(engine, flow));
}

bool answers_walk_begin(struct snoop_engine *engine, const struct snoop_flow *flow,
			struct answers_walk *walk)
{
	const struct snoop_answer_ring *ring = answer_ring_of(engine, extra_of(engine, flow));

	if (!ring || !ring->count)
		return false;
	*walk = (struct answers_walk){
		.ring = ring,
		.left = ring->count,
		.first = ring->count > SNOOP_ANSWERS ? ring->count - SNOOP_ANSWERS : 0,
	};
	return true;
}

bool answers_walk_misses(struct answers_walk *walk, uint64_t border_us)
{
	uint32_t before = walk->left;
	bool complete = walk->later >= DUP_THRESHOLD;

	while (walk->left > walk->first &&
	       (int32_t)(walk->ring->sent_us[(walk->left - 1) % SNOOP_ANSWERS] -
			 (uint32_t)border_us) >= 0)
		walk->left--;
	walk->later += before - walk->left;
	walk->sum += 1 - (int32_t)(before - walk->left);
	if (walk->sum <= walk->most)
		return false;
	walk->most = walk->sum;
	return complete;
}
