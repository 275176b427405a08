/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/act/retransmit.h>
#include <snoop/act/shield.h>
#include <snoop/judge/answers.h>
#include <snoop/judge/congestion.h>
#include <snoop/judge/loss.h>
#include <snoop/judge/rtt.h>
#include <snoop/judge/window.h>
#include <snoop/store/flow_extra.h>
#include <snoop/store/lists.h>
#include <snoop/store/outcomes.h>
#include <snoop/store/stations.h>

/* Copies of one shield: 190 KB, less than the shortest radio queue of the lab (300 KB). */
#define SHIELD_MAX_SEGMENTS 128U
/* Segments that are looked at for one: without SACK all since the hole are in flight. */
#define SHIELD_LOOK_SEGMENTS 1024U
/* Earned and not spent yet: two shields. */
#define SHIELD_SAVED_MAX 256U
/* A copy costs so many at most, after shields that failed. */
#define SHIELD_PRICE_MAX 8U
/* Expected losses on the air below which a shield is not worth its copies. */
#define SHIELD_MIN_LOSSES_PPM 50000U

/* @return the copies that are left to spend. What is saved up has a limit. */
static uint32_t shield_left(uint32_t start, uint64_t losses, uint64_t repairs, uint32_t *spent)
{
	uint64_t most = start + losses + losses / SHIELD_EARN_LOSSES;
	uint32_t earned = (uint32_t)(most - min_u64(most, repairs));

	if (earned > *spent && earned - *spent > SHIELD_SAVED_MAX)
		*spent = earned - SHIELD_SAVED_MAX;
	return earned > *spent ? earned - *spent : 0;
}

/* @return the copies that the flow and its station's radio can pay for. */
static uint32_t shield_budget(struct snoop_engine *engine, struct snoop_flow *flow,
			      const struct snoop_flow_extra *extra)
{
	struct snoop_station *station = &engine->stations[flow->station];
	uint32_t own = shield_left(SHIELD_FLOW_START, flow->radio_losses, flow->retransmits,
				   &flow->shield_spent);
	uint32_t shared = shield_left(SHIELD_STATION_START, station->totals.radio_losses,
				      station->totals.repairs_confirmed, &station->shield_spent);

	return (uint32_t)min_u64(min_u64(own, shared) >> extra->shield_dear, SHIELD_MAX_SEGMENTS);
}

/*
 * Did the last shield do what it was for? It did if the station has acknowledged all of it. It
 * failed if the sender has to retransmit even its first copy, though that has had the time to
 * arrive.
 */
static void shield_judge_last(struct snoop_engine *engine, const struct snoop_flow *flow,
			      struct snoop_flow_extra *extra, uint32_t seq, uint64_t now_us)
{
	if (!extra->shield_open)
		return;
	if (seq_geq(flow->una, extra->shield_end)) {
		extra->shield_open = false;
		if (extra->shield_dear)
			extra->shield_dear--;
	} else if (seq_lt(seq, extra->shield_end) &&
		   (uint32_t)now_us - extra->shield_us > 2 * rtt_smoothed_us(engine, flow)) {
		extra->shield_open = false;
		/* Without SACK the sender retransmits one hole after the other. */
		if ((flow->sack ? seq_leq(flow->una, extra->shield_first)
				: flow->una == extra->shield_first) &&
		    1U << extra->shield_dear < SHIELD_PRICE_MAX)
			extra->shield_dear++;
	}
}

/* @return true if the sender has sent the segment once, we not again, and the station would still
 * take our copy now, but not after the sender's. */
static bool shield_suits(const struct snoop_flow *flow, const struct snoop_segment *segment,
			 uint32_t tsval)
{
	return !segment->tries && !(segment->flags & SEGMENT_SENDER) &&
	       seq_lt(segment->tsval + PAWS_SLACK_TICKS, tsval) && !loss_is_stale(flow, segment) &&
	       window_admits(flow, segment);
}

/* ---- What is sent ---- */

static void shield_copy(struct snoop_engine *engine, struct snoop_flow *flow,
			struct snoop_flow_extra *extra, uint32_t index, uint64_t now_us)
{
	struct snoop_segment *segment = segment_at(engine, index);

	if (!extra->shield_open) {
		extra->shield_open = true;
		extra->shield_first = segment->seq;
		extra->shield_end = segment->end;
	}
	extra->shield_end = seq_max(extra->shield_end, segment->end);
	segment->cause = SNOOP_CAUSE_SHIELD;
	outcome_note_copy(flow, extra, now_us);
	retransmit_segment(engine, flow, index, now_us);
}

/* With SACK all that is in flight is on the air: all of it is sent, or nothing. A BBR sender counts
 * every copy that arrives as delivered, and takes it for bandwidth: so be sparing. */
