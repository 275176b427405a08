/* SPDX-License-Identifier: BSD-3-Clause */
/* ACKs from the wireless side: scoreboard, RTT, loss detection, repair, and the verdict on the ACK. */
#include <snoop/engine.h>

#define DUP_THRESHOLD 3
#define REO_PERSIST 16U         /* RFC 8985 section 6.2.1 */
#define RTO_WIDEN_DECAY 8U      /* of what spurious time-outs added, a time-out that was none takes this part back */
#define DOUBT_MIN_US 1000U
#define RESYNC_BYTES (16U << 20) /* an ACK so far below what is known is right, and what is known is wrong */

/* What one ACK newly delivered. */
struct delivery {
	uint32_t room; /* segments that may still be taken */
	uint32_t segments;
	bool has_sample;
	bool once; /* something that was sent once */
	uint64_t once_sent_us; /* the most recently sent of those */
	uint32_t once_end;
	uint64_t newest_sent_us; /* most recently sent of all: RACK */
	uint32_t newest_end;
	bool newest_retransmitted;
	bool newest_guessed; /* retransmitted because of a time-out */
	bool any;
	const struct wire_sack *dsack; /* what this ACK reports as a duplicate, or NULL */
};

/* Retransmitted without proof of a loss. */
static bool is_guess(const struct snoop_segment *segment)
{
	return segment->cause == SNOOP_CAUSE_TIMEOUT || segment->cause == SNOOP_CAUSE_PROBE;
}

/* The answer to a retransmit of ours: was it needed? Not so for a shield: nobody knows. */
static void confirm(struct snoop_engine *engine, struct snoop_flow *flow, struct snoop_segment *segment,
		    const struct delivery *delivery, uint64_t now_us)
{
	struct snoop_history *history = history_of(engine, flow);

	if (!(segment->flags & SEGMENT_COUNTED) && is_guess(segment) &&
	    now_us - segment->sent_us >= rtt_min_us(engine, flow) &&
	    !(delivery->dsack && seq_geq(segment->seq, delivery->dsack->start) &&
	      seq_lt(segment->seq, delivery->dsack->end))) {
		loss_count(engine, flow, segment);
		flow->rto_widen_us -= flow->rto_widen_us / RTO_WIDEN_DECAY;
	}
	if (!(segment->flags & SEGMENT_COUNTED))
		return;
	if (!flow->repairs_confirmed++)
		engine->counters->flows_helped++;
	engine->counters->repairs_confirmed++;
	station_totals(engine, flow)->repairs_confirmed++;
	histogram_add(&engine->histograms.repair_time, (uint32_t)now_us - segment->lost_us);
	if (history && history->reo_persist && now_us - history->reo_round_us >= flow->srtt_us) {
		history->reo_round_us = now_us;
		if (!--history->reo_persist)
			flow->reo_steps = 0;
	}
}

static bool take_one(struct snoop_engine *engine, struct delivery *delivery)
{
	if (!delivery->room)
		return false;
	delivery->room--;
	segment_charge(&engine->portion_left);
	return true;
}

static void deliver(struct snoop_engine *engine, struct snoop_flow *flow, struct snoop_segment *segment,
		    struct delivery *delivery, uint64_t now_us)
{
	bool once = !(segment->flags & (SEGMENT_RETRANSMITTED | SEGMENT_SENDER));

	/* Sooner than the path allows: the original arrived, and the retransmit will bring a duplicate ACK. */
	if (segment->flags & SEGMENT_RETRANSMITTED && now_us - segment->sent_us < rtt_min_us(engine, flow))
		count_dup_ack(&flow->stray_dup_acks);

	delivery->segments++;
	if ((segment->flags & (SEGMENT_RETRANSMITTED | SEGMENT_SENDER)) == SEGMENT_RETRANSMITTED)
		confirm(engine, flow, segment, delivery, now_us);
	if (!delivery->any || segment->sent_us > delivery->newest_sent_us ||
	    (segment->sent_us == delivery->newest_sent_us && seq_gt(segment->end, delivery->newest_end))) {
		delivery->any = true;
		delivery->newest_sent_us = segment->sent_us;
		delivery->newest_end = segment->end;
		delivery->newest_retransmitted = !once;
		delivery->newest_guessed = !once && is_guess(segment);
	}
	if (once && (!delivery->once || segment->sent_us > delivery->once_sent_us)) {
		delivery->once = delivery->has_sample = true;
		delivery->once_sent_us = segment->sent_us;
		delivery->once_end = segment->end;
	}
	/*
	 * Sent once, below what was SACKed earlier, and yet delivered: the radio reorders (RFC 8985 section 6.2). Not so
	 * where it was sent later: it filled a hole that had happened upstream.
	 */
	if (once && seq_lt(segment->end, flow->high_sack) && !(segment->flags & SEGMENT_SACKED) &&
	    segment->sent_us <= flow->rack_sent_us)
		flow->reordering = true;
}

