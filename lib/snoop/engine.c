/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <snoop/engine.h>

#define ALIGN_BYTES 64U
#define BACKLOG_US 5000U        /* losses this long after a full TX queue are the queue's */

static size_t aligned(size_t bytes)
{
	return (bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
}

size_t snoop_engine_bytes(const struct snoop_config *config)
{
	return aligned(sizeof(struct snoop_engine)) +
	       aligned((config->cache_segments + 1ULL) * sizeof(struct snoop_segment)) +
	       aligned((config->stations + 1ULL) * sizeof(struct snoop_station)) +
	       aligned(config->stations * sizeof(uint32_t)) +
	       aligned((SNOOP_HISTORIES + 1ULL) * sizeof(struct snoop_history)) +
	       aligned((config->syn_entries + 1ULL) * sizeof(struct snoop_handshake)) +
	       aligned(config->syn_entries * sizeof(uint32_t));
}

void snoop_engine_configure(struct snoop_engine *engine, const struct snoop_config *config)
{
	engine->config = *config;
	engine->flow_bytes_max = min_u64(config->flow_cache_bytes, SNOOP_FLOW_BYTES_MAX);
}

struct snoop_engine *snoop_engine_init(void *memory, const struct snoop_config *config, const struct snoop_ops *ops,
				       void *owner, struct counters *counters, uint64_t secret)
{
	struct snoop_engine *engine = memory;
	uint8_t *at = memory;

	memset(memory, 0, snoop_engine_bytes(config));
	at += aligned(sizeof(*engine));
	snoop_engine_configure(engine, config);
	engine->ops = ops;
	engine->owner = owner;
	engine->counters = counters;
	engine->secret = secret;

	/* Index 0 of every table means none. */
	engine->segment_count = config->cache_segments;
	engine->segments = (struct snoop_segment *)(void *)at;
	at += aligned((config->cache_segments + 1ULL) * sizeof(struct snoop_segment));
	engine->station_count = config->stations;
	engine->stations = (struct snoop_station *)(void *)at;
	at += aligned((config->stations + 1ULL) * sizeof(struct snoop_station));
	engine->station_buckets = (uint32_t *)(void *)at;
	at += aligned(config->stations * sizeof(uint32_t));
	engine->histories = (struct snoop_history *)(void *)at;
	at += aligned((SNOOP_HISTORIES + 1ULL) * sizeof(struct snoop_history));
	engine->handshake_count = config->syn_entries;
	engine->handshakes = (struct snoop_handshake *)(void *)at;
	at += aligned((config->syn_entries + 1ULL) * sizeof(struct snoop_handshake));
	engine->handshake_buckets = (uint32_t *)(void *)at;

	segment_pool_init(engine);
	station_table_init(engine);
	syn_init(engine);
	return engine;
}

void snoop_engine_drain(struct snoop_engine *engine, bool drain)
{
	engine->draining = drain;
}

void snoop_engine_tx_backlog(struct snoop_engine *engine, uint64_t now_us)
{
	engine->backlog_until_us = now_us + BACKLOG_US;
}

/* How many flows have a level now. */
static uint64_t *level_gauge(struct counters *counters, enum snoop_level level)
{
	static const size_t offsets[SNOOP_LEVEL_COUNT] = {
#define LEVEL_GAUGE(id, token, help) [SNOOP_LEVEL_##id] = offsetof(struct counters, flows_##token),
		SNOOP_LEVELS(LEVEL_GAUGE)
#undef LEVEL_GAUGE
	};

	return (uint64_t *)((char *)counters + offsets[level]);
}

uint32_t snoop_engine_withheld(const struct snoop_engine *engine)
{
	return engine->withheld_acks;
}

struct snoop_cache_use snoop_engine_cache_use(const struct snoop_engine *engine)
{
	return (struct snoop_cache_use){
		.segments = engine->cached_segments,
		.bytes = engine->cached_bytes,
		.withheld_acks = engine->withheld_acks,
	};
}

struct histograms *snoop_engine_histograms(struct snoop_engine *engine)
{
	return &engine->histograms;
}

void snoop_flow_init(struct snoop_engine *engine, struct snoop_flow *flow, const struct snoop_key *key,
		     enum snoop_level level, uint64_t now_us)
{
	memset(flow, 0, sizeof(*flow));
	flow->level = level;
	*level_gauge(engine->counters, level) += 1;
	flow->window_bytes = UINT32_MAX;
	flow->deadline_us = flow->reo_deadline_us = flow->tail_deadline_us = SNOOP_NEVER;
	flow->last_seen_us = flow->progress_us = now_us;
	windowed_min_init(&flow->min_rtt);
	windowed_min_init(&flow->wired_rtt);
	engine->counters->flows_created++;
	flow->station = station_get(engine, key);
	if (flow->station) {
		engine->stations[flow->station].refs++;
		flow->station_era = engine->stations[flow->station].era;
	}
	if (!syn_adopt(engine, key, flow, now_us)) {
		flow->midstream = true;
		engine->counters->flows_midstream++;
	}
}

void snoop_flow_set_level(struct snoop_engine *engine, struct snoop_flow *flow, enum snoop_level level)
{
	if (flow->level == level)
		return;
	/* What was seen under one level says little under another; the next segment starts afresh. */
	flow_reset_bytes(engine, flow);
	*level_gauge(engine->counters, flow->level) -= 1;
	*level_gauge(engine->counters, level) += 1;
	flow->level = level;
}

void snoop_data_prefetch(const struct snoop_engine *engine, const struct snoop_flow *flow)
{
	__builtin_prefetch(segment_at(engine, flow->by_seq.tail), 1);
	/* The deadline of what leaves an idle flow depends on the RTT. */
	if (flow->open_count <= 1)
		__builtin_prefetch(&flow->srtt_us, 1);
	if (flow->echo_sent_us)
		__builtin_prefetch(&flow->wired_rtt, 1);
	if (engine->silent_stations || flow->returns_seen != engine->returns) {
		__builtin_prefetch(&flow->station_era);
		__builtin_prefetch(&engine->stations[flow->station]);
	}
}

bool snoop_ack_prefetch(const struct snoop_engine *engine, const struct snoop_flow *flow, bool sacks)
{
	uint32_t head = flow->by_seq.head;

	__builtin_prefetch(&flow->reo_deadline_us, 1);
	__builtin_prefetch(&flow->ts_echo, 1);
	__builtin_prefetch(segment_at(engine, head), 1);
	__builtin_prefetch(&engine->stations[flow->station], 1);
	if (!sacks && flow->in_flight.head == head)
		return false;
	/* Something is SACKed or lost, or will be: ACKs ask for more then. */
	__builtin_prefetch(&flow->sacked_count, 1);
	__builtin_prefetch(segment_at(engine, flow->in_flight.head), 1);
	if (flow->sack_hint)
		__builtin_prefetch(segment_at(engine, flow->sack_hint), 1);
	return true;
}

uint32_t snoop_ack_prefetch_next(const struct snoop_engine *engine, const struct snoop_flow *flow)
{
	uint32_t second = segment_at(engine, flow->by_seq.head)->seq_next;

	if ((uint32_t)engine->now_us - flow->delay_mark_us >= RTT_GROWTH_SPAN_US)
		__builtin_prefetch(&flow->delay_growth_ppm, 1);
	__builtin_prefetch(segment_at(engine, second), 1); /* mostly two segments leave */
	return second;
}

uint32_t snoop_ack_prefetch_more(const struct snoop_engine *engine, uint32_t segment)
{
	uint32_t next = segment_at(engine, segment)->seq_next;

	__builtin_prefetch(segment_at(engine, next), 1);
	return next;
}

void snoop_flow_reset(struct snoop_engine *engine, struct snoop_flow *flow)
{
	struct snoop_history *history = history_of(engine, flow);

	ack_release_all(engine, flow);
	segment_discard_all(engine, flow);
	flow->started = flow->acked = flow->behind = flow->recovery = flow->withhold_over = flow->vetoing = false;
	flow->doubted = false;
	if (history)
		memset(history->recent_retransmits, 0, sizeof(history->recent_retransmits));
	flow->fin_wired = flow->fin_station = flow->silent = false;
	flow->timestamps = flow->echoed = false;
	flow->dup_acks = flow->stray_dup_acks = 0;
	flow->credit = 0;
	flow->claimed = 0;
	flow->answers_due = flow->backoff = 0;
	flow->rack_sent_us = 0;
	flow->echo_sent_us = 0;
	flow->veto_quiet_us = 0;
	flow->deadline_us = flow->reo_deadline_us = flow->tail_deadline_us = SNOOP_NEVER;
}

void flow_reset_bytes(struct snoop_engine *engine, struct snoop_flow *flow)
{
	bool fin_wired = flow->fin_wired, fin_station = flow->fin_station;

	snoop_flow_reset(engine, flow);
	flow->fin_wired = fin_wired;
	flow->fin_station = fin_station;
}

void snoop_flow_end_unseen(struct snoop_flow *flow, const struct wire_view *view,
			   enum snoop_side from)
{
	bool reset = view->tcp_flags & WIRE_TCP_RST;

	flow->fin_wired |= reset || from == SNOOP_WIRED;
	flow->fin_station |= reset || from == SNOOP_WIRELESS;
}

void snoop_flow_close(struct snoop_engine *engine, struct snoop_flow *flow)
{
	snoop_flow_reset(engine, flow);
	history_put(engine, flow);
	*level_gauge(engine->counters, flow->level) -= 1;
	if (flow->repairs_confirmed)
		engine->counters->flows_helped--;
	if (flow->station)
		engine->stations[flow->station].refs--;
	flow->station = 0;
}

bool snoop_flow_finished(const struct snoop_flow *flow)
{
	if (flow->closed || !flow->fin_wired)
		return flow->closed;
	/* Where the station's packets go another way, the sender's FIN is the last that we see. */
	return !flow->two_way ||
	       (flow->fin_station && (!flow->started || seq_geq(flow->una, flow->fin_end)));
}

enum snoop_reason snoop_flow_reason(const struct snoop_flow *flow)
{
	if (flow->repairs_confirmed)
		return SNOOP_REASON_HELPED;
	if (flow->level == SNOOP_LEVEL_BYPASS)
		return SNOOP_REASON_BYPASS;
	if (flow->level == SNOOP_LEVEL_OBSERVE)
		return SNOOP_REASON_OBSERVE;
	if (flow->bad_checksum_wired || flow->bad_checksum_station)
		return SNOOP_REASON_BAD_CHECKSUM;
	if (!flow->two_way)
		return SNOOP_REASON_ONE_WAY;
	if (flow->cache_refused)
		return SNOOP_REASON_CACHE_FULL;
	if (flow->silent)
		return SNOOP_REASON_SILENT;
	if (flow->vetoes)
		return SNOOP_REASON_CONGESTION;
	if (flow->given_up)
		return SNOOP_REASON_GIVEN_UP;
	if (flow->radio_losses)
		return SNOOP_REASON_REPAIRING;
	return flow->upstream_holes ? SNOOP_REASON_UPSTREAM : SNOOP_REASON_NO_LOSS;
}

void snoop_flow_info(const struct snoop_engine *engine, const struct snoop_flow *flow, struct snoop_flow_info *info)
{
	uint32_t min_rtt_us = windowed_min_get(&flow->min_rtt), wired_rtt_us = windowed_min_get(&flow->wired_rtt);

	*info = (struct snoop_flow_info){
		.level = flow->level,
		.reason = snoop_flow_reason(flow),
		.withholding = flow_withholds(flow),
		.midstream = flow->midstream,
		.sack = flow->sack,
		.timestamps = flow->timestamps,
		.window_scale_known = flow->window_shift_known,
		.srtt_us = flow->srtt_us,
		.rttvar_us = flow->rttvar_us,
		.min_rtt_us = min_rtt_us == UINT32_MAX ? 0 : min_rtt_us,
		.wired_rtt_us = wired_rtt_us == UINT32_MAX ? 0 : wired_rtt_us,
		.queue_delay_us = flow->queue_delay_us,
		.cached_segments = flow->cached_count,
		.withheld_acks = flow->withheld_count,
		.cached_bytes = flow->cached_bytes,
		.data_segments = flow->data_segments,
		.data_bytes = flow->data_bytes,
		.acked_bytes = flow->acked_bytes,
		.radio_losses = flow->radio_losses,
		.upstream_holes = flow->upstream_holes,
		.retransmits = flow->retransmits,
		.repairs_confirmed = flow->repairs_confirmed,
		.spurious = flow->spurious,
		.given_up = flow->given_up,
		.vetoes = flow->vetoes,
		.sender_retransmits = flow->sender_retransmits,
		.timeouts = flow->timeouts,
		.acks_withheld = flow->acks_withheld,
		.last_seen_us = flow->last_seen_us,
	};
}
