/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets from the wired side: what is cached, what is only forwarded. */
#include <snoop/engine.h>

#define JUMP_MIN_BYTES (4U << 20)       /* a jump ahead of less than this is a hole, whatever the window */
#define FOREIGN_BYTES (1U << 30)        /* so far from what the station has acknowledged nothing of a connection lies */
#define PAWS_REGRESSION_TICKS 5000U     /* older than any reordering: another connection (RFC 7323 section 5) */
#define WINDOW_SHIFT_MAX 14             /* RFC 7323 section 2.3 */
#define ONE_WAY_SEGMENTS 64U            /* cached on trust before the first ACK is seen */

static bool answers_are_due(const struct snoop_flow *flow, const struct wire_view *view, uint32_t end)
{
	/* Old data, keep-alives and window probes make the station answer with an ACK that looks like a duplicate. */
	return seq_leq(end, flow->una) && flow->una - end <= FOREIGN_BYTES &&
	       (view->payload_bytes || seq_lt(view->seq, flow->una));
}

static void note_sender_retransmit(struct snoop_engine *engine, struct snoop_flow *flow, bool needless)
{
	flow->sender_retransmits++;
	engine->counters->sender_retransmits++;
	if (!needless)
		return;
	engine->counters->sender_retransmits_needless++;
	flow->sender_needless++;
}

static void start(struct snoop_flow *flow, uint32_t seq, uint64_t now_us)
{
	flow->una = flow->snd_max = flow->high_sack = flow->uncached_end = seq;
	flow->progress_us = now_us;
	loss_shield_start(flow);
	flow->started = true;
}

/*
 * The scale of a connection that was picked up mid-stream: a sender keeps to the window, so that the least scale that
 * all it sent fits into is safe. Retransmits are of what it sent, and so within that window as well.
 */
bool flow_learn_window(struct snoop_flow *flow)
{
	uint8_t shift = flow->window_shift;

	if (flow->window_bytes == UINT32_MAX || !flow->window_raw)
		return false;
	while (flow->window_shift < WINDOW_SHIFT_MAX && flow->snd_max - flow->una > flow->window_bytes)
		flow->window_bytes = (uint32_t)flow->window_raw << ++flow->window_shift;
	return flow->window_shift != shift;
}

void flow_forget_window(struct snoop_flow *flow)
{
	flow->window_shift_known = false;
	flow->window_shift = 0;
	flow->window_bytes = UINT32_MAX;
}

/* Bytes that do not belong to what we know: an old connection, or one that went on without us. */
static bool is_foreign(const struct snoop_flow *flow, const struct wire_view *view, uint32_t end)
{
	uint32_t limit = JUMP_MIN_BYTES;

	if (flow->window_bytes != UINT32_MAX && 2ULL * flow->window_bytes > limit && flow->window_bytes < FOREIGN_BYTES)
		limit = 2 * flow->window_bytes;
	if (seq_gt(view->seq, flow->snd_max) && view->seq - flow->snd_max > limit)
		return true;
	if (seq_lt(end, flow->una) && flow->una - end > FOREIGN_BYTES)
		return true;
	return view->has_timestamp && flow->timestamps && seq_geq(view->seq, flow->snd_max) &&
	       seq_lt(view->tsval + PAWS_REGRESSION_TICKS, flow->ts_last);
}

/* What replaces it ends at `end`, perhaps before it does. */
static void take_out(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index, uint32_t end)
{
	if (seq_gt(segment_at(engine, index)->end, end))
		flow->uncached_end = seq_max(flow->uncached_end, segment_at(engine, index)->end);
	segment_remove(engine, flow, index);
}

enum take_over { UNSEEN, REPLACED, KEPT, FAR };

/*
 * The segment lies below what was forwarded already. Newest bytes win: cached segments that overlap are replaced. One
 * that the station has SACKed stays as it is, as the copy is needless.
 *
 * @return UNSEEN if it fills a hole that we never saw filled: reordered upstream, or lost there. FAR where the place was not
 * found among what the station has SACKed.
 */
