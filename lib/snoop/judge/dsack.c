/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/judge/ack_delay.h>
#include <snoop/judge/dsack.h>
#include <snoop/judge/rtt.h>
#include <snoop/judge/rack.h>
#include <snoop/store/flow_extra.h>

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

static void dsack_widen_reordering(struct snoop_engine *engine, struct snoop_flow *flow,
				   struct snoop_flow_extra *extra)
{
	bool same_round = extra->reo_persist == REO_PERSIST &&
			  engine->now_us - extra->reo_round_us < rtt_smoothed_us(engine, flow);

	flow->reordering = true;
	if (!same_round && flow->reo_steps < UINT8_MAX)
		flow->reo_steps++;
	extra->reo_persist = REO_PERSIST;
	extra->reo_round_us = engine->now_us;
}

/* A retransmit of ours was needless: what does its cause learn from it? */
static void dsack_blame(struct snoop_engine *engine, struct snoop_flow *flow,
			struct snoop_flow_extra *extra, enum snoop_cause cause)
{
	struct counters *counters = engine->counters;

	counters->spurious_repairs++;
	flow->spurious += cause_is_repair(cause);
	switch (cause) {
	case SNOOP_CAUSE_PROBE:
		counters->spurious_probe++;
		break;
	case SNOOP_CAUSE_SHIELD:
		counters->spurious_shield++;
		break;
	case SNOOP_CAUSE_TIMEOUT:
		/* The station answers later than we thought. */
		flow->rto_widen_us = (uint32_t)min_u64(
			flow->rto_widen_us +
				max_u64(flow->srtt_us, engine->config.delayed_ack_us / 4),
			2ULL * engine->config.delayed_ack_us);
		break;
	case SNOOP_CAUSE_SCOREBOARD:
		dsack_widen_reordering(engine, flow, extra);
		break;
	default:
		break;
	}
}

/* @return true if the duplicate is a retransmit of ours. */
bool dsack_judge(struct snoop_engine *engine, struct snoop_flow *flow,
		 const struct wire_sack *block)
{
	struct snoop_flow_extra *extra = extra_of(engine, flow);
	bool ours = false;

	for (int i = 0; extra && i < SNOOP_RECENT_RETRANSMITS; i++) {
		if (!extra->recent_retransmits[i].valid ||
		    seq_lt(extra->recent_retransmits[i].seq, block->start) ||
		    seq_geq(extra->recent_retransmits[i].seq, block->end))
			continue;
		extra->recent_retransmits[i].valid = false;
		ours = true;
		ack_delay_note_dsack(engine, flow,
				     extra->recent_retransmits[i].cause == SNOOP_CAUSE_TIMEOUT);
		dsack_blame(engine, flow, extra,
			    (enum snoop_cause)extra->recent_retransmits[i].cause);
	}
	return ours;
}
