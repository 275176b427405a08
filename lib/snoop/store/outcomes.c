/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/store/outcomes.h>
#include <snoop/store/stations.h>

#define UNEXPLAINED_BACK_MAX 4U
/* Without SACK: so many duplicates that come of no loss look like those of one (RFC 5681). */
#define DUPS_MISLEADING 3U
/* D-SACKs that a station left out: so many, and one for so many that it sent. */
#define UNREPORTED_MIN 2U
#define REPORTED_AN_UNREPORTED 16U
#define COPIES_AN_RTT 8U /* times in a round trip at which the sender's copies are noted */

static void outcome_count(struct snoop_engine *engine, struct snoop_flow *flow,
			  const struct snoop_outcome *outcome, uint32_t lost)
{
	flow->radio_losses += lost;
	engine->counters->radio_losses += lost;
	station_totals(engine, flow)->radio_losses += lost;
	/* Ours, and none of the sender's. */
	if (!outcome->ours || outcome->senders)
		return;
	if (!flow->repairs_confirmed)
		engine->counters->flows_helped++;
	flow->repairs_confirmed += lost;
	engine->counters->repairs_confirmed += lost;
	station_totals(engine, flow)->repairs_confirmed += lost;
	histogram_add(&engine->histograms.repair_time, outcome->repair_us);
}

void outcome_count_spurious(struct snoop_engine *engine, struct snoop_flow *flow,
			    enum snoop_cause cause)
{
	engine->counters->spurious_repairs++;
	engine->counters->spurious_probe += cause == SNOOP_CAUSE_PROBE;
	engine->counters->spurious_shield += cause == SNOOP_CAUSE_SHIELD;
	flow->spurious += cause_is_repair(cause);
}

/* @return the oldest outcome, which is pending no longer. */
static const struct snoop_outcome *outcome_take_first(struct snoop_flow *flow,
						      struct snoop_flow_extra *extra)
{
	const struct snoop_outcome *outcome = outcome_at(extra, 0);

	extra->outcome_first = (uint8_t)((extra->outcome_first + 1) % SNOOP_OUTCOMES);
	flow->unsettled = --extra->outcome_count > 0;
	if (flow->unsettled)
		flow->settle_us = outcome_at(extra, 0)->due_us;
	return outcome;
}

/*
 * Our copy was answered in time, but the station reports no duplicates (nor did it in another flow
 * with SACK), and on this path segments come late: whether the original was lost, or came after the
 * copy, is unknown. With SACK the answer to a duplicate tells, but for every second one: with it
 * the station acknowledges what it held back, as with any other ACK.
 */
static bool outcome_is_open(struct snoop_engine *engine, const struct snoop_flow *flow,
			    struct snoop_flow_extra *extra, const struct snoop_outcome *outcome)
{
	const struct snoop_station *station = station_of(engine, flow);

	if (!outcome->ours || outcome->senders || extra->reports)
		return false;
	if (!flow->sack)
		return extra->dups_usual >= DUPS_MISLEADING;
	if (!flow->reordering || !extra->unseen || (station && station->dsack_seen))
		return false;
	extra->unseen--;
	return true;
}

/*
 * Of what no SACK could tell, D-SACKs do: a copy that none reports was needed. But a station that
 * names few blocks leaves out a D-SACK now and then: some are never told.
 */
void outcome_count_hidden(struct snoop_engine *engine, struct snoop_flow *flow,
			  struct snoop_flow_extra *extra)
{
	static const struct snoop_outcome of_sender = {.senders = true};
	uint32_t kept = UNREPORTED_MIN + extra->reported / REPORTED_AN_UNREPORTED;

	if (extra->hidden <= kept)
		return;
	outcome_count(engine, flow, &of_sender, extra->hidden - kept);
	extra->hidden = (uint16_t)kept;
}

static void outcome_settle_hidden(struct snoop_engine *engine, struct snoop_flow *flow,
				  struct snoop_flow_extra *extra,
				  const struct snoop_outcome *outcome)
{
	const struct snoop_station *station = station_of(engine, flow);
	uint32_t lost = outcome->copies - outcome->duplicates;

	if (!flow->sack || !outcome->hidden || !outcome_is_believed(extra))
		return;
	extra->hidden = (uint16_t)min_u64(extra->hidden + lost, UINT16_MAX);
	if (station && station->dsack_seen)
		outcome_count_hidden(engine, flow, extra);
}

static void outcome_settle_first(struct snoop_engine *engine, struct snoop_flow *flow,
				 struct snoop_flow_extra *extra)
{
	const struct snoop_outcome *outcome = outcome_take_first(flow, extra);

	/* No D-SACK reports it, but its time does. */
	if (outcome->early && outcome->ours && !outcome->senders && !outcome->late)
		outcome_count_spurious(engine, flow, (enum snoop_cause)outcome->cause);
	if (outcome->copies <= outcome->duplicates)
		return;
	if (!outcome->missing)
		outcome_settle_hidden(engine, flow, extra, outcome);
	else if (outcome_is_open(engine, flow, extra, outcome))
		engine->counters->repairs_unproven++;
	else
		outcome_count(engine, flow, outcome, outcome->copies - outcome->duplicates);
}