/* Everything below una leaves the scoreboard, or as much as this packet may take. */
static void take_cumulative(struct snoop_engine *engine, struct snoop_flow *flow, struct delivery *delivery,
			    uint64_t now_us)
{
	while (flow->by_seq.head) {
		uint32_t index = flow->by_seq.head;
		struct snoop_segment *segment = segment_at(engine, index);

		if (seq_gt(segment->end, flow->una))
			break;
		if (!take_one(engine, delivery)) {
			flow->behind = true;
			return;
		}
		if (!(segment->flags & SEGMENT_SACKED))
			deliver(engine, flow, segment, delivery, now_us);
		segment_remove(engine, flow, index);
	}
	flow->behind = false;
	flow->high_sack = seq_max(flow->high_sack, flow->una);
}

/* @return false if this packet may not take all that the block covers: the next ACK repeats it. */
static bool take_sack(struct snoop_engine *engine, struct snoop_flow *flow, const struct wire_sack *block,
		      struct delivery *delivery, uint64_t now_us)
{
	uint32_t index = segment_find_open(engine, flow, block->start);

	/* A segment is SACKed only if the block covers it whole. */
	if (index && seq_lt(segment_at(engine, index)->seq, block->start))
		index = segment_at(engine, index)->open_next;
	while (index) {
		struct snoop_segment *segment = segment_at(engine, index);
		uint32_t next = segment->open_next;

		if (seq_gt(segment->end, block->end))
			break;
		if (!take_one(engine, delivery))
			return false;
		deliver(engine, flow, segment, delivery, now_us);
		segment_sacked(engine, flow, index);
		index = next;
	}
	if (index)
		flow->sack_hint = index;
	return true;
}

/* @return false if not all of it could be taken. */
static bool take_sack_blocks(struct snoop_engine *engine, struct snoop_flow *flow, const struct wire_view *view,
			     uint8_t first, struct delivery *delivery, uint64_t now_us)
{
	uint32_t high_sack = flow->high_sack;

	for (uint8_t i = first; i < view->sack_count; i++) {
		const struct wire_sack *block = &view->sack[i];

		if (seq_leq(block->end, flow->una) || seq_gt(block->end, flow->snd_max))
			continue;
		if (!take_sack(engine, flow, block, delivery, now_us))
			return false;
		high_sack = seq_max(high_sack, block->end);
	}
	/* Only now: the blocks of one ACK come newest first, which is no reordering. */
	flow->high_sack = high_sack;
	return true;
}

/* RFC 2883: the first block retransmits data below the cumulative ACK, or inside of the second block. */
static bool is_dsack(const struct wire_view *view)
{
	if (!view->sack_count)
		return false;
	if (seq_leq(view->sack[0].end, view->ack))
		return true;
	return view->sack_count > 1 && seq_geq(view->sack[0].start, view->sack[1].start) &&
	       seq_leq(view->sack[0].end, view->sack[1].end);
}

static void widen_reordering(struct snoop_engine *engine, struct snoop_flow *flow, struct snoop_history *history)
{
	bool same_round = history->reo_persist == REO_PERSIST &&
			  engine->now_us - history->reo_round_us < rtt_smoothed_us(engine, flow);

	flow->reordering = true;
	if (!same_round && flow->reo_steps < UINT8_MAX)
		flow->reo_steps++;
	history->reo_persist = REO_PERSIST;
	history->reo_round_us = engine->now_us;
}

