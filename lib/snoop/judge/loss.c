/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoop/engine.h>

#define DUP_THRESHOLD 3         /* RFC 5681; RFC 8985 section 6.2 step 4 */
#define REO_STEPS_MAX 16        /* four minimum RTTs */
#define ONE_WAY_US USEC_PER_SEC /* without any ACK in this time the cache is not held */
#define PAWS_SLACK_TICKS 1U     /* Linux takes a timestamp that is one tick too old */
#define SHIELD_MAX_SEGMENTS 128U
#define SHIELD_MAX_NO_SACK 512U
#define SHIELD_STORE_SEGMENTS 768U
#define SHIELD_COST 128U        /* new segments that earn one copy of a shield */
#define SHIELD_COST_UNQUEUED 64U /* where the radio has no queue, so that a copy displaces nothing */
#define SHIELD_TWICE_PPM 30000U /* loss share above which one copy is too likely to be lost as well */
#define SHIELD_MIN_LOSSES_PPM 50000U /* expected losses on the air below which a shield is not worth its copies */

/* RFC 8985 RACK_sent_after(): order of transmission, by sequence within one burst. */
static bool sent_before_rack(const struct snoop_flow *flow, const struct snoop_segment *segment)
{
	if (segment->sent_us != flow->rack_sent_us)
		return segment->sent_us < flow->rack_sent_us;
	/* Retransmits do not go out in the order of their sequence. */
	return !(segment->flags & SEGMENT_RETRANSMITTED) && seq_lt(segment->end, flow->rack_end);
}

/*
 * RFC 8985 section 6.2 step 4: while the path was never seen to reorder, DupThresh segments SACKed above a hole are
 * proof enough.
 */
static uint64_t reordering_window_us(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	uint32_t steps = flow->reo_steps < REO_STEPS_MAX ? flow->reo_steps : REO_STEPS_MAX;

	if (!flow->reordering && flow->sacked_count >= DUP_THRESHOLD)
		return 0;
	return min_u64((uint64_t)rtt_min_us(engine, flow) * (1 + steps) / 4, rtt_smoothed_us(engine, flow));
}

/* @return true while it is in doubt whether a time-out was spurious. */
static bool in_doubt(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	const struct snoop_history *history;

	if (!flow->doubted)
		return false;
	history = history_of(engine, flow);
	if (now_us < history->doubt_until_us) {
		flow->reo_deadline_us = history->doubt_until_us;
		return true;
	}
	flow->doubted = false;
	if (history->doubt_sent_us > flow->rack_sent_us) {
		flow->rack_sent_us = history->doubt_sent_us;
		flow->rack_end = history->doubt_end;
	}
	return false;
}

static __attribute__((noinline)) void detect(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	uint32_t index = flow->in_flight.head;
	uint64_t window_us = reordering_window_us(engine, flow);

	while (index) {
		struct snoop_segment *segment = segment_at(engine, index);
		uint32_t next = segment->send_next;
		uint64_t due_us = segment->sent_us + flow->rack_rtt_us + window_us;

		/* in_flight is in order of transmission: nothing behind this one can be lost yet. */
		if (!sent_before_rack(flow, segment))
			break;
		if (flow->rack_sent_us - segment->sent_us < window_us && due_us > now_us) {
			flow->reo_deadline_us = due_us;
			break;
		}
		loss_mark(engine, flow, index, SNOOP_CAUSE_SCOREBOARD, now_us);
		index = next;
	}
}

void loss_detect(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	uint32_t first = flow->in_flight.head;

	flow->reo_deadline_us = SNOOP_NEVER;
	/* Without SACK nobody knows what arrived behind a hole (RFC 8985 section 3 requires it). */
	if (first && flow->sack && !in_doubt(engine, flow, now_us) && flow->rack_sent_us &&
	    sent_before_rack(flow, segment_at(engine, first)))
		detect(engine, flow, now_us);
}

void loss_count(struct snoop_engine *engine, struct snoop_flow *flow, struct snoop_segment *segment)
{
	segment->flags |= SEGMENT_COUNTED;
	flow->radio_losses++;
	engine->counters->radio_losses++;
	station_totals(engine, flow)->radio_losses++;
}

static void note_missed(struct snoop_segment *segment, uint64_t now_us)
{
	if (segment->flags & SEGMENT_MISSED)
		return;
	segment->flags |= SEGMENT_MISSED;
	segment->lost_us = (uint32_t)now_us;
}