static enum take_over take_over(struct snoop_engine *engine, struct snoop_flow *flow, const struct wire_view *view,
				uint32_t end)
{
	uint32_t index = segment_find(engine, flow, view->seq);
	enum take_over result = UNSEEN;
	bool needless = false;

	if (index == SEGMENT_FAR) {
		/* What the station has SACKed will not be retransmitted; what overlaps beside it must not be. */
		for (index = segment_find_open(engine, flow, view->seq);
		     index && seq_lt(segment_at(engine, index)->seq, end);) {
			uint32_t next = segment_at(engine, index)->open_next;

			take_out(engine, flow, index, end);
			index = next;
		}
		return FAR;
	}
	while (index && seq_lt(segment_at(engine, index)->seq, end)) {
		struct snoop_segment *segment = segment_at(engine, index);
		uint32_t next = segment->seq_next;
		bool sacked = segment->flags & SEGMENT_SACKED;

		needless |= sacked || segment->tries;
		if (sacked && segment->seq == view->seq && segment->end == end) {
			result = KEPT;
		} else {
			take_out(engine, flow, index, end);
			if (result == UNSEEN)
				result = REPLACED;
		}
		index = next;
	}
	if (result != UNSEEN)
		note_sender_retransmit(engine, flow, needless);
	return result;
}

/* From now on a D-SACK of these bytes may tell of the sender's copy: it is not ours to judge or to withhold. */
static void forget_retransmits(struct snoop_engine *engine, const struct snoop_flow *flow, uint32_t seq, uint32_t end)
{
	struct snoop_history *history = history_of(engine, flow);

	for (int i = 0; history && i < SNOOP_RECENT_RETRANSMITS; i++)
		if (seq_geq(history->recent_retransmits[i].seq, seq) &&
		    seq_lt(history->recent_retransmits[i].seq, end))
			history->recent_retransmits[i].valid = false;
}

static void note_hole(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t seq)
{
	flow->upstream_holes++;
	engine->counters->upstream_holes++;
	engine->counters->upstream_bytes += seq - flow->snd_max;
}

static inline bool can_insert(const struct snoop_flow *flow, const struct snoop_packet *packet)
{
	return packet->handle || flow->level == SNOOP_LEVEL_OBSERVE;
}

/* There is no room for it. @return its index in another's place, or 0. */
static __attribute__((noinline)) uint32_t insert_into_full(struct snoop_engine *engine, struct snoop_flow *flow,
							   const struct snoop_packet *packet, uint32_t end, uint64_t now_us)
{
	uint32_t oldest = flow->by_seq.head, index = 0;

	/* What the station has SACKed is the least useful thing in the cache. */
	if (oldest && (segment_at(engine, oldest)->flags & SEGMENT_SACKED)) {
		engine->counters->cache_evictions++;
		if (oldest == flow->by_seq.tail)
			flow->uncached_end = seq_max(flow->uncached_end, segment_at(engine, oldest)->end);
		segment_remove(engine, flow, oldest);
		index = segment_insert(engine, flow, packet, packet->view->seq, end, now_us);
	}
	if (!index) {
		flow->cache_refused = true;
		engine->counters->pass_cache_full++;
	}
	return index;
}

/* @return false where it is forwarded without being cached. */
static bool cache(struct snoop_engine *engine, struct snoop_flow *flow, const struct snoop_packet *packet, uint32_t end,
		  bool sent_before, uint64_t now_us)
{
	uint32_t index;

	if (!can_insert(flow, packet)) {
		flow->cache_refused = true;
		engine->counters->pass_not_shareable++;
		return false;
	}
	if (!flow->two_way && flow->cached_count >= ONE_WAY_SEGMENTS)
		return false;
	index = segment_insert(engine, flow, packet, packet->view->seq, end, now_us);
	if (!index)
		index = insert_into_full(engine, flow, packet, end, now_us);
	if (!index)
		return false;
	if (sent_before) {
		segment_by_sender(engine, flow, index);
		if (packet->view->seq == flow->una)
			flow->dup_acks = 0;
	}
	return true;
}