/* @return true if the duplicate is a retransmit of ours. */
static bool take_dsack(struct snoop_engine *engine, struct snoop_flow *flow, const struct wire_sack *block)
{
	struct snoop_history *history = history_of(engine, flow);
	bool ours = false;

	for (int i = 0; history && i < SNOOP_RECENT_RETRANSMITS; i++) {
		if (!history->recent_retransmits[i].valid ||
		    seq_lt(history->recent_retransmits[i].seq, block->start) ||
		    seq_geq(history->recent_retransmits[i].seq, block->end))
			continue;
		history->recent_retransmits[i].valid = false;
		ours = true;
		flow->spurious++;
		engine->counters->spurious_repairs++;
		if (history->recent_retransmits[i].cause == SNOOP_CAUSE_TIMEOUT) {
			/* The station answers later than we thought. */
			flow->rto_widen_us =
				(uint32_t)min_u64(flow->rto_widen_us + max_u64(flow->srtt_us, engine->config.delayed_ack_us / 4),
						  2ULL * engine->config.delayed_ack_us);
		} else if (history->recent_retransmits[i].cause == SNOOP_CAUSE_SCOREBOARD) {
			widen_reordering(engine, flow, history);
		}
	}
	return ours;
}

static inline void update_rack(struct snoop_engine *engine, struct snoop_flow *flow, const struct delivery *delivery,
			uint64_t now_us)
{
	struct snoop_history *history = history_of(engine, flow);
	uint64_t sent_us = delivery->newest_sent_us, rtt_us = now_us - sent_us;
	uint32_t end = delivery->newest_end;

	if (!delivery->any)
		return;
	if (delivery->once && flow->doubted)
		flow->doubted = false;
	if (delivery->newest_guessed && delivery->once) {
		/* What was sent before the time-out and not retransmitted arrives too: the radio stalled and lost nothing. */
		sent_us = delivery->once_sent_us;
		end = delivery->once_end;
		rtt_us = now_us - sent_us;
	} else if (delivery->newest_retransmitted && rtt_us < rtt_min_us(engine, flow)) {
		/* An ACK faster than the path allows is one of the original, not of the retransmit (RFC 8985 step 2). */
		return;
	} else if (delivery->newest_guessed && history) {
		flow->doubted = true;
		history->doubt_until_us = now_us + max_u64(rtt_min_us(engine, flow) / 4, DOUBT_MIN_US);
		history->doubt_sent_us = sent_us;
		history->doubt_end = end;
		return;
	}
	if (sent_us < flow->rack_sent_us || (sent_us == flow->rack_sent_us && seq_lt(end, flow->rack_end)))
		return;
	flow->rack_sent_us = sent_us;
	flow->rack_end = end;
	flow->rack_rtt_us = (uint32_t)min_u64(rtt_us, UINT32_MAX);
}

static void take_window(struct snoop_flow *flow, const struct wire_view *view)
{
	flow->window_bytes = (uint32_t)view->window << flow->window_shift;
}

/* What the station sends in order moves on; its keep-alives and window probes lie before it. */
static void take_sequence(struct snoop_flow *flow, const struct wire_view *view)
{
	uint32_t end = view->seq + wire_segment_bytes(view);

	if (!flow->acked || seq_gt(end, flow->station_next))
		flow->station_next = end;
}

/* Without SACK: RFC 5681 duplicate ACKs, RFC 6582 partial ACKs. */
static void detect_without_sack(struct snoop_engine *engine, struct snoop_flow *flow, bool advanced, uint64_t now_us)
{
	uint32_t index = flow->open.head;
	struct snoop_segment *segment;
	uint32_t threshold = DUP_THRESHOLD;
	bool sent_again;

	if (!index)
		return;
	segment = segment_at(engine, index);
	if (segment->seq != flow->una || (segment->flags & (SEGMENT_LOST | SEGMENT_LEFT)))
		return;
	if (advanced) {
		if (seq_geq(flow->una, flow->recovery_point) ||
		    (uint32_t)now_us - flow->retransmit_us < rtt_min_us(engine, flow))
			flow->recovery = false; /* over, or not the answer to a retransmit: the originals arrive */
		if (flow->recovery && !segment->tries)
			loss_mark(engine, flow, index, SNOOP_CAUSE_DUPACK, now_us);
		return;
	}
	/* Early retransmit, RFC 5827: a small flight cannot give three duplicates. */
	if (flow->open_count <= DUP_THRESHOLD)
		threshold = flow->open_count > 2 ? flow->open_count - 1 : 1;
	sent_again = segment->tries || (segment->flags & SEGMENT_SENDER);
	if (sent_again ? flow->dup_acks && now_us - segment->sent_us > flow->srtt_us + max_u64(4ULL * flow->rttvar_us,
											       flow->srtt_us / 4)
		       : flow->dup_acks >= threshold) {
		/* A retransmit that duplicates outlive was lost too: they are answers to what was sent behind it. */
		loss_mark(engine, flow, index, SNOOP_CAUSE_DUPACK, now_us);
		flow->recovery = true;
		flow->recovery_point = flow->snd_max;
	}
}

