/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SYN memory: handshakes under way, least recently used first out. It serves two ends: a SYN or SYN-ACK that was
 * lost on the radio is retransmitted after the station's RTT instead of the sender's second (RFC 6298 section 2.1), and
 * what the handshake negotiated (window scale, SACK) is known when the flow begins. A bare SYN makes no flow.
 */
#include <string.h>

#include <snoop/engine.h>

#define SYN_RTO_FLOOR_US 10000U /* a station takes a moment to accept a connection */
#define SYN_LIFE_US (600 * USEC_PER_SEC) /* a connection may be idle, or upload, before its first data */
#define SYN_DUE_PER_CALL 64     /* retransmits of one call, so that a turn is bounded */

static uint32_t *handshake_bucket(struct snoop_engine *engine, const struct snoop_key *key)
{
	return &engine->handshake_buckets[hash_bytes(key, sizeof(*key), engine->secret) % engine->handshake_count];
}

void syn_init(struct snoop_engine *engine)
{
	engine->handshake_free = engine->handshake_oldest = engine->handshake_newest = 0;
	for (uint32_t i = engine->handshake_count; i > 0; i--) {
		engine->handshakes[i].next = engine->handshake_free;
		engine->handshake_free = i;
	}
	engine->due_count = 0;
}

static void due_place(struct snoop_engine *engine, uint32_t at, uint32_t index)
{
	engine->handshakes[at].due = index;
	engine->handshakes[index].due_at = at;
}

/* Put a handshake where it belongs, above or below the free place at. */
static void due_settle(struct snoop_engine *engine, uint32_t at, uint32_t index)
{
	struct snoop_handshake *all = engine->handshakes;
	uint64_t retransmit_us = all[index].retransmit_us;

	for (; at > 1 && all[all[at / 2].due].retransmit_us > retransmit_us; at /= 2)
		due_place(engine, at, all[at / 2].due);
	for (;;) {
		uint32_t child = 2 * at;

		if (child < engine->due_count && all[all[child + 1].due].retransmit_us < all[all[child].due].retransmit_us)
			child++;
		if (child > engine->due_count || all[all[child].due].retransmit_us >= retransmit_us)
			break;
		due_place(engine, at, all[child].due);
		at = child;
	}
	due_place(engine, at, index);
}

/* Its packet is to be retransmitted at another time, or for the first time. */
static void due_set(struct snoop_engine *engine, struct snoop_handshake *handshake, uint64_t retransmit_us)
{
	uint32_t at = handshake->due_at ? handshake->due_at : ++engine->due_count;

	handshake->retransmit_us = retransmit_us;
	due_settle(engine, at, (uint32_t)(handshake - engine->handshakes));
}

static void due_remove(struct snoop_engine *engine, struct snoop_handshake *handshake)
{
	uint32_t at = handshake->due_at, last = engine->handshakes[engine->due_count].due;

	handshake->due_at = 0;
	engine->due_count--;
	if (at <= engine->due_count)
		due_settle(engine, at, last);
}

static void lru_unlink(struct snoop_engine *engine, uint32_t index)
{
	struct snoop_handshake *handshake = &engine->handshakes[index];

	if (handshake->older)
		engine->handshakes[handshake->older].newer = handshake->newer;
	else
		engine->handshake_oldest = handshake->newer;
	if (handshake->newer)
		engine->handshakes[handshake->newer].older = handshake->older;
	else
		engine->handshake_newest = handshake->older;
}

static void lru_append(struct snoop_engine *engine, uint32_t index)
{
	struct snoop_handshake *handshake = &engine->handshakes[index];

	handshake->older = engine->handshake_newest;
	handshake->newer = 0;
	if (handshake->older)
		engine->handshakes[handshake->older].newer = index;
	else
		engine->handshake_oldest = index;
	engine->handshake_newest = index;
}

static void drop_packet(struct snoop_engine *engine, struct snoop_handshake *handshake)
{
	if (!handshake->packet)
		return;
	engine->ops->unref(engine->owner, handshake->packet);
	handshake->packet = NULL;
	due_remove(engine, handshake);
}

static void forget(struct snoop_engine *engine, uint32_t index)
{
	struct snoop_handshake *handshake = &engine->handshakes[index];
	uint32_t *at = handshake_bucket(engine, &handshake->key);

	drop_packet(engine, handshake);
	while (*at != index)
		at = &engine->handshakes[*at].next;
	*at = handshake->next;
	lru_unlink(engine, index);
	handshake->next = engine->handshake_free;
	engine->handshake_free = index;
}

static uint32_t find(struct snoop_engine *engine, const struct snoop_key *key)
{
	uint32_t index;

	if (!engine->handshake_count)
		return 0;
	for (index = *handshake_bucket(engine, key); index; index = engine->handshakes[index].next)
		if (!memcmp(&engine->handshakes[index].key, key, sizeof(*key)))
			break;
	return index;
}

