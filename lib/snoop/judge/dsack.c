/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/judge/ack_delay.h>
#include <snoop/judge/delivery.h>
#include <snoop/judge/dsack.h>
#include <snoop/judge/rtt.h>
#include <snoop/judge/rack.h>
#include <snoop/store/outcomes.h>

/* RFC 2883: the first block lies below the cumulative ACK, or inside the second block. */
bool dsack_is_reported(const struct wire_view *view)
{
	if (!view->sack_count)
		return false;
	if (seq_leq(view->sack[0].end, view->ack))
		return true;
	return view->sack_count > 1 && seq_geq(view->sack[0].start, view->sack[1].start) &&
	       seq_leq(view->sack[0].end, view->sack[1].end);
}

/* A retransmit of ours was needless: what does its cause learn from it? */
static void dsack_learn(struct snoop_engine *engine, struct snoop_flow *flow,
			struct snoop_flow_extra *extra, enum snoop_cause cause)
{
	switch (cause) {
	case SNOOP_CAUSE_TIMEOUT:
		/* The station answers later than we thought. */
		flow->rto_widen_us = (uint32_t)min_u64(
			flow->rto_widen_us + max_u64(rtt_smoothed_us(engine, flow),
						     engine->config.delayed_ack_us / 4),
			2ULL * engine->config.delayed_ack_us);
		break;
	case SNOOP_CAUSE_SCOREBOARD:
		rack_widen_reordering(engine, flow, extra);
		break;
	default:
		break;
	}
}

/* The station has received one more copy of the segment. @return true if it was ours. */
static bool dsack_note_duplicate(struct snoop_engine *engine, struct snoop_flow *flow,
				 struct snoop_flow_extra *extra, struct snoop_outcome *outcome)
{
	if (outcome->early)
		outcome->early = false; /* known already */
	else
		outcome->duplicates++;
	if (outcome->hidden)
		outcome_note_reported(extra);
	if (!outcome->ours)
		return false;
	outcome_count_spurious(engine, flow, (enum snoop_cause)outcome->cause);
	dsack_learn(engine, flow, extra, (enum snoop_cause)outcome->cause);
	ack_delay_note_duplicate_of(extra, outcome);
	return true;
}

/* A D-SACK reports the segment. @return true if it is of a copy of ours. */
static bool dsack_judge_outcome(struct snoop_engine *engine, struct snoop_flow *flow,
				struct snoop_flow_extra *extra, struct snoop_outcome *outcome)
{
	/* Time enough for the answer to a copy that the sender sent after its delivery. */
	if (outcome->late &&
	    (uint32_t)engine->now_us - outcome->late_us >= rtt_min_us(engine, flow)) {
		outcome->late--;
		outcome_take_copy(extra);
		return false;
	}
	return dsack_note_duplicate(engine, flow, extra, outcome);
}

static bool dsack_concerns(const struct snoop_outcome *outcome, const struct wire_sack *block)
{
	return seq_geq(outcome->seq, block->start) && seq_lt(outcome->seq, block->end) &&
	       (outcome->late || outcome->early || outcome->duplicates < outcome->copies);
}

bool dsack_judge(struct snoop_engine *engine, struct snoop_flow *flow,
		 const struct wire_sack *block)
{
	struct snoop_flow_extra *extra = extra_of(engine, flow);
	bool ours = false, explained = flow->catching_up;

	if (!extra)
		return false;
	extra->reports = true;
	if (extra->hidden)
		outcome_count_hidden(engine, flow, extra);
	ack_delay_note_dsack(engine, flow);
	for (uint32_t i = 0; i < extra->outcome_count; i++) {
		if (!dsack_concerns(outcome_at(extra, i), block))
			continue;
		explained = true;
		if (outcome_is_believed(extra))
			ours |= dsack_judge_outcome(engine, flow, extra, outcome_at(extra, i));
	}
	if (!explained)
		outcome_unexplained(flow, extra);
	return ours;
}

/* @return true if it may answer a copy of the sender's, which then is due no longer. */
static bool dsack_answers_sender(struct snoop_engine *engine, const struct snoop_flow *flow,
				 struct snoop_flow_extra *extra)
{
	uint64_t soonest_us = rtt_min_us(engine, flow), latest_us;

	/* Any of them may be the one. */
	if (!flow->sack)
		return outcome_take_copy(extra);
	soonest_us -= soonest_us / EARLY_MARGIN;
	latest_us = rtt_answer_us(engine, flow) + rtt_jitter_us(engine, flow);
	for (uint32_t i = 1; i <= SNOOP_COPIES; i++) {
		uint32_t at = (extra->copies_at + i) % SNOOP_COPIES;
		uint32_t age_us = (uint32_t)engine->now_us - extra->copies_us[at];

		if (extra->copies[at] && age_us >= soonest_us && age_us <= latest_us) {
			extra->copies[at]--;
			return true;
		}
	}
	return false;
}

void dsack_judge_bare(struct snoop_engine *engine, struct snoop_flow *flow)
{
	/* What follows a hole is answered in vain where the path duplicates, before any outcome. */
	struct snoop_flow_extra *extra =
		flow->has_sacked ? extra_get(engine, flow) : extra_of(engine, flow);

	if (!extra || extra->reports || dsack_answers_sender(engine, flow, extra))
		return;
	/* Where segments keep their order, it tells of the path alone. */
	if (flow->has_sacked && !flow->reordering) {
		outcome_unexplained(flow, extra);
		return;
	}
	for (uint32_t i = 0; i < extra->outcome_count; i++) {
		/* With SACK both copies came just now; without it the station is idle. */
		uint32_t at = flow->sack ? extra->outcome_count - 1U - i : i;
		struct snoop_outcome *outcome = outcome_at(extra, at);

		if (!outcome->early && outcome->duplicates == outcome->copies)
			continue;
		if (outcome_is_believed(extra)) {
			dsack_note_duplicate(engine, flow, extra, outcome);
			if (extra->unseen < UINT8_MAX)
				extra->unseen++;
		}
		return;
	}
	outcome_unexplained(flow, extra);
}
