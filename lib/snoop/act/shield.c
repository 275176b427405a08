/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <base/seq.h>
#include <snoop/act/retransmit.h>
#include <snoop/act/shield.h>
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
 * failed if the sender has to retransmit even what comes before the end of its first copy, though
 * that has had the time to arrive.
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
		if (seq_lt(flow->una, extra->shield_first) &&
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

/* ---- Without SACK: what has arrived since the hole? ---- */

/* The sender's retransmit comes a path RTT after the hole, and what its queues add. */
#define ANSWERS_RTTS 2U

/* Make room for now in the ring of times. It begins anew if it is too short, or much too long. */
static void answers_advance(struct snoop_engine *engine, const struct snoop_flow *flow,
			    struct snoop_flow_extra *extra, uint64_t now_us)
{
	uint64_t span_us = ANSWERS_RTTS * congestion_path_rtt_us(engine, flow) / SNOOP_ANSWERS + 1;
	uint64_t at = now_us >> extra->answers_shift;

	if (1ULL << extra->answers_shift < span_us || 1ULL << extra->answers_shift > 4 * span_us ||
	    !extra->answers_at || at - extra->answers_at >= SNOOP_ANSWERS) {
		memset(extra->answers, 0, sizeof(extra->answers));
		for (extra->answers_shift = 0; 1ULL << extra->answers_shift < span_us;)
			extra->answers_shift++;
		extra->answers_at = now_us >> extra->answers_shift;
		return;
	}
	while (extra->answers_at < at)
		extra->answers[++extra->answers_at % SNOOP_ANSWERS] = 0;
}

/* Add to what the ring says of a time. */
static void answers_add(struct snoop_flow_extra *extra, uint64_t sent_us, int8_t count)
{
	uint64_t at = sent_us >> extra->answers_shift;
	int sum = extra->answers[at % SNOOP_ANSWERS] + count;

	if (at > extra->answers_at || extra->answers_at - at >= SNOOP_ANSWERS)
		return;
	if (sum >= INT8_MIN && sum <= INT8_MAX)
		extra->answers[at % SNOOP_ANSWERS] = (int8_t)sum;
}

/* What the path takes for a segment and its answer, now. */
static uint32_t answer_us(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	return rtt_min_us(engine, flow) + flow->queue_delay_us;
}

void shield_note_answer(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	struct snoop_flow_extra *extra = extra_get(engine, flow);

	answers_advance(engine, flow, extra, now_us);
	answers_add(extra, now_us - answer_us(engine, flow), 1);
}

/* When, in the ring's time, the segments were sent that are missing. */
struct shield_places {
	uint8_t shift;
	uint64_t first, end; /* before first nothing is known, from end on it is too early */
	uint32_t oldest;     /* index of the first segment that was looked at */
	uint64_t missing[SNOOP_ANSWERS / 64];
};

static void places_mark(struct shield_places *places, uint64_t at)
{
	places->missing[at % SNOOP_ANSWERS / 64] |= 1ULL << (at % 64);
}

/*
 * The station answers each segment after a hole with one duplicate ACK, in the order in which they
 * were sent. Where it has answered fewer than were sent, and never catches up, a segment is
 * missing: that is where the least excess of all that follows rises. A place is as wide as its
 * neighbours, as the radio's delay varies.
 */
static void shield_find_places(struct snoop_engine *engine, struct snoop_flow *flow,
			       struct shield_places *places, uint64_t now_us)
{
	struct snoop_flow_extra *extra = extra_get(engine, flow);
	int excess[SNOOP_ANSWERS], sum = 0, least;
	uint32_t looked_at = 0;

	answers_advance(engine, flow, extra, now_us);
	memset(places, 0, sizeof(*places));
	memset(excess, 0, sizeof(excess));
	places->shift = extra->answers_shift;
	places->end = (now_us - answer_us(engine, flow)) >> places->shift;
	places->first = places->end;
	/* From the newest: behind a hole that stays, the flight grows. */
	for (uint32_t at = flow->in_flight.tail; at;
	     at = list_before(engine, &flow->in_flight, LIST_SEND, at)) {
		uint64_t sent = segment_at(engine, at)->sent_us >> places->shift;

		if (sent + SNOOP_ANSWERS <= extra->answers_at || ++looked_at > SHIELD_LOOK_SEGMENTS)
			break;
		places->oldest = at;
		if (sent >= places->end || segment_at(engine, at)->tries)
			continue;
		places->first = min_u64(places->first, sent);
		excess[sent % SNOOP_ANSWERS]++;
	}
	for (uint64_t at = places->first; at < places->end; at++) {
		sum += excess[at % SNOOP_ANSWERS] - extra->answers[at % SNOOP_ANSWERS];
		excess[at % SNOOP_ANSWERS] = sum;
	}
	least = sum;
	for (uint64_t at = places->end; at-- > places->first;) {
		int before = at > places->first ? excess[(at - 1) % SNOOP_ANSWERS] : 0;

		if (before < least) {
			places_mark(places, at - 1);
			places_mark(places, at);
			places_mark(places, at + 1);
			least = before;
		}
	}
}

static bool places_hold(const struct shield_places *places, const struct snoop_segment *segment)
{
	uint64_t sent = segment->sent_us >> places->shift;

	return sent >= places->first && sent < places->end &&
	       (places->missing[sent % SNOOP_ANSWERS / 64] >> (sent % 64) & 1);
}

/* ---- What is sent ---- */

static void shield_copy(struct snoop_engine *engine, struct snoop_flow *flow,
			struct snoop_flow_extra *extra, uint32_t index, uint64_t now_us)
{
	struct snoop_segment *segment = segment_at(engine, index);

	if (!extra->shield_open) {
		extra->shield_open = true;
		extra->shield_first = extra->shield_end = segment->end;
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

/* Without SACK what is in flight has mostly arrived: what is found missing is sent, the oldest
 * first. A sender that goes back retransmits much within one round trip; it is looked for once. */
static uint32_t shield_missing(struct snoop_engine *engine, struct snoop_flow *flow,
			       struct snoop_flow_extra *extra, uint32_t tsval, uint32_t budget,
			       uint64_t now_us)
{
	uint32_t last = flow->in_flight.tail, copies = 0;
	struct shield_places places;

	extra->shield_us = (uint32_t)now_us;
	shield_find_places(engine, flow, &places, now_us);
	for (uint32_t at = places.oldest, next; at && copies < budget; at = next) {
		const struct snoop_segment *segment = segment_at(engine, at);

		next = at == last ? 0 : segment->send_next;
		if (places_hold(&places, segment) && shield_suits(flow, segment, tsval)) {
			/* It was sent twice, and will be answered twice unless it is missing. */
			answers_add(extra, segment->sent_us, -1);
			answers_add(extra, now_us, -1);
			shield_copy(engine, flow, extra, at, now_us);
			copies++;
		}
	}
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
	else if ((uint32_t)now_us - extra->shield_us >= rtt_smoothed_us(engine, flow))
		copies = shield_missing(engine, flow, extra, tsval, budget, now_us);
	if (!copies)
		return;
	extra->shield_us = (uint32_t)now_us;
	flow->shield_spent += copies << extra->shield_dear;
	engine->stations[flow->station].shield_spent += copies << extra->shield_dear;
}
