/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/minmax.h>
#include <snoop/event/syn.h>
#include <snoop/judge/rtt.h>
#include <snoop/store/handshakes.h>

/*
 * The SYN memory: handshakes under way, least recently used first out. It serves two ends: a SYN or
 * SYN-ACK that was lost on the radio is retransmitted after the station's RTT instead of the
 * sender's second (RFC 6298 section 2.1), and what the handshake negotiated (window scale, SACK) is
 * known when the flow begins. A bare SYN makes no flow.
 */

#define SYN_RTO_FLOOR_US 10000U /* a station takes a moment to accept a connection */
/* A connection may be idle, or upload, before its first data. */
#define SYN_LIFE_US (600 * USEC_PER_SEC)
#define SYN_DUE_PER_CALL 64 /* retransmits of one call, so that a turn is bounded */

static bool syn_is_flood(struct snoop_engine *engine, uint64_t now_us)
{
	if (now_us - engine->syn_second_us >= USEC_PER_SEC) {
		engine->syn_second_us = now_us;
		engine->syn_in_second = 0;
	}
	return ++engine->syn_in_second > engine->config.syn_rate_max;
}

/* @return 0 while the station's RTT is unknown: nothing tells then that the SYN was lost. */
static uint64_t syn_rto_us(struct snoop_engine *engine, const struct snoop_key *key)
{
	uint32_t index = station_find(engine, key);
	const struct snoop_station *station = &engine->stations[index];

	if (!index || !station->srtt_us || station->silent)
		return 0;
	return max_u64(SYN_RTO_FLOOR_US, 2ULL * station->srtt_us + 4ULL * station->rttvar_us);
}

static void syn_keep_packet(struct snoop_engine *engine, struct snoop_handshake *handshake,
			    const struct snoop_packet *packet, uint64_t now_us)
{
	uint64_t rto_us = syn_rto_us(engine, &handshake->key);

	handshake_drop_packet(engine, handshake);
	handshake->to_station_us = now_us;
	handshake->tries = 0;
	handshake->answered = false;
	if (!rto_us || !packet->handle || !packet->checksum_ok)
		return;
	engine->ops->ref(engine->owner, packet->handle);
	handshake->packet = packet->handle;
	handshake->frame_bytes = packet->frame_bytes;
	handshake_due_set(engine, handshake, now_us + rto_us);
	engine->counters->syn_remembered++;
}

void snoop_syn(struct snoop_engine *engine, const struct snoop_key *key,
	       const struct snoop_packet *packet, enum snoop_side from, uint64_t now_us)
{
	const struct wire_view *view = packet->view;
	struct snoop_handshake *handshake;

	if (!engine->handshake_count)
		return;
	if (!packet->checksum_ok || view->options_malformed || syn_is_flood(engine, now_us)) {
		/* Do not remember it. What is remembered of its key may be of an older connection
		 * now. */
		snoop_syn_forget(engine, key);
		return;
	}
	handshake = &engine->handshakes[handshake_get(engine, key)];
	if (from == SNOOP_WIRED ? handshake->to_station_us : handshake->to_wired_us) {
		handshake->again[from] = handshake->seq[from] == view->seq;
		if (!handshake->again[from] && !(view->tcp_flags & WIRE_TCP_ACK)) {
			/* Another connection: what was learnt is of the one before. */
			snoop_syn_forget(engine, key);
			handshake = &engine->handshakes[handshake_get(engine, key)];
		}
	}
	handshake->seq[from] = view->seq;
	handshake->shift[from] = view->window_scale > 14 ? 14 : view->window_scale;
	handshake->scales[from] = view->has_window_scale;
	handshake->sack[from] = view->sack_permitted;
	if (from == SNOOP_WIRED) {
		if (handshake->to_wired_us && (view->tcp_flags & WIRE_TCP_ACK) &&
		    !handshake->again[SNOOP_WIRELESS])
			handshake->wired_rtt_us =
				(uint32_t)min_u64(now_us - handshake->to_wired_us, UINT32_MAX - 1);
		syn_keep_packet(engine, handshake, packet, now_us);
		return;
	}
	/* The station's SYN-ACK answers our side's SYN; with a retransmit in between it is no RTT
	 * sample (Karn). */
	if (handshake->to_station_us && !handshake->answered && (view->tcp_flags & WIRE_TCP_ACK) &&
	    !handshake->tries && !handshake->again[SNOOP_WIRED])
		handshake->wireless_rtt_us =
			(uint32_t)min_u64(now_us - handshake->to_station_us, UINT32_MAX - 1);
	handshake->answered = handshake->to_station_us && (view->tcp_flags & WIRE_TCP_ACK);
	handshake_drop_packet(engine, handshake);
	handshake->to_wired_us = now_us;
	handshake->window_bytes = view->window; /* never scaled in a SYN (RFC 7323 section 2.2) */
}

