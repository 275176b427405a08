/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/judge/ack_delay.h>
#include <snoop/judge/dupack.h>
#include <snoop/judge/loss.h>
#include <snoop/judge/rtt.h>

/*
 * A station that has answered the copy of a lone segment one round trip after it may have lost the
 * original, or may have held its ACK back until the copy came: without D-SACK both look the same.
 * So such a time-out teaches by what follows. The allowance grows for the segments to come until
 * one of them is answered by itself. If that takes longer than any answer before, the station
 * delays its ACKs, and nothing was lost. If its answers come as soon as ever, it does not, and the
 * segments were lost.
 */

#define ACK_DELAY_MAX_US 750000U  /* RFC 1122 forbids 500 ms and more; some need a little longer */
#define ACK_DELAY_OVER_US 600000U /* after this time no ACK is delayed any more */
#define DOUBT_MAX 15U		  /* each two of them double the allowance */
/* After so many answers none of which took longer the longest is taken for the station's delay. */
#define ANSWERS_KNOWN 32U
#define ANSWERS_CALM 8U	 /* so many in a row, none late, end the doubt: some delays are random */
#define DELAY_DECAY 128U /* answers after which a delay that is no more is mostly forgotten */
#define MARGIN_PART 4U	 /* of a delay, that the next one may be longer */
/* Full segments that a station may receive before it acknowledges them. */
#define HOLD_SEGMENTS 16U
#define HOLD_LIFE_US (30 * USEC_PER_SEC)
#define QUIET_US 500000U /* a duplicate ACK that comes so late answers no retransmit */

static uint64_t ack_delay_base_us(const struct snoop_engine *engine,
				  const struct snoop_station *station)
{
	return max_u64(engine->config.delayed_ack_us,
		       station->ack_delay_us + station->ack_delay_us / MARGIN_PART);
}

static void ack_delay_set_allowance(const struct snoop_engine *engine,
				    struct snoop_station *station)
{
	uint64_t wait_us = ack_delay_base_us(engine, station);

	if (station->ack_doubt)
		wait_us = (max_u64(wait_us, engine->config.rto_min_us) *
			   (2 + (station->ack_doubt & 1U)))
				  << (station->ack_doubt / 2) >>
			  1;
	station->ack_wait_us = (uint32_t)min_u64(wait_us, ACK_DELAY_MAX_US);
}

/* A segment waited in vain, though little was in flight. */
static void ack_delay_doubt(struct snoop_engine *engine, struct snoop_station *station)
{
	uint32_t steps = station->ack_answers < ANSWERS_KNOWN ? 2 : 1;

	/* One by itself changes little: what is answered in between tells more. */
	if ((!station->ack_doubt || !station->ack_calm) && station->ack_wait_us < ACK_DELAY_MAX_US)
		station->ack_doubt = (uint8_t)min_u64(station->ack_doubt + steps, DOUBT_MAX);
	station->ack_calm = 0;
	ack_delay_set_allowance(engine, station);
}

/* It waited in vain although more was in flight than a station may receive without an ACK. */
static void ack_delay_hold(struct snoop_engine *engine, const struct snoop_flow *flow,
			   struct snoop_station *station, uint32_t bytes, uint64_t now_us)
{
	uint32_t limit = HOLD_SEGMENTS / 2 * ack_delay_full_bytes(flow);

	if (bytes >= limit)
		return;
	bytes = (uint32_t)min_u64(2ULL * bytes, limit);
	if (!station->ack_hold_bytes)
		engine->ack_holders++;
	if (bytes > station->ack_hold_bytes)
		station->ack_hold_bytes = bytes;
	station->ack_hold_us = (uint32_t)now_us;
	if (bytes > engine->ack_hold_max_bytes)
		engine->ack_hold_max_bytes = bytes;
}

/* It was long seen to do so last: it may have changed. */
static void ack_delay_forget_hold(struct snoop_engine *engine, struct snoop_station *station,
				  uint64_t now_us)
{
	if (station->ack_hold_bytes && (uint32_t)now_us - station->ack_hold_us > HOLD_LIFE_US)
		station_release_hold(engine, station);
}

bool ack_delay_applies_before_hole(const struct snoop_engine *engine, const struct snoop_flow *flow)
{
	uint32_t enough = (uint32_t)max_u64(ack_delay_full_bytes(flow),
					    engine->stations[flow->station].ack_hold_bytes);
	uint32_t end = flow->una, next = flow->by_seq.head;

	if (flow->sack || !flow->gaps)
		return false;
	for (uint32_t i = 0; i < HOLD_SEGMENTS; i++) {
		const struct snoop_segment *segment = segment_at(engine, next);

		/* Or was something forwarded there that is not cached? */
		if (!next || segment->seq != end)
			return seq_geq(end, flow->uncached_end);
		end = segment->end;
		if (end - flow->una >= enough)
			return false;
		next = segment->seq_next;
	}
	return false;
}

