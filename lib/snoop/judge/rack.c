/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/judge/ack_delay.h>
#include <snoop/judge/dupack.h>
#include <snoop/judge/loss.h>
#include <snoop/judge/rack.h>
#include <snoop/judge/rtt.h>
#include <snoop/store/outcomes.h>

/* RFC 8985 RACK_sent_after(): order of transmission, by sequence within one burst. */
static bool rack_was_sent_before(const struct snoop_flow *flow, const struct snoop_segment *segment)
{
	if (segment->sent_us != flow->rack_sent_us)
		return segment->sent_us < flow->rack_sent_us;
	/* Retransmits do not go out in the order of their sequence. */
	return !(segment->flags & SEGMENT_RETRANSMITTED) && seq_lt(segment->end, flow->rack_end);
}

/*
 * RFC 8985 section 6.2 step 4: while the path was never seen to reorder, DupThresh segments SACKed
 * above a hole are proof enough.
 */
static uint64_t rack_window_us(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	uint32_t steps = flow->reo_steps < REO_STEPS_MAX ? flow->reo_steps : REO_STEPS_MAX;

	if (!flow->reordering && flow->sacked_count >= DUP_THRESHOLD)
		return 0;
	return min_u64((uint64_t)rtt_min_us(engine, flow) * (1 + steps) / 4,
		       rtt_smoothed_us(engine, flow));
}

void rack_widen_reordering(struct snoop_engine *engine, struct snoop_flow *flow,
			   struct snoop_flow_extra *extra)
{
	bool same_round = extra->reo_persist == REO_PERSIST &&
			  engine->now_us - extra->reo_round_us < rtt_smoothed_us(engine, flow);

	flow->reordering = true;
	if (!same_round && flow->reo_steps < REO_STEPS_MAX)
		flow->reo_steps++;
	extra->reo_persist = REO_PERSIST;
	extra->reo_round_us = engine->now_us;
}

static void rack_set_deadline(struct snoop_flow *flow, uint64_t deadline_us)
{
	flow->reo_deadline_us = deadline_us;
	flow->has_suspect = deadline_us != SNOOP_NEVER;
}

/* @return true while it is not known whether the last time-out was spurious. */
static bool rack_timeout_in_doubt(struct snoop_engine *engine, struct snoop_flow *flow,
				  uint64_t now_us)
{
	const struct snoop_flow_extra *extra;

	if (!flow->timeout_in_doubt)
		return false;
	extra = extra_of(engine, flow);
	if (now_us < extra->doubt_until_us) {
		rack_set_deadline(flow, extra->doubt_until_us);
		return true;
	}
	flow->timeout_in_doubt = false;
	if (extra->doubt_sent_us > flow->rack_sent_us) {
		flow->rack_sent_us = extra->doubt_sent_us;
		flow->rack_end = extra->doubt_end;
	}
	return false;
}

/* After the answer to a time-out's retransmit something is answered that was sent once. */
static __attribute__((noinline)) void rack_end_doubt(struct snoop_engine *engine,
						     struct snoop_flow *flow,
						     const struct delivery *delivery,
						     uint64_t now_us)
{
	flow->timeout_in_doubt = false;
	ack_delay_note_sample(engine, flow, extra_of(engine, flow),
			      now_us - delivery->sent_once_us);
}

/* The answer to a time-out's retransmit, which may be the original's. */
static __attribute__((noinline)) void rack_begin_doubt(struct snoop_engine *engine,
						       struct snoop_flow *flow,
						       const struct delivery *delivery,
						       uint64_t now_us)
{
	struct snoop_flow_extra *extra = extra_of(engine, flow);

	flow->timeout_in_doubt = true;
	extra->doubt_until_us = now_us + rtt_jitter_us(engine, flow) +
				delivery_wait_us(engine, flow, delivery->newest_end, now_us);
	extra->doubt_sent_us = delivery->newest_sent_us;
	extra->doubt_end = delivery->newest_end;
}