static uint32_t find_or_make(struct snoop_engine *engine, const struct snoop_key *key)
{
	uint32_t index = find(engine, key), *bucket;

	if (index)
		return index;
	if (!engine->handshake_free) {
		forget(engine, engine->handshake_oldest);
		engine->counters->syn_evicted++;
	}
	index = engine->handshake_free;
	bucket = handshake_bucket(engine, key);
	engine->handshake_free = engine->handshakes[index].next;
	/* Only the heap's entry at this place is not the old handshake's own. */
	engine->handshakes[index] =
		(struct snoop_handshake){ .key = *key, .next = *bucket, .due = engine->handshakes[index].due };
	*bucket = index;
	lru_append(engine, index);
	return index;
}

static bool is_flood(struct snoop_engine *engine, uint64_t now_us)
{
	if (now_us - engine->syn_second_us >= USEC_PER_SEC) {
		engine->syn_second_us = now_us;
		engine->syn_in_second = 0;
	}
	return ++engine->syn_in_second > engine->config.syn_rate_max;
}

/* 0 while the station's RTT is unknown: then nobody can say that the SYN was lost. */
static uint64_t syn_rto_us(struct snoop_engine *engine, const struct snoop_key *key)
{
	uint32_t index = station_find(engine, key);
	const struct snoop_station *station = &engine->stations[index];

	if (!index || !station->srtt_us || station->silent)
		return 0;
	return max_u64(SYN_RTO_FLOOR_US, 2ULL * station->srtt_us + 4ULL * station->rttvar_us);
}

static void remember(struct snoop_engine *engine, struct snoop_handshake *handshake,
		     const struct snoop_packet *packet, uint64_t now_us)
{
	uint64_t rto_us = syn_rto_us(engine, &handshake->key);

	drop_packet(engine, handshake);
	handshake->to_station_us = now_us;
	handshake->tries = 0;
	handshake->answered = false;
	if (!rto_us || !packet->handle || !packet->checksum_ok)
		return;
	engine->ops->ref(engine->owner, packet->handle);
	handshake->packet = packet->handle;
	handshake->frame_bytes = packet->frame_bytes;
	due_set(engine, handshake, now_us + rto_us);
	engine->counters->syn_remembered++;
}

void snoop_syn(struct snoop_engine *engine, const struct snoop_key *key, const struct snoop_packet *packet,
	       enum snoop_side from, uint64_t now_us)
{
	const struct wire_view *view = packet->view;
	struct snoop_handshake *handshake;

	if (!engine->handshake_count)
		return;
	if (!packet->checksum_ok || view->options_malformed || is_flood(engine, now_us)) {
		/* Not remembered; but what is remembered of its key may be of an older connection now. */
		snoop_syn_forget(engine, key);
		return;
	}
	handshake = &engine->handshakes[find_or_make(engine, key)];
	if (from == SNOOP_WIRED ? handshake->to_station_us : handshake->to_wired_us) {
		handshake->again[from] = handshake->seq[from] == view->seq;
		if (!handshake->again[from] && !(view->tcp_flags & WIRE_TCP_ACK)) {
			/* Another connection: what was learnt is of the one before. */
			snoop_syn_forget(engine, key);
			handshake = &engine->handshakes[find_or_make(engine, key)];
		}
	}
	handshake->seq[from] = view->seq;
	handshake->shift[from] = view->window_scale > 14 ? 14 : view->window_scale;
	handshake->scales[from] = view->has_window_scale;
	handshake->sack[from] = view->sack_permitted;
	if (from == SNOOP_WIRED) {
		if (handshake->to_wired_us && (view->tcp_flags & WIRE_TCP_ACK) && !handshake->again[SNOOP_WIRELESS])
			handshake->wired_rtt_us = (uint32_t)min_u64(now_us - handshake->to_wired_us, UINT32_MAX - 1);
		remember(engine, handshake, packet, now_us);
		return;
	}
	/* The station's SYN-ACK answers our side's SYN; with a retransmit in between it is no RTT sample (Karn). */
	if (handshake->to_station_us && !handshake->answered && (view->tcp_flags & WIRE_TCP_ACK) &&
	    !handshake->tries && !handshake->again[SNOOP_WIRED])
		handshake->wireless_rtt_us = (uint32_t)min_u64(now_us - handshake->to_station_us, UINT32_MAX - 1);
	handshake->answered = handshake->to_station_us && (view->tcp_flags & WIRE_TCP_ACK);
	drop_packet(engine, handshake);
	handshake->to_wired_us = now_us;
	handshake->window_bytes = view->window; /* never scaled in a SYN (RFC 7323 section 2.2) */
}

void snoop_syn_forget(struct snoop_engine *engine, const struct snoop_key *key)
{
	uint32_t index = engine->handshake_count ? find(engine, key) : 0;

	if (index)
		forget(engine, index);
}

void snoop_syn_forget_all(struct snoop_engine *engine)
{
	while (engine->handshake_oldest)
		forget(engine, engine->handshake_oldest);
}