static uint64_t hole_age_us(const struct snoop_segment *segment, uint64_t now_us)
{
	return segment->flags & SEGMENT_MISSED ? (uint32_t)now_us - segment->lost_us : 0;
}

/*
 * PAWS (RFC 7323 section 5): once the station has taken a younger segment in order, say the sender's own retransmit of an
 * earlier hole, it discards our copy for its old timestamp. Its echo tells how far it is.
 */
static bool is_stale(const struct snoop_flow *flow, const struct snoop_segment *segment)
{
	return flow->timestamps && flow->echoed && seq_lt(segment->tsval + PAWS_SLACK_TICKS, flow->ts_echo);
}

static void give_up(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	if (!(segment_at(engine, index)->flags & SEGMENT_COUNTED))
		loss_count(engine, flow, segment_at(engine, index));
	segment_leave(engine, flow, index);
	flow->given_up++;
	engine->counters->given_up++;
	station_totals(engine, flow)->given_up++;
	ack_release_all(engine, flow);
}

void loss_suspect(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);

	segment->cause = SNOOP_CAUSE_TIMEOUT;
	if (flow->level == SNOOP_LEVEL_OBSERVE)
		segment_leave(engine, flow, index);
	else
		segment_lost_first(engine, flow, index);
}

void loss_mark(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index, enum snoop_cause cause,
	       uint64_t now_us)
{
	struct snoop_segment *segment = segment_at(engine, index);

	segment->cause = (uint8_t)cause;
	if (!(segment->flags & SEGMENT_COUNTED)) {
		bool first = !(segment->flags & SEGMENT_MISSED); /* a time-out has not retransmitted it */

		loss_count(engine, flow, segment);
		note_missed(segment, now_us);
		if (first && veto_loss(engine, flow, segment, now_us)) {
			segment_leave(engine, flow, index);
			segment->flags |= SEGMENT_VETOED;
			return;
		}
	}
	if (is_stale(flow, segment)) {
		engine->counters->stale_segments++;
		give_up(engine, flow, index);
		return;
	}
	if (flow->level == SNOOP_LEVEL_OBSERVE || flow->level == SNOOP_LEVEL_BYPASS) {
		segment_leave(engine, flow, index);
		return;
	}
	segment_lost(engine, flow, index);
}

static void remember_retransmit(struct snoop_engine *engine, struct snoop_flow *flow, const struct snoop_segment *segment)
{
	struct snoop_history *history = history_get(engine, flow);

	history->recent_retransmits[history->retransmit_next].seq = segment->seq;
	history->recent_retransmits[history->retransmit_next].cause = segment->cause;
	history->recent_retransmits[history->retransmit_next].valid = true;
	history->retransmit_next = (uint8_t)((history->retransmit_next + 1) % SNOOP_RECENT_RETRANSMITS);
}

static void retransmit(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index, uint64_t now_us)
{
	struct snoop_segment *segment = segment_at(engine, index);
	struct counters *counters = engine->counters;

	if (segment->cause != SNOOP_CAUSE_SHIELD)
		note_missed(segment, now_us);
	segment->tries++;
	segment->flags |= SEGMENT_RETRANSMITTED;
	if (segment->seq == flow->una)
		flow->dup_acks = 0; /* from now on they are answers to what is sent with or behind it */
	segment_sent(engine, flow, index, now_us);
	remember_retransmit(engine, flow, segment);
	flow->retransmit_us = (uint32_t)now_us;
	flow->retransmits++;
	counters->retransmit_bytes += segment->frame_bytes;
	switch ((enum snoop_cause)segment->cause) {
	case SNOOP_CAUSE_DUPACK:
		counters->retransmits_dupack++;
		break;
	case SNOOP_CAUSE_TIMEOUT:
		counters->retransmits_timeout++;
		break;
	case SNOOP_CAUSE_SHIELD:
		/* Most of them arrived already, and each copy brings a duplicate ACK. */
		count_dup_ack(&flow->stray_dup_acks);
		counters->retransmits_shield++;
		break;
	case SNOOP_CAUSE_PROBE:
		counters->retransmits_probe++;
		break;
	default:
		counters->retransmits_scoreboard++;
		break;
	}
	engine->ops->retransmit(engine->owner, segment->packet, (enum snoop_cause)segment->cause);
}

static bool window_allows(const struct snoop_flow *flow, const struct snoop_segment *segment)
{
	return flow->window_bytes == UINT32_MAX || seq_leq(segment->end, flow->una + flow->window_bytes);
}

