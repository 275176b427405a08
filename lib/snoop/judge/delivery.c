/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/judge/ack_delay.h>
#include <snoop/judge/delivery.h>
#include <snoop/judge/dupack.h>
#include <snoop/judge/rtt.h>
#include <snoop/store/outcomes.h>

/* Of what spurious time-outs added, a time-out that was none takes this part back. */
#define RTO_WIDEN_DECAY 8U
/* Retransmitted without proof of a loss. */
static bool delivery_is_guess(const struct snoop_segment *segment)
{
	return segment->cause == SNOOP_CAUSE_TIMEOUT || segment->cause == SNOOP_CAUSE_PROBE;
}

/* A retransmit of ours is answered: what is learnt from it? */
static void delivery_learn(struct snoop_engine *engine, struct snoop_flow *flow,
			   struct snoop_segment *segment, const struct delivery *delivery,
			   uint64_t now_us)
{
	struct snoop_flow_extra *extra = extra_of(engine, flow);
	bool judged = segment->flags & SEGMENT_JUDGED;

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
			/* A duplicate ACK may follow, which tells of no hole. */
			dupack_count(&flow->stray_dup_acks);
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

	/* Sooner than the path allows: this answers an earlier transmission. The last one will
	 * bring a duplicate ACK. */
	if (segment->flags & SEGMENT_RETRANSMITTED && rtt_us < min_us)
		dupack_count(&flow->stray_dup_acks);
	delivery->segments++;
	if ((segment->flags & (SEGMENT_RETRANSMITTED | SEGMENT_SENDER)) == SEGMENT_RETRANSMITTED)
		delivery_learn(engine, flow, segment, delivery, now_us);
	if (segment->copies)
		outcome_open(engine, flow, segment, rtt_us < min_us - min_us / EARLY_MARGIN,
			     now_us);
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