/* RFC 7323 section 2.2: windows are scaled only if both sides offered it. */
static uint8_t window_shift(const struct snoop_handshake *handshake)
{
	return handshake->scales[SNOOP_WIRED] && handshake->scales[SNOOP_WIRELESS] ? handshake->shift[SNOOP_WIRELESS] : 0;
}

void snoop_syn_drop_all(struct snoop_engine *engine)
{
	while (engine->due_count)
		drop_packet(engine, &engine->handshakes[engine->handshakes[1].due]);
}

void snoop_handshake_done(struct snoop_engine *engine, const struct snoop_key *key, const struct wire_view *view,
			  enum snoop_side from, uint64_t now_us)
{
	uint32_t index = find(engine, key);
	struct snoop_handshake *handshake = &engine->handshakes[index];
	struct snoop_station *station;

	if (!index)
		return;
	if (view->tcp_flags & WIRE_TCP_RST) {
		forget(engine, index);
		return;
	}
	if (from == SNOOP_WIRED) {
		/* The wired client's ACK of the station's SYN-ACK. */
		if (handshake->to_wired_us && !handshake->wired_rtt_us && !handshake->again[SNOOP_WIRELESS])
			handshake->wired_rtt_us = (uint32_t)min_u64(now_us - handshake->to_wired_us, UINT32_MAX - 1);
		return;
	}
	/* The station's ACK of a SYN-ACK that crossed to it. */
	if (handshake->to_station_us && !handshake->answered && !handshake->tries && !handshake->again[SNOOP_WIRED] &&
	    view->ack == handshake->seq[SNOOP_WIRED] + 1)
		handshake->wireless_rtt_us = (uint32_t)min_u64(now_us - handshake->to_station_us, UINT32_MAX - 1);
	handshake->answered = true;
	handshake->window_bytes = (uint32_t)view->window << window_shift(handshake);
	drop_packet(engine, handshake);
	station = &engine->stations[station_find(engine, key)];
	if (station->used)
		station_heard(engine, station, now_us);
}

bool syn_adopt(struct snoop_engine *engine, const struct snoop_key *key, struct snoop_flow *flow, uint64_t now_us)
{
	uint32_t index = find(engine, key);
	struct snoop_handshake *handshake = &engine->handshakes[index];
	struct snoop_station *station = station_of(engine, flow);

	if (!index || now_us - max_u64(handshake->to_station_us, handshake->to_wired_us) > SYN_LIFE_US)
		return false;
	flow->window_shift_known = handshake->to_station_us && handshake->to_wired_us;
	flow->window_shift = window_shift(handshake);
	if (flow->window_shift_known)
		flow->window_bytes = handshake->window_bytes;
	flow->sack = handshake->sack[SNOOP_WIRED] && handshake->sack[SNOOP_WIRELESS];
	flow->two_way = handshake->to_wired_us != 0;
	if (handshake->wired_rtt_us)
		windowed_min_add(&flow->wired_rtt, handshake->wired_rtt_us, USEC_PER_SEC, now_us);
	if (handshake->wireless_rtt_us && station)
		rtt_station_sample(station, handshake->wireless_rtt_us, now_us);
	forget(engine, index);
	return true;
}

/* The station is told apart from a dead one by its answers, so that a SYN is retransmitted a bounded number of times. */
static void retransmit_due(struct snoop_engine *engine, struct snoop_handshake *handshake, uint64_t now_us)
{
	uint64_t rto_us = syn_rto_us(engine, &handshake->key);

	if (!rto_us || handshake->tries >= engine->config.syn_tries ||
	    engine->syn_in_second > engine->config.syn_rate_max) {
		drop_packet(engine, handshake);
		return;
	}
	handshake->tries++;
	due_set(engine, handshake, now_us + (rto_us << handshake->tries));
	engine->counters->retransmits_syn++;
	engine->counters->retransmit_bytes += handshake->frame_bytes;
	engine->ops->retransmit(engine->owner, handshake->packet, SNOOP_CAUSE_SYN);
}

static uint64_t retransmit_deadline_us(const struct snoop_engine *engine)
{
	return engine->due_count ? engine->handshakes[engine->handshakes[1].due].retransmit_us : SNOOP_NEVER;
}

uint64_t snoop_engine_deadline_us(const struct snoop_engine *engine)
{
	return engine->discarded ? 0 : retransmit_deadline_us(engine);
}

void snoop_engine_timer(struct snoop_engine *engine, uint64_t now_us)
{
	engine->now_us = now_us;
	segment_free_discarded(engine, segment_portion(engine));
	for (int i = 0; i < SYN_DUE_PER_CALL && retransmit_deadline_us(engine) <= now_us; i++)
		retransmit_due(engine, &engine->handshakes[engine->handshakes[1].due], now_us);
}

void snoop_engine_flush(struct snoop_engine *engine)
{
	snoop_syn_forget_all(engine);
	segment_free_discarded(engine, UINT32_MAX);
}