static uint32_t shield_air(struct snoop_engine *engine, struct snoop_flow *flow,
			   struct snoop_flow_extra *extra, uint32_t tsval, uint32_t budget,
			   uint64_t now_us)
{
	uint32_t last = flow->in_flight.tail, count = 0, looked_at = 0;

	for (uint32_t at = flow->in_flight.head; at; at = segment_at(engine, at)->send_next)
		if ((shield_suits(flow, segment_at(engine, at), tsval) && ++count > budget) ||
		    ++looked_at > SHIELD_LOOK_SEGMENTS)
			return 0;
	if (count * congestion_radio_share_ppm(engine, flow) < SHIELD_MIN_LOSSES_PPM)
		return 0;
	for (uint32_t at = flow->in_flight.head, next; at; at = next) {
		next = at == last ? 0 : segment_at(engine, at)->send_next;
		if (shield_suits(flow, segment_at(engine, at), tsval))
			shield_copy(engine, flow, extra, at, now_us);
	}
	return count;
}

/* Find what is missing, from the newest on: behind a hole that stays, the flight grows. @return how
 * many, of which the oldest are in found[]. */
static uint32_t shield_find(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t tsval,
			    uint32_t found[SHIELD_MAX_SEGMENTS], uint64_t now_us)
{
	uint64_t end_us = now_us - answers_us(engine, flow);
	/* What follows the hole may have been answered by the ACK that stopped there. */
	const struct snoop_segment *first = segment_at(engine, flow->open.head);
	uint32_t unsure = first->seq == flow->una ? first->end : first->seq;
	uint32_t count = 0, looked_at = 0;
	struct answers_walk walk;

	if (!answers_walk_begin(engine, flow, &walk))
		return 0;
	for (uint32_t at = flow->in_flight.tail, before; at; at = before) {
		const struct snoop_segment *segment = segment_at(engine, at);
		uint64_t border_us = segment->sent_us;

		before = list_before(engine, &flow->in_flight, LIST_SEND, at);
		if (border_us >= end_us)
			continue;
		if (looked_at++ == SHIELD_LOOK_SEGMENTS || !answers_walk_reaches(&walk, border_us))
			break;
		if (before)
			border_us -= (border_us - segment_at(engine, before)->sent_us) / 2;
		if (answers_walk_misses(&walk, border_us) && segment->seq != unsure &&
		    shield_suits(flow, segment, tsval))
			found[count++ % SHIELD_MAX_SEGMENTS] = at;
	}
	return count;
}

/* Without SACK what is in flight has mostly arrived: what is found missing is sent, the oldest
 * first. */
static uint32_t shield_missing(struct snoop_engine *engine, struct snoop_flow *flow,
			       struct snoop_flow_extra *extra, uint32_t tsval, uint32_t budget,
			       uint64_t now_us)
{
	uint32_t found[SHIELD_MAX_SEGMENTS];
	uint32_t count = shield_find(engine, flow, tsval, found, now_us);
	uint32_t copies = (uint32_t)min_u64(min_u64(count, SHIELD_MAX_SEGMENTS), budget);

	for (uint32_t i = 0; i < copies; i++)
		shield_copy(engine, flow, extra, found[--count % SHIELD_MAX_SEGMENTS], now_us);
	return copies;
}

static bool shield_is_allowed(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	const struct snoop_station *station = station_of(engine, flow);

	return flow->level != SNOOP_LEVEL_OBSERVE && !flow->catching_up && station &&
	       !station->silent && now_us >= engine->backlog_until_us &&
	       !congestion_is_near(engine, flow);
}

void shield_send(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t seq, uint32_t tsval,
		 uint64_t now_us)
{
	struct snoop_flow_extra *extra;
	uint32_t budget, copies = 0;

	/* Before any segment is read: can a shield of the most copies be worth it? */
	if (!shield_is_allowed(engine, flow, now_us) ||
	    SHIELD_MAX_SEGMENTS * congestion_radio_share_ppm(engine, flow) < SHIELD_MIN_LOSSES_PPM)
		return;
	extra = extra_get(engine, flow);
	shield_judge_last(engine, flow, extra, seq, now_us);
	budget = shield_budget(engine, flow, extra);
	if (!budget)
		return;
	if (flow->sack)
		copies = shield_air(engine, flow, extra, tsval, budget, now_us);
	/* A sender that goes back retransmits much within one round trip; it is looked for once. */
	else if ((uint32_t)now_us - extra->shield_looked_us >= rtt_smoothed_us(engine, flow)) {
		extra->shield_looked_us = (uint32_t)now_us;
		copies = shield_missing(engine, flow, extra, tsval, budget, now_us);
	}
	if (!copies)
		return;
	extra->shield_us = (uint32_t)now_us;
	flow->shield_spent += copies << extra->shield_dear;
	engine->stations[flow->station].shield_spent += copies << extra->shield_dear;
}