/* It is above una. */
static inline void take_ack(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t ack)
{
	flow->acked_bytes += ack - flow->una;
	station_note(engine, flow, ack - flow->una, 0);
	flow->una = ack;
	flow->uncached_end = seq_max(flow->uncached_end, ack);
	if (seq_geq(ack, flow->recovery_point))
		flow->stray_dup_acks = 0; /* those that did not come were lost */
	flow->dup_acks = 0;
	if (flow->withhold_over)
		flow->withhold_over = false;
	flow->answers_due = 0;
}

static void advance(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t ack, struct delivery *delivery,
		    uint64_t now_us)
{
	if (seq_gt(ack, flow->snd_max))
		flow->snd_max = ack; /* data that went another way, or before our time */
	take_ack(engine, flow, ack);
	take_cumulative(engine, flow, delivery, now_us);
	/* The hole is filled: what was withheld for it says nothing any more. */
	ack_free_all(engine, flow);
}

static void resync(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t ack, uint64_t now_us)
{
	snoop_flow_reset(engine, flow);
	engine->counters->flows_reset++;
	flow_forget_window(flow);
	flow->una = flow->snd_max = flow->high_sack = flow->uncached_end = ack;
	flow->progress_us = now_us;
	flow->started = true;
}

/*
 * Packet conservation: what has left the radio makes room for retransmits, and little more. Each segment does so once, or a
 * station could have them all retransmitted by duplicates that answer nothing: what these claimed is not counted again when it
 * is acknowledged, but for the hole.
 */
static void earn(const struct snoop_engine *engine, struct snoop_flow *flow, uint32_t delivered)
{
	uint16_t claimed = delivered ? (uint16_t)min_u64(flow->claimed, delivered - 1) : 0;

	if (flow->credit > engine->config.allowance_segments)
		flow->credit = engine->config.allowance_segments;
	flow->claimed = (uint16_t)(flow->claimed - claimed);
	flow->credit += delivered - claimed;
}

/* A duplicate without SACK says that one of the segments behind the hole has arrived. */
static void earn_duplicate(struct snoop_flow *flow)
{
	if (flow->claimed + 1U >= flow->open_count || flow->claimed == UINT16_MAX)
		return;
	flow->claimed++;
	flow->credit++;
}

/* What follows from it for the flow as a whole. */
static inline void take_delivery(struct snoop_engine *engine, struct snoop_flow *flow, const struct delivery *delivery,
			  uint64_t now_us)
{
	if (delivery->segments) {
		station_note(engine, flow, 0, delivery->segments);
		flow->progress_us = now_us;
		flow->backoff = 0;
		veto_delivered(engine, flow, delivery->segments, now_us);
	}
	if (delivery->has_sample)
		rtt_sample(engine, flow, (uint32_t)min_u64(now_us - delivery->once_sent_us, UINT32_MAX - 1),
			   delivery->segments == 1 && !flow->open_count, now_us);
	update_rack(engine, flow, delivery, now_us);
	veto_progress(flow, now_us);
	earn(engine, flow, delivery->segments);
	/* Behind a time-out nothing is in flight that could clock the retransmits out: as in slow start (RFC 6937 PRR-SSRB). */
	if (flow->sack && flow->recovery && delivery->segments) {
		flow->recovery = seq_lt(flow->una, flow->recovery_point);
		flow->credit += flow->recovery;
	}
}

bool ack_catch_up(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	struct delivery delivery = { .room = segment_portion(engine) };

	take_cumulative(engine, flow, &delivery, now_us);
	delivery.has_sample = false; /* nobody answers just now */
	take_delivery(engine, flow, &delivery, now_us);
	return !flow->behind;
}

static inline bool flow_is_untroubled(const struct snoop_flow *flow)
{
	return flow->started && flow->acked && flow->two_way && flow->has_rtt && !flow->closed && !flow->silent &&
	       !flow->behind && !flow->recovery && !flow->doubted && !flow->vetoing && !flow->withhold_over &&
	       !flow->bad_checksum_station && flow->level != SNOOP_LEVEL_BYPASS && !flow->left_count &&
	       !flow->lost.head && !flow->withheld.head && flow->reo_deadline_us == SNOOP_NEVER &&
	       !seq_gt(flow->high_sack, flow->una);
}