static __attribute__((noinline)) void repair(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	struct snoop_station *station = station_of(engine, flow);

	while (flow->lost.head && flow->credit) {
		uint32_t index = flow->lost.head;
		struct snoop_segment *segment = segment_at(engine, index);

		if (now_us < engine->backlog_until_us)
			return;
		if (station && station->silent) {
			/* One probe per station at a time, with growing gaps; no tries are counted against the segment. */
			if (now_us < station->probe_us)
				return;
			station->probe_us = now_us + station->probe_gap_us;
			station->probe_gap_us = (uint32_t)min_u64(2ULL * station->probe_gap_us,
								  engine->config.probe_interval_us);
			segment->cause = SNOOP_CAUSE_PROBE;
			segment->tries = 0;
			flow->credit = 1;
		} else if (is_stale(flow, segment)) {
			engine->counters->stale_segments++;
			give_up(engine, flow, index);
			continue;
		} else if (segment->tries >= engine->config.tries_max ||
			   hole_age_us(segment, now_us) >
				   max_u64(engine->config.hole_age_max_us, 2ULL * rtt_smoothed_us(engine, flow))) {
			give_up(engine, flow, index);
			continue;
		}
		/* Never into a closed window: a receiver may have taken back what it offered. */
		if (!window_allows(flow, segment))
			return;
		flow->credit--;
		retransmit(engine, flow, index, now_us);
	}
}

void loss_repair(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	if (flow->lost.head && flow->credit)
		repair(engine, flow, now_us);
}

void loss_revive(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	flow->backoff = 0;
	for (uint32_t index = flow->open.head; index; index = segment_at(engine, index)->open_next) {
		struct snoop_segment *segment = segment_at(engine, index);

		segment->tries = 0;
		segment->lost_us = (uint32_t)now_us;
		/* What was lost already moves too, so that the list is in sequence order: head of line first. */
		if (segment->flags & (SEGMENT_LEFT | SEGMENT_LOST) && !(segment->flags & SEGMENT_VETOED) &&
		    flow->level > SNOOP_LEVEL_OBSERVE)
			segment_lost(engine, flow, index);
	}
}

/* Less than two full segments: the station may wait for its delayed-ACK timer (RFC 1122 section 4.2.3.2). */
static uint64_t delayed_ack_us(const struct snoop_engine *engine, const struct snoop_flow *flow)
{
	if (flow->open_bytes >= loss_two_full_bytes(flow) || flow->sacked_count)
		return 0;
	return engine->config.delayed_ack_us;
}

void loss_shield_start(struct snoop_flow *flow)
{
	flow->shield_credit = SHIELD_COST * SHIELD_STORE_SEGMENTS;
}

void loss_shield_earn(struct snoop_flow *flow)
{
	if (flow->shield_credit < SHIELD_COST * SHIELD_STORE_SEGMENTS)
		flow->shield_credit++;
}

/* Sent once by its sender, and `round` times by this shield. */
static bool needs_shield(const struct snoop_flow *flow, const struct snoop_segment *segment, uint32_t tsval,
			 uint32_t round)
{
	return segment->tries == round && !(segment->flags & SEGMENT_SENDER) &&
	       (!round || segment->cause == SNOOP_CAUSE_SHIELD) &&
	       seq_lt(segment->tsval + PAWS_SLACK_TICKS, tsval) && window_allows(flow, segment);
}

static void shield_round(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t tsval, uint32_t round,
			 uint64_t now_us)
{
	uint32_t last = flow->in_flight.tail;

	if (round >= engine->config.tries_max)
		return;
	for (uint32_t at = flow->in_flight.head, next; at; at = next) {
		struct snoop_segment *segment = segment_at(engine, at);

		next = at == last ? 0 : segment->send_next;
		if (needs_shield(flow, segment, tsval, round) && (!round || segment->sent_us == now_us)) {
			segment->cause = SNOOP_CAUSE_SHIELD;
			retransmit(engine, flow, at, now_us);
		}
	}
}