inline void rack_update(struct snoop_engine *engine, struct snoop_flow *flow,
			const struct delivery *delivery, uint64_t now_us)
{
	struct snoop_flow_extra *extra = extra_of(engine, flow);
	uint64_t sent_us = delivery->newest_sent_us, rtt_us = now_us - sent_us;
	uint32_t end = delivery->newest_end;

	if (!delivery->has_newest)
		return;
	if (delivery->has_sent_once && flow->timeout_in_doubt)
		rack_end_doubt(engine, flow, delivery, now_us);
	if (delivery->newest_guessed && delivery->has_sent_once) {
		/* What was sent before the time-out arrives too: the radio stalled and lost
		 * nothing. */
		if (flow->sack && extra)
			outcome_note_stall(extra);
		sent_us = delivery->sent_once_us;
		end = delivery->sent_once_end;
		rtt_us = now_us - sent_us;
	} else if (delivery->newest_retransmitted && rtt_us < rtt_min_us(engine, flow)) {
		/* An ACK faster than the path allows is one of the original, not of the retransmit
		 * (RFC 8985 step 2). */
		return;
	} else if (delivery->newest_guessed && extra) {
		rack_begin_doubt(engine, flow, delivery, now_us);
		return;
	}
	if (sent_us < flow->rack_sent_us ||
	    (sent_us == flow->rack_sent_us && seq_lt(end, flow->rack_end)))
		return;
	flow->rack_sent_us = sent_us;
	flow->rack_end = end;
	flow->rack_rtt_us = (uint32_t)min_u64(rtt_us, UINT32_MAX);
}

/* @return the segment in flight that the cumulative ACK asks for, or 0. */
static uint32_t rack_head(const struct snoop_engine *engine, const struct snoop_flow *flow)
{
	const struct snoop_segment *segment = segment_at(engine, flow->open.head);

	return segment->seq == flow->una && !(segment->flags & (SEGMENT_LOST | SEGMENT_LEFT))
		       ? flow->open.head
		       : 0;
}

bool rack_sacks_are_partial(const struct snoop_flow *flow, uint32_t seq)
{
	return flow->gaps >= SACK_BLOCKS_MIN && seq_lt(seq, flow->partial_end) &&
	       seq_leq(flow->partial_end, flow->snd_max);
}

static __attribute__((noinline)) bool rack_judge_in_flight(struct snoop_engine *engine,
							   struct snoop_flow *flow, uint64_t now_us)
{
	/* Then only the head of line is judged: the ACK asks for it. */
	bool partial = rack_sacks_are_partial(flow, segment_at(engine, flow->in_flight.head)->seq);
	uint32_t index = partial ? rack_head(engine, flow) : flow->in_flight.head;
	uint64_t window_us = rack_window_us(engine, flow);
	bool left = false;

	while (index) {
		struct snoop_segment *segment = segment_at(engine, index);
		uint32_t next = partial ? 0 : segment->send_next;
		uint64_t due_us = segment->sent_us + flow->rack_rtt_us + window_us;

		/* In order of transmission: nothing after this one can be lost yet. */
		if (!rack_was_sent_before(flow, segment))
			break;
		if (flow->rack_sent_us - segment->sent_us < window_us && due_us > now_us) {
			rack_set_deadline(flow, due_us);
			break;
		}
		left |= loss_mark(engine, flow, index, SNOOP_CAUSE_SCOREBOARD, now_us);
		index = next;
	}
	return left;
}

bool rack_detect_losses(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	uint32_t first = flow->in_flight.head;

	rack_set_deadline(flow, SNOOP_NEVER);
	/* Without SACK nothing tells what arrived after a hole (RFC 8985 section 3 requires it). */
	return first && flow->sack && !rack_timeout_in_doubt(engine, flow, now_us) &&
	       flow->rack_sent_us && rack_was_sent_before(flow, segment_at(engine, first)) &&
	       rack_judge_in_flight(engine, flow, now_us);
}