/*
 * Nearly every ACK is the next one of a flow that nothing is the matter with: it covers a few segments, all sent once, and nothing
 * is SACKed, lost or in doubt. It is treated as take_any_ack() does, of whose questions these are the ones that are left. RACK
 * has nothing to judge: what is in flight still was sent after what is delivered now.
 *
 * @return false where the others have to be asked: nothing was done.
 */
static inline bool take_next_ack(struct snoop_engine *engine, struct snoop_flow *flow, const struct snoop_packet *packet,
				 uint64_t now_us)
{
	const struct wire_view *view = packet->view;
	struct snoop_station *station = station_of(engine, flow);
	uint32_t ack = view->ack, news = ack - flow->una;
	struct segment_run run;

	if (!flow_is_untroubled(flow) || (view->has_timestamp && !flow->echoed) || !packet->checksum_ok ||
	    view->options_malformed || view->sack_count ||
	    (view->tcp_flags & (WIRE_TCP_RST | WIRE_TCP_FIN | WIRE_TCP_ACK)) != WIRE_TCP_ACK || !news ||
	    news > flow->snd_max - flow->una || !station || station->silent || station->era != flow->station_era)
		return false;
	engine->now_us = now_us;
	if (!segment_take_run(engine, flow, ack, &run))
		return false;
	flow->last_seen_us = now_us;
	flow->returns_seen = engine->returns;
	engine->counters->acks_seen++;
	station_heard(engine, station, now_us);
	if (view->has_timestamp)
		flow->ts_echo = view->tsecr;
	take_ack(engine, flow, ack);
	flow->high_sack = ack;
	take_delivery(engine, flow, &(struct delivery){
		.segments = run.count, .any = true, .once = true, .has_sample = true,
		.once_sent_us = run.sent_us, .once_end = run.end, .newest_sent_us = run.sent_us, .newest_end = run.end,
	}, now_us);
	take_window(flow, view);
	rtt_wired_arm(flow, view, now_us);
	take_sequence(flow, view);
	flow->window_raw = view->window;
	flow->ecn_last = ack_ecn_bits(view);
	flow_rearm_flowing(engine, flow, run.end == ack, now_us);
	return true;
}