/*
 * The oldest goes early. Where more are delivered at once than there is room for, no D-SACK can
 * have come for it yet: an ACK may have told late of many that were never lost.
 */
static void outcome_make_room(struct snoop_engine *engine, struct snoop_flow *flow,
			      struct snoop_flow_extra *extra, uint64_t now_us)
{
	if (extra->outcome_at_us != (uint32_t)now_us)
		extra->outcomes_at_once = 0;
	extra->outcome_at_us = (uint32_t)now_us;
	if (extra->outcome_count == SNOOP_OUTCOMES) {
		if (extra->outcomes_at_once == SNOOP_OUTCOMES)
			outcome_take_first(flow, extra);
		else
			outcome_settle_first(engine, flow, extra);
	}
	if (extra->outcomes_at_once < SNOOP_OUTCOMES)
		extra->outcomes_at_once++;
}

void outcome_open(struct snoop_engine *engine, struct snoop_flow *flow,
		  const struct snoop_segment *segment, bool early, uint64_t now_us)
{
	struct snoop_flow_extra *extra = extra_get(engine, flow);
	struct snoop_outcome *outcome;

	outcome_make_room(engine, flow, extra, now_us);
	outcome = outcome_at(extra, extra->outcome_count++);
	*outcome = (struct snoop_outcome){
		.seq = segment->seq,
		.due_us = ((uint32_t)now_us + OUTCOME_WAIT_US + 2 * flow->srtt_us) |
			  (OUTCOME_TICK_US - 1),
		.repair_us = (uint32_t)now_us - segment->lost_us,
		.copies = segment->copies,
		.ours = segment->flags & SEGMENT_RETRANSMITTED,
		.senders = segment->flags & SEGMENT_SENDER,
		.cause = segment->sent_cause & 0xfU,
		.missing = segment->missing,
		.early = early,
		.hidden = segment->hidden,
		.duplicates = early,
	};
	flow->unsettled = true;
	flow->settle_us = outcome_at(extra, 0)->due_us;
}

void outcome_note_copy(const struct snoop_flow *flow, struct snoop_flow_extra *extra,
		       uint64_t now_us)
{
	uint32_t at = extra->copies_at;

	/* Those that come together are noted together. */
	if (!extra->copies[at] || extra->copies[at] == UINT8_MAX ||
	    (uint32_t)now_us - extra->copies_us[at] > flow->srtt_us / COPIES_AN_RTT) {
		at = extra->copies_at = (uint8_t)((at + 1) % SNOOP_COPIES);
		extra->copies[at] = 0;
		extra->copies_us[at] = (uint32_t)now_us;
	}
	extra->copies[at]++;
}

void outcome_note_sender(struct snoop_engine *engine, const struct snoop_flow *flow, uint32_t seq,
			 uint32_t end, uint64_t now_us)
{
	struct snoop_flow_extra *extra = extra_of(engine, flow);

	if (!extra)
		return;
	if (extra->copies_due < UINT8_MAX)
		extra->copies_due++;
	outcome_note_copy(flow, extra, now_us);
	for (uint32_t i = 0; i < extra->outcome_count; i++) {
		struct snoop_outcome *outcome = outcome_at(extra, i);

		if (seq_lt(outcome->seq, seq) || seq_geq(outcome->seq, end) ||
		    outcome->late == UINT8_MAX)
			continue;
		outcome->late++;
		outcome->late_us = (uint32_t)now_us;
	}
}

void outcome_unexplained(const struct snoop_flow *flow, struct snoop_flow_extra *extra)
{
	uint64_t bytes = flow->acked_bytes - extra->unexplained_at_bytes;
	/* An ACK that fills a hole covers much that was delivered before. */
	uint64_t segments = min_u64(bytes / (flow->max_payload_bytes + 1U), UNEXPLAINED_BACK_MAX);

	extra->unexplained_at_bytes = flow->acked_bytes;
	extra->unexplained = (uint8_t)(extra->unexplained - min_u64(segments, extra->unexplained));
	if (extra->copies_due)
		extra->copies_due--;
	else if (extra->unexplained < UINT8_MAX - 1)
		extra->unexplained = (uint8_t)(extra->unexplained + 2);
}

void outcome_note_stall(struct snoop_flow_extra *extra)
{
	struct snoop_outcome *newest = outcome_at(extra, extra->outcome_count - 1U);

	if (extra->outcome_count && !newest->duplicates) {
		newest->early = true;
		newest->duplicates = 1;
	}
}

void outcome_settle_due(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	while (flow->unsettled && outcome_due_us(flow, now_us) <= now_us)
		outcome_settle_first(engine, flow, extra_of(engine, flow));
}

void outcome_settle_all(struct snoop_engine *engine, struct snoop_flow *flow)
{
	while (flow->unsettled)
		outcome_settle_first(engine, flow, extra_of(engine, flow));
}