void snoop_syn_forget(struct snoop_engine *engine, const struct snoop_key *key)
{
	uint32_t index = engine->handshake_count ? handshake_find(engine, key) : 0;

	if (index)
		handshake_forget(engine, index);
}

void snoop_syn_forget_all(struct snoop_engine *engine)
{
	while (engine->handshake_oldest)
		handshake_forget(engine, engine->handshake_oldest);
}

/* RFC 7323 section 2.2: windows are scaled only if both sides offered it. */
static uint8_t syn_window_shift(const struct snoop_handshake *handshake)
{
	return handshake->scales[SNOOP_WIRED] && handshake->scales[SNOOP_WIRELESS]
		       ? handshake->shift[SNOOP_WIRELESS]
		       : 0;
}

void snoop_syn_drop_all(struct snoop_engine *engine)
{
	while (engine->due_count)
		handshake_drop_packet(engine, &engine->handshakes[engine->handshakes[1].due]);
}

void snoop_handshake_done(struct snoop_engine *engine, const struct snoop_key *key,
			  const struct wire_view *view, enum snoop_side from, uint64_t now_us)
{
	uint32_t index = handshake_find(engine, key);
	struct snoop_handshake *handshake = &engine->handshakes[index];
	struct snoop_station *station;

	if (!index)
		return;
	if (view->tcp_flags & WIRE_TCP_RST) {
		handshake_forget(engine, index);
		return;
	}
	if (from == SNOOP_WIRED) {
		/* The wired client's ACK of the station's SYN-ACK. */
		if (handshake->to_wired_us && !handshake->wired_rtt_us &&
		    !handshake->again[SNOOP_WIRELESS])
			handshake->wired_rtt_us =
				(uint32_t)min_u64(now_us - handshake->to_wired_us, UINT32_MAX - 1);
		return;
	}
	/* The station's ACK of a SYN-ACK that crossed to it. */
	if (handshake->to_station_us && !handshake->answered && !handshake->tries &&
	    !handshake->again[SNOOP_WIRED] && view->ack == handshake->seq[SNOOP_WIRED] + 1)
		handshake->wireless_rtt_us =
			(uint32_t)min_u64(now_us - handshake->to_station_us, UINT32_MAX - 1);
	handshake->answered = true;
	handshake->window_bytes = (uint32_t)view->window << syn_window_shift(handshake);
	handshake_drop_packet(engine, handshake);
	station = &engine->stations[station_find(engine, key)];
	if (station->used)
		station_heard(engine, station, now_us);
}

bool syn_adopt(struct snoop_engine *engine, const struct snoop_key *key, struct snoop_flow *flow,
	       uint64_t now_us)
{
	uint32_t index = handshake_find(engine, key);
	struct snoop_handshake *handshake = &engine->handshakes[index];
	struct snoop_station *station = station_of(engine, flow);

	if (!index ||
	    now_us - max_u64(handshake->to_station_us, handshake->to_wired_us) > SYN_LIFE_US)
		return false;
	flow->window_shift_known = handshake->to_station_us && handshake->to_wired_us;
	flow->window_shift = syn_window_shift(handshake);
	if (flow->window_shift_known)
		flow->window_bytes = handshake->window_bytes;
	flow->sack = handshake->sack[SNOOP_WIRED] && handshake->sack[SNOOP_WIRELESS];
	flow->two_way = handshake->to_wired_us != 0;
	if (handshake->wired_rtt_us)
		windowed_min_add(&flow->wired_rtt, handshake->wired_rtt_us, USEC_PER_SEC, now_us);
	if (handshake->wireless_rtt_us && station)
		rtt_station_sample(station, handshake->wireless_rtt_us, now_us);
	handshake_forget(engine, index);
	return true;
}

/* A dead station never answers, so a SYN is retransmitted a bounded number of times. */
static void syn_retransmit(struct snoop_engine *engine, struct snoop_handshake *handshake,
			   uint64_t now_us)
{
	uint64_t rto_us = syn_rto_us(engine, &handshake->key);

	if (!rto_us || handshake->tries >= engine->config.syn_tries ||
	    engine->syn_in_second > engine->config.syn_rate_max) {
		handshake_drop_packet(engine, handshake);
		return;
	}
	handshake->tries++;
	handshake_due_set(engine, handshake, now_us + (rto_us << handshake->tries));
	engine->counters->retransmits_syn++;
	engine->counters->retransmit_bytes += handshake->frame_bytes;
	engine->ops->retransmit(engine->owner, handshake->packet, SNOOP_CAUSE_SYN);
}

uint64_t syn_deadline_us(const struct snoop_engine *engine)
{
	return engine->due_count ? engine->handshakes[engine->handshakes[1].due].retransmit_us
				 : SNOOP_NEVER;
}

void syn_timer(struct snoop_engine *engine, uint64_t now_us)
{
	for (int i = 0; i < SYN_DUE_PER_CALL && syn_deadline_us(engine) <= now_us; i++)
		syn_retransmit(engine, handshake_due_first(engine), now_us);
}