static __attribute__((noinline)) enum snoop_verdict take_any_ack(struct snoop_engine *engine, struct snoop_flow *flow,
								 const struct snoop_packet *packet, uint64_t now_us)
{
	const struct wire_view *view = packet->view;
	struct snoop_station *station = station_of(engine, flow);
	struct delivery delivery = { 0 };
	bool advanced = false, duplicate, dsack, dsack_is_ours = false, complete, withhold = false;

	engine->now_us = now_us;
	if (flow->closed)
		return SNOOP_FORWARD;
	flow->last_seen_us = now_us;
	if (flow->level == SNOOP_LEVEL_BYPASS)
		return SNOOP_FORWARD;
	flow->bad_checksum_station = !packet->checksum_ok;
	if (!packet->checksum_ok) {
		engine->counters->pass_bad_checksum++;
		ack_release_only(engine, flow, now_us);
		return SNOOP_FORWARD;
	}
	if (view->options_malformed) {
		/* The sender may take its window and ECN bits: until the next progress nothing is known to be the same. */
		flow->withhold_over = true;
		engine->counters->pass_bad_options++;
		ack_release_only(engine, flow, now_us);
		return SNOOP_FORWARD;
	}
	if (view->tcp_flags & WIRE_TCP_RST) {
		snoop_flow_reset(engine, flow);
		flow->closed = true;
		engine->counters->flows_reset++;
		return SNOOP_FORWARD;
	}
	if (!(view->tcp_flags & WIRE_TCP_ACK)) {
		ack_release_only(engine, flow, now_us);
		return SNOOP_FORWARD;
	}
	engine->counters->acks_seen++;
	if (view->tcp_flags & WIRE_TCP_FIN)
		flow->fin_station = true;
	if (station) {
		station_heard(engine, station, now_us);
		flow->silent = false;
		if (flow->station_era != station->era) {
			flow->station_era = station->era;
			loss_revive(engine, flow, now_us);
			flow_rearm(engine, flow, now_us); /* this ACK may tell no more */
		}
		flow->returns_seen = engine->returns;
	}

	if (!flow->started) {
		take_window(flow, view);
		flow->window_raw = view->window;
		flow->two_way = true;
		return SNOOP_FORWARD;
	}
	/* Far outside of what is known: another connection, or a sequence jump that we did not see. */
	if (view->ack - flow->una > 1U << 30 && flow->una - view->ack > RESYNC_BYTES)
		resync(engine, flow, view->ack, now_us);
	if (seq_lt(view->ack, flow->una) && flow->acked) {
		engine->counters->acks_old++;
		ack_release_only(engine, flow, now_us);
		return SNOOP_FORWARD;
	}
	if (!flow->acked && seq_lt(view->ack, flow->una))
		flow->una = flow->high_sack = view->ack; /* picked up mid-stream: older data is on its way */
	duplicate = flow->acked && view->ack == flow->una && !view->payload_bytes &&
		    view->window == flow->window_raw && seq_lt(flow->una, flow->snd_max);
	flow->two_way = true;

	if (view->has_timestamp) {
		flow->ts_echo = view->tsecr;
		flow->echoed = true;
	}
	dsack = is_dsack(view);
	if (dsack)
		dsack_is_ours = take_dsack(engine, flow, &view->sack[0]);
	if (view->sack_count)
		flow->sack = true;
	delivery.room = segment_portion(engine);
	delivery.dsack = dsack ? &view->sack[0] : NULL;
	if (seq_gt(view->ack, flow->una)) {
		advanced = true;
		advance(engine, flow, view->ack, &delivery, now_us);
	} else if (flow->behind) {
		take_cumulative(engine, flow, &delivery, now_us);
	}
	complete = !flow->behind && take_sack_blocks(engine, flow, view, dsack, &delivery, now_us);
	/* Karn; and what a retransmit just uncovered has waited for it, as what is still to be taken: no sample of the path. */
	delivery.has_sample &= complete && !delivery.newest_retransmitted;
	take_delivery(engine, flow, &delivery, now_us);
	if (duplicate) {
		engine->counters->acks_duplicate++;
		/* Not the station's keep-alives and probes, which lie below what it has sent. */
		if (!view->sack_count && !flow->answers_due && view->seq == flow->station_next) {
			if (flow->stray_dup_acks)
				flow->stray_dup_acks--;
			else
				count_dup_ack(&flow->dup_acks);
			earn_duplicate(flow);
			flow->progress_us = now_us; /* something was delivered, if nobody knows what */
		}
	}

	take_window(flow, view); /* before anything is retransmitted; the raw window is compared first */
	if (!flow->acked && !flow->window_shift_known) {
		flow->window_raw = view->window;
		flow_learn_window(flow);
	}
	if (complete) {
		loss_detect(engine, flow, now_us);
		if (!flow->sack && (advanced || duplicate))
			detect_without_sack(engine, flow, advanced, now_us);
		loss_repair(engine, flow, now_us);
	}

	/*
	 * A duplicate that is none of ours is news of the sender's own retransmits. One that says nothing new at all answers
	 * something that did not pass here: a challenge ACK (RFC 5961).
	 */
	if (duplicate && complete && (!dsack || dsack_is_ours) && (!flow->sack || delivery.segments || dsack_is_ours))
		withhold = ack_may_withhold(engine, flow, view, dsack_is_ours, now_us);
	if (duplicate && flow->answers_due && !dsack_is_ours)
		flow->answers_due--;
	if (withhold)
		withhold = segment_withhold(engine, flow, packet, now_us + ack_withhold_us(engine, flow));
	if (withhold) {
		flow->acks_withheld++;
		engine->counters->acks_withheld++;
	} else {
		ack_release_all(engine, flow);
		rtt_wired_arm(flow, view, now_us);
	}
	take_sequence(flow, view);
	flow->window_raw = view->window;
	flow->ecn_last = ack_ecn_bits(view);
	flow->acked = true;
	flow_rearm(engine, flow, now_us);
	return withhold ? SNOOP_WITHHOLD : SNOOP_FORWARD;
}

enum snoop_verdict snoop_flow_ack(struct snoop_engine *engine, struct snoop_flow *flow,
				  const struct snoop_packet *packet, uint64_t now_us)
{
	if (SNOOP_SHORT_WAY(NEXT_ACK, take_next_ack(engine, flow, packet, now_us)))
		return SNOOP_FORWARD;
	return take_any_ack(engine, flow, packet, now_us);
}