/* The station delays no ACK for longer than was known. What the flow's time-outs left open is
 * decided then: its segments were lost. */
static void ack_delay_end_doubt(struct snoop_engine *engine, struct snoop_flow *flow,
				struct snoop_station *station)
{
	struct snoop_flow_extra *extra = extra_of(engine, flow);

	station->ack_doubt = 0;
	if (!extra || station->ack_answers < ANSWERS_KNOWN)
		return;
	loss_count_settled(engine, flow, extra->unproven);
	extra->unproven = 0;
}

/* @return what of a wait is more than the path's own time. */
static uint32_t ack_delay_of(struct snoop_engine *engine, const struct snoop_flow *flow,
			     uint64_t wait_us)
{
	uint32_t min_us = rtt_min_us(engine, flow);

	return wait_us > min_us ? (uint32_t)min_u64(wait_us - min_us, ACK_DELAY_MAX_US) : 0;
}

/* @return true if the station delays its ACKs for longer than was known. */
static bool ack_delay_extend(struct snoop_engine *engine, struct snoop_flow *flow,
			     struct snoop_station *station, uint32_t delay_us)
{
	struct snoop_flow_extra *extra = extra_of(engine, flow);

	if (delay_us <= station->ack_delay_us)
		return false;
	if (delay_us > ack_delay_base_us(engine, station)) {
		station->ack_doubt = station->ack_answers = station->ack_calm = 0;
		if (extra)
			extra->unproven = 0;
	}
	station->ack_delay_us = delay_us;
	return true;
}

void ack_delay_note_waited(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t wait_us)
{
	struct snoop_station *station = station_of(engine, flow);

	if (!station)
		return;
	/* Where long delays are cut short, the others say little of how long they would be. */
	station->ack_answers -= station->ack_answers > 1 ? 2 : station->ack_answers;
	if (ack_delay_extend(engine, flow, station, ack_delay_of(engine, flow, wait_us)))
		ack_delay_set_allowance(engine, station);
}

__attribute__((noinline)) void ack_delay_measure(struct snoop_engine *engine,
						 struct snoop_flow *flow,
						 const struct ack_answer *answer, uint64_t now_us)
{
	struct snoop_station *station = station_of(engine, flow);
	uint32_t delay_us;

	/* Of less than the path's own time nothing can be told. */
	if (!station || rtt_is_vague(engine, 0) ||
	    (!answer->alone && answer->wait_us <= rtt_rto_us(engine, flow)))
		return;
	delay_us = ack_delay_of(engine, flow, answer->wait_us);
	if (station->ack_hold_bytes && answer->bytes >= ack_delay_full_bytes(flow))
		station->ack_hold_us = (uint32_t)now_us;
	ack_delay_forget_hold(engine, station, now_us);
	if (!ack_delay_extend(engine, flow, station, delay_us) && answer->alone && answer->bare)
		station->ack_delay_us -= (station->ack_delay_us - delay_us) / DELAY_DECAY;
	if (answer->alone && answer->bare) {
		station->ack_answers = (uint8_t)min_u64(station->ack_answers + 1U, ANSWERS_KNOWN);
		station->ack_calm = (uint8_t)min_u64(station->ack_calm + 1U, ANSWERS_CALM);
		if (station->ack_calm == ANSWERS_CALM)
			ack_delay_end_doubt(engine, flow, station);
	}
	ack_delay_set_allowance(engine, station);
}

void ack_delay_note_timeout(struct snoop_engine *engine, struct snoop_flow *flow,
			    const struct snoop_segment *segment, uint64_t now_us)
{
	/* A duplicate ACK may answer a needless retransmit, but not for long. */
	bool quiet = !flow->sack && (uint32_t)now_us - flow->retransmit_us > QUIET_US;
	struct snoop_station *station = station_of(engine, flow);
	struct snoop_tail *tail = &extra_get(engine, flow)->tail;
	bool again = segment->flags & SEGMENT_RETRANSMITTED && tail->seq == segment->seq;

	/* Where nothing is ever sent alone, no answer tells that the station holds no ACK. */
	if (station)
		ack_delay_forget_hold(engine, station, now_us);
	*tail = (struct snoop_tail){
		.sent_us = again ? tail->sent_us : segment->sent_us,
		.seq = segment->seq,
		.end = flow->snd_max,
		.bytes = flow->open_bytes,
		.delayed = ack_delay_applies(engine, flow) ||
			   ack_delay_applies_before_hole(engine, flow),
		.proven = (quiet && dupack_proves(engine, flow, segment)) ||
			  now_us - segment->sent_us > ACK_DELAY_OVER_US,
		.quiet = quiet,
		.fills = dupack_is_filling(engine, segment),
		.open = true,
	};
}