void loss_shield(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t tsval, uint64_t now_us)
{
	const struct snoop_station *station = station_of(engine, flow);
	uint64_t share_ppm = veto_measured_share_ppm(engine, flow);
	bool queued = flow->queue_delay_us >= engine->config.veto_delay_floor_us;
	uint32_t copies = share_ppm > SHIELD_TWICE_PPM && !queued ? 2 : 1;
	/* Without SACK what has arrived since is still in doubt. */
	uint32_t limit = flow->sack ? SHIELD_MAX_SEGMENTS : SHIELD_MAX_NO_SACK;
	uint32_t count = 0, looked_at = 0, cost = queued ? SHIELD_COST : SHIELD_COST_UNQUEUED;

	if (flow->level == SNOOP_LEVEL_OBSERVE || flow->behind || (station && station->silent) || now_us < engine->backlog_until_us ||
	    flow->queue_delay_us > veto_threshold_us(engine, flow) / 2)
		return;
	/* What may come of it, before anybody looks: the most, and the least, that it could be. */
	if (limit * share_ppm < SHIELD_MIN_LOSSES_PPM || cost * copies > flow->shield_credit)
		return;
	for (uint32_t at = flow->in_flight.head; at; at = segment_at(engine, at)->send_next)
		if ((needs_shield(flow, segment_at(engine, at), tsval, 0) && ++count > limit) ||
		    ++looked_at > 4 * limit)
			return;
	/* A BBR sender counts every copy that arrives as delivered, and takes it for bandwidth: so be sparing. */
	cost *= copies * count;
	if (count * share_ppm < SHIELD_MIN_LOSSES_PPM || cost > flow->shield_credit)
		return;
	flow->shield_credit -= cost;
	/* A second round, not two copies in a row: a burst of losses would take both. */
	for (uint32_t round = 0; round < copies; round++)
		shield_round(engine, flow, tsval, round, now_us);
}

static uint64_t tail_deadline_us(struct snoop_engine *engine, const struct snoop_flow *flow, uint64_t now_us)
{
	/* Mostly it is known without a look at the station that it is not silent. */
	const struct snoop_station *station = engine->silent_stations ? station_of(engine, flow) : NULL;
	const struct snoop_segment *head;
	uint32_t oldest = flow->in_flight.head;
	uint64_t since_us = flow->progress_us;

	if (!flow->two_way)
		return flow->cached_count ? now_us + ONE_WAY_US : SNOOP_NEVER;
	if (flow->open_count == flow->left_count || flow->level == SNOOP_LEVEL_BYPASS)
		return SNOOP_NEVER;
	/* With news, and all in the window: mostly no segment has to be looked at. */
	if (SNOOP_SHORT_WAY(TAIL, flow->sack && since_us == now_us && !station &&
				  flow->snd_max - flow->una <= flow->window_bytes))
		return now_us + rtt_rto_us(engine, flow) + delayed_ack_us(engine, flow);
	/* Behind a hole that is the sender's to fill nothing can be known without SACK, until it has filled it. */
	head = segment_at(engine, flow->open.head);
	if (!flow->sack && (head->seq != flow->una || (head->flags & SEGMENT_LEFT)))
		return SNOOP_NEVER;
	/* A closed window is opened by the sender's probes, not by ours. */
	if (!window_allows(flow, head))
		return SNOOP_NEVER;
	if (station && station->silent)
		return max_u64(station->probe_us, since_us + engine->config.rto_min_us);
	if (oldest)
		since_us = max_u64(since_us, segment_at(engine, oldest)->sent_us);
	/* The head of line may have been sent again, by us or by the sender, long after what lies behind it. */
	since_us = max_u64(since_us, head->sent_us);
	return since_us + rtt_rto_us(engine, flow) + delayed_ack_us(engine, flow);
}

void flow_rearm(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	uint64_t deadline_us;

	if (flow->behind) {
		flow->deadline_us = now_us;
		return;
	}
	flow->tail_deadline_us = tail_deadline_us(engine, flow, now_us);
	deadline_us = min_u64(flow->tail_deadline_us, flow->reo_deadline_us);
	if (flow->withheld.head)
		deadline_us = min_u64(deadline_us, segment_at(engine, flow->withheld.head)->sent_us);
	/* Losses that wait only for our own TX queue. */
	if (flow->lost.head && flow->credit && now_us < engine->backlog_until_us)
		deadline_us = min_u64(deadline_us, engine->backlog_until_us);
	flow->deadline_us = deadline_us;
}

void flow_rearm_flowing(struct snoop_engine *engine, struct snoop_flow *flow, bool at_border, uint64_t now_us)
{
	if (!flow->open_count || flow->open_bytes > flow->window_bytes || !(flow->sack || at_border)) {
		flow_rearm(engine, flow, now_us);
		return;
	}
	flow->deadline_us = flow->tail_deadline_us = now_us + rtt_rto_us(engine, flow) + delayed_ack_us(engine, flow);
}