/* It is not silent, nor was it since the flow looked. Mostly that is known without a look at the station itself. */
static inline bool station_answers(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	const struct snoop_station *station;

	if (!engine->silent_stations && engine->returns == flow->returns_seen)
		return true;
	station = station_of(engine, flow);
	return !station || (!station->silent && station->era == flow->station_era);
}

/*
 * In order behind enough that is in flight already: nothing that the deadline depends on is other than when it was set last
 * (flow_rearm(), rtt_rto_us(), delayed_ack_us()).
 */
static inline bool deadline_stands(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	return SNOOP_SHORT_WAY(DEADLINE, flow->two_way && flow->has_rtt && flow->open_count &&
					 flow->open_bytes >= loss_two_full_bytes(flow) && !flow->left_count &&
					 !flow->lost.head && !flow->behind && station_answers(engine, flow));
}

/*
 * Nearly every segment is the next one of a flow that nothing is the matter with. It is treated as take_any() does, of whose
 * questions these are the ones that are left. Not so for a sender without SACK in slow start, whose path is watched
 * (veto_wired_data()), nor so far ahead of the station that is_foreign() would look at it.
 *
 * @return false where those have to be asked: nothing was done.
 */
static inline bool take_next(struct snoop_engine *engine, struct snoop_flow *flow, const struct snoop_packet *packet,
			     uint64_t now_us)
{
	const struct wire_view *view = packet->view;
	uint32_t end = view->seq + view->payload_bytes;
	bool rearm;

	if (!flow->started || !flow->two_way || flow->closed || flow->behind || flow->bad_checksum_wired ||
	    flow->level == SNOOP_LEVEL_BYPASS || !(flow->sack || flow->midstream) ||
	    flow->timestamps != view->has_timestamp || view->seq != flow->snd_max || !view->payload_bytes ||
	    view->payload_bytes > flow->max_payload_bytes || end - flow->una > FOREIGN_BYTES ||
	    (view->tcp_flags & (WIRE_TCP_RST | WIRE_TCP_FIN)) || !packet->checksum_ok || view->options_malformed ||
	    (view->has_timestamp && seq_lt(view->tsval + PAWS_REGRESSION_TICKS, flow->ts_last)) ||
	    !(flow->window_shift_known || end - flow->una <= flow->window_bytes) || !can_insert(flow, packet))
		return false;
	engine->now_us = now_us;
	flow->last_seen_us = now_us;
	rtt_wired_echo(flow, view, now_us);
	flow->data_segments++;
	flow->data_bytes += view->payload_bytes;
	engine->counters->data_segments++;
	loss_shield_earn(flow);
	if (view->has_timestamp)
		flow->ts_last = view->tsval;
	rearm = !deadline_stands(engine, flow);
	if (!flow->open_count)
		flow->progress_us = now_us;
	if (!segment_insert(engine, flow, packet, view->seq, end, now_us) &&
	    !insert_into_full(engine, flow, packet, end, now_us))
		flow->uncached_end = end;
	flow->snd_max = end;
	if (rearm)
		flow_rearm(engine, flow, now_us);
	return true;
}

