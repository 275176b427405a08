/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/judge/ack_delay.h>
#include <snoop/judge/answers.h>
#include <snoop/judge/delivery.h>
#include <snoop/judge/dupack.h>
#include <snoop/judge/rack.h>
#include <snoop/judge/rtt.h>
#include <snoop/store/outcomes.h>

/* Of what spurious time-outs added, a time-out that was none takes this part back. */
#define RTO_WIDEN_DECAY 8U
/* Retransmitted without proof of a loss. */
static bool delivery_is_guess(const struct snoop_segment *segment)
{
	return segment->cause == SNOOP_CAUSE_TIMEOUT || segment->cause == SNOOP_CAUSE_PROBE;
}

/* Each retransmit of ours arrives in vain. */
static void delivery_expect_strays(struct snoop_flow *flow, const struct snoop_segment *segment)
{
	flow->stray_dup_acks =
		(uint16_t)min_u64(flow->stray_dup_acks + max_u64(segment->tries, 1), UINT16_MAX);
}

/* A retransmit of ours is answered: what is learnt from it? */
static void delivery_learn(struct snoop_engine *engine, struct snoop_flow *flow,
			   struct snoop_segment *segment, const struct delivery *delivery,
			   uint64_t now_us)
{
	struct snoop_flow_extra *extra = extra_of(engine, flow);
	bool judged = segment->flags & SEGMENT_JUDGED;

	if (extra && extra->tail.seq == segment->seq && !extra->tail.answer_us)
		extra->tail.answer_us = (uint32_t)(now_us - extra->tail.sent_us);
	if (!judged && delivery_is_guess(segment)) {
		judged = ack_delay_proves_loss(
			engine, flow, segment,
			delivery->dsack && seq_geq(segment->seq, delivery->dsack->start) &&
				seq_lt(segment->seq, delivery->dsack->end),
			now_us);
		segment->missing |= judged;
		if (judged)
			flow->rto_widen_us -= flow->rto_widen_us / RTO_WIDEN_DECAY;
		else if (now_us - segment->sent_us >= rtt_min_us(engine, flow))
			/* Duplicate ACKs may follow, which tell of no hole. */
			delivery_expect_strays(flow, segment);
	}
	if (judged && extra && extra->reo_persist &&
	    now_us - extra->reo_round_us >= flow->srtt_us) {
		extra->reo_round_us = now_us;
		if (!--extra->reo_persist)
			flow->reo_steps = 0;
	}
}

void delivery_add(struct snoop_engine *engine, struct snoop_flow *flow,
		  struct snoop_segment *segment, struct delivery *delivery, uint64_t now_us)
{
	bool once = !(segment->flags & (SEGMENT_RETRANSMITTED | SEGMENT_SENDER));
	uint64_t rtt_us = now_us - segment->sent_us, min_us = once ? 0 : rtt_min_us(engine, flow);

	/* Sooner than the path allows: this answers an earlier transmission. Those after it will
	 * bring a duplicate ACK each. */
	if (segment->flags & SEGMENT_RETRANSMITTED && rtt_us < min_us)
		delivery_expect_strays(flow, segment);
	delivery->segments++;
	if ((segment->flags & (SEGMENT_RETRANSMITTED | SEGMENT_SENDER)) == SEGMENT_RETRANSMITTED)
		delivery_learn(engine, flow, segment, delivery, now_us);
	if (segment->copies) {
		bool early = rtt_us < min_us - min_us / EARLY_MARGIN;

		outcome_open(engine, flow, segment, early, now_us);
		outcome_note_unproven(extra_of(engine, flow), segment->seq);
		/* The original came after segments that were sent later. */
		if (early && segment->copies == 1 && !(segment->flags & SEGMENT_SENDER) &&
		    segment->sent_cause == SNOOP_CAUSE_SCOREBOARD)
			rack_widen_reordering(engine, flow, extra_of(engine, flow));
		if (!flow->sack && segment->sent_cause == SNOOP_CAUSE_SHIELD && !segment->missing &&
		    !(segment->flags & SEGMENT_SENDER))
			answers_note_shielded(engine, flow);
	}
	if (!delivery->has_newest || segment->sent_us > delivery->newest_sent_us ||
	    (segment->sent_us == delivery->newest_sent_us &&
	     seq_gt(segment->end, delivery->newest_end))) {
		delivery->has_newest = true;
		delivery->newest_sent_us = segment->sent_us;
		delivery->newest_end = segment->end;
		delivery->newest_retransmitted = !once;
		delivery->newest_guessed = !once && delivery_is_guess(segment);
	}
	if (once && (!delivery->has_sent_once || segment->sent_us > delivery->sent_once_us)) {
		delivery->has_sent_once = delivery->has_sample = true;
		delivery->sent_once_us = segment->sent_us;
		delivery->sent_once_end = segment->end;
	}
	/*
	 * Sent once, below what was SACKed earlier, and yet delivered: the radio reorders (RFC 8985
	 * section 6.2). Not so where it was sent later: it filled a hole that had happened
	 * upstream.
	 */
	if (once && seq_lt(segment->end, flow->high_sack) && !(segment->flags & SEGMENT_SACKED) &&
	    segment->sent_us <= flow->rack_sent_us)
		flow->reordering = true;
}

uint64_t delivery_wait_us(struct snoop_engine *engine, const struct snoop_flow *flow, uint32_t end,
			  uint64_t now_us)
{
	const struct snoop_flow_extra *extra = extra_of(engine, flow);
	const struct snoop_segment *next = segment_at(engine, flow->in_flight.head);
	uint64_t due_us;

	if (!extra || !flow->in_flight.head || seq_geq(extra->tail.seq, end) ||
	    end - extra->tail.seq > UINT16_MAX || next->flags & SEGMENT_RETRANSMITTED)
		return 0;
	due_us = next->sent_us + (now_us - extra->tail.sent_us);
	if (due_us <= now_us + rtt_jitter_us(engine, flow))
		return 0; /* they were sent in one burst */
	return due_us - now_us + ack_delay_wait_us(engine, flow);
}