void ack_delay_note_duplicate(struct snoop_engine *engine, struct snoop_flow *flow)
{
	struct snoop_flow_extra *extra = extra_of(engine, flow);

	/* More than what was in flight before it brings. */
	if (extra && extra->tail.quiet && flow->dup_acks > extra->dups_due)
		extra->tail.proven = true;
}

/* The original had arrived: the station answers later than we thought. */
static void ack_delay_needless(struct snoop_engine *engine, struct snoop_flow *flow,
			       struct snoop_tail *tail, uint64_t now_us)
{
	struct snoop_station *station = station_of(engine, flow);
	uint32_t taken_bytes = flow->una - tail->seq;

	tail->open = false;
	if (!station)
		return;
	if (tail->delayed)
		ack_delay_doubt(engine, station);
	/* One ACK for all of it, and not one for each two segments after a stall of the radio. */
	else if (seq_geq(flow->una, tail->end) || taken_bytes > ack_delay_full_bytes(flow))
		ack_delay_hold(engine, flow, station, tail->bytes, now_us);
}

void ack_delay_note_dsack(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	struct snoop_station *station = station_of(engine, flow);

	if (station)
		station->dsack_seen = true;
}

void ack_delay_note_duplicate_of(struct snoop_flow_extra *extra, struct snoop_outcome *outcome)
{
	/* The answer before this one was the original's. */
	if (!outcome->unproven)
		return;
	outcome->unproven = false;
	if (extra->unproven)
		extra->unproven--;
}

void ack_delay_note_sample(struct snoop_engine *engine, const struct snoop_flow *flow,
			   struct snoop_flow_extra *extra, uint64_t rtt_us)
{
	/* It takes as long as that of the original would have taken: the path's RTT has grown. */
	if (extra->tail.answer_us && rtt_us + rtt_jitter_us(engine, flow) >= extra->tail.answer_us)
		extra->unproven = 0;
}

/* The retransmit is answered in time, and nothing says that its original had arrived. */
static bool ack_delay_judge_answer(struct snoop_engine *engine, struct snoop_flow *flow,
				   const struct snoop_segment *segment, bool known, uint64_t now_us)
{
	struct snoop_flow_extra *extra = extra_of(engine, flow);
	struct snoop_station *station = station_of(engine, flow);

	/* A duplicate would have been reported, or its delayed ACK have come long before. */
	if (extra->reports || loss_age_us(segment, now_us) > ACK_DELAY_OVER_US)
		return true;
	if (known && extra->tail.delayed && station)
		ack_delay_doubt(engine, station);
	/* The same of a station's other flows, unless other hosts share its address. */
	if (station && station->dsack_seen && flow->sack)
		return true;
	engine->counters->repairs_unproven++;
	/* Known delays say nothing of a time-out that did not allow for them. */
	extra->tail.unproven = known && !extra->tail.fills;
	if (!(known && extra->tail.fills) && extra->unproven < UINT8_MAX)
		extra->unproven++;
	return false;
}

bool ack_delay_proves_loss(struct snoop_engine *engine, struct snoop_flow *flow,
			   const struct snoop_segment *segment, bool duplicate, uint64_t now_us)
{
	struct snoop_flow_extra *extra = extra_of(engine, flow);
	uint32_t min_us = rtt_min_us(engine, flow);
	/* Sooner than the path allows: this answers the original. */
	bool original = !min_us || now_us - segment->sent_us < min_us;
	bool known, more;
	struct snoop_tail *tail;

	if (!extra)
		return false;
	tail = &extra->tail;
	known = tail->open && tail->seq == segment->seq;
	more = known && seq_gt(tail->end, segment->end);
	/* What was sent later is acknowledged with it, and yet had brought no duplicate ACK. */
	if (duplicate || original ||
	    (more && !tail->proven && seq_leq(flow->high_sack, segment->end) &&
	     seq_gt(flow->una, segment->end))) {
		if (known)
			ack_delay_needless(engine, flow, tail, now_us);
		return false;
	}
	tail->open &= !known;
	/* What was sent later had arrived before it. What lies above it is no proof: where it
	 * filled a hole from upstream that was sent earlier. */
	if (known && (tail->proven || flow->rack_sent_us > tail->sent_us))
		return true;
	return ack_delay_judge_answer(engine, flow, segment, known, now_us);
}