static __attribute__((noinline)) void take_any(struct snoop_engine *engine, struct snoop_flow *flow,
					       const struct snoop_packet *packet, uint64_t now_us)
{
	const struct wire_view *view = packet->view;
	uint32_t end = view->seq + wire_segment_bytes(view);
	enum take_over taken = UNSEEN;
	bool rearm = true;

	engine->now_us = now_us;
	if (flow->closed)
		return;
	flow->last_seen_us = now_us;
	if (flow->level == SNOOP_LEVEL_BYPASS)
		return;
	flow->bad_checksum_wired = !packet->checksum_ok;
	if (!packet->checksum_ok || view->options_malformed) {
		/* Whatever it was, the station may answer it: until the next progress no ACK is ours to withhold. */
		flow->withhold_over = true;
		if (flow->answers_due < UINT8_MAX)
			flow->answers_due++;
		ack_release_only(engine, flow, now_us);
		if (!flow->started && (view->tcp_flags & (WIRE_TCP_FIN | WIRE_TCP_RST)))
			snoop_flow_end_unseen(flow, view, SNOOP_WIRED);
		if (packet->checksum_ok) {
			engine->counters->pass_bad_options++;
		} else {
			engine->counters->pass_bad_checksum++;
		}
		return;
	}
	if (view->tcp_flags & WIRE_TCP_RST) {
		snoop_flow_reset(engine, flow);
		flow->closed = true;
		engine->counters->flows_reset++;
		return;
	}
	rtt_wired_echo(flow, view, now_us);
	if (flow->started && seq_lt(view->seq, flow->snd_max))
		forget_retransmits(engine, flow, view->seq, end);
	if (flow->started && answers_are_due(flow, view, end)) {
		if (flow->answers_due < UINT8_MAX)
			flow->answers_due++;
		if (view->payload_bytes > 1) {
			engine->counters->pass_old_data++;
			note_sender_retransmit(engine, flow, true);
		}
		return;
	}
	if (end == view->seq)
		return;

	flow->data_segments++;
	flow->data_bytes += view->payload_bytes;
	veto_wired_data(engine, flow, packet->frame_bytes, now_us);
	engine->counters->data_segments++;
	if (!flow->started) {
		start(flow, view->seq, now_us);
	} else if (is_foreign(flow, view, end)) {
		snoop_flow_reset(engine, flow);
		engine->counters->flows_reset++;
		flow_forget_window(flow);
		start(flow, view->seq, now_us);
	}
	if (view->payload_bytes > flow->max_payload_bytes)
		flow->max_payload_bytes = (uint16_t)view->payload_bytes;
	if (view->tcp_flags & WIRE_TCP_FIN) {
		flow->fin_wired = true;
		flow->fin_end = end;
	}

	if (seq_lt(view->seq, flow->snd_max)) {
		veto_sender_retransmit(flow, view->seq, end);
		taken = take_over(engine, flow, view, end);
		if (view->has_timestamp)
			loss_shield(engine, flow, view->tsval, now_us);
		/* The duplicate ACKs of what the sender has taken up are news to it. */
		ack_release_all(engine, flow);
	} else {
		if (view->seq != flow->snd_max)
			note_hole(engine, flow, view->seq);
		rearm = !deadline_stands(engine, flow);
		loss_shield_earn(flow);
		if (view->has_timestamp) {
			flow->ts_last = view->tsval;
			flow->timestamps = true;
		}
	}
	/* The tail timer starts anew when data leaves an idle flow. */
	if (!flow->open_count)
		flow->progress_us = now_us;
	flow->snd_max = seq_max(flow->snd_max, end);
	if (!flow->window_shift_known && flow->snd_max == end)
		rearm |= flow_learn_window(flow);
	if (taken == FAR || (taken != KEPT && !cache(engine, flow, packet, end,
						     taken == REPLACED || seq_lt(view->seq, flow->uncached_end),
						     now_us)))
		flow->uncached_end = seq_max(flow->uncached_end, end);
	if (rearm)
		flow_rearm(engine, flow, now_us);
}

void snoop_flow_data(struct snoop_engine *engine, struct snoop_flow *flow, const struct snoop_packet *packet,
		     uint64_t now_us)
{
	if (!SNOOP_SHORT_WAY(NEXT_DATA, take_next(engine, flow, packet, now_us)))
		take_any(engine, flow, packet, now_us);
}
