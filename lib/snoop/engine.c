/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <snoop/act/reset.h>
#include <snoop/event/syn.h>
#include <snoop/store/answer_rings.h>
#include <snoop/store/flow_extra.h>
#include <snoop/store/handshakes.h>
#include <snoop/store/records.h>
#include <snoop/store/stations.h>

#define ALIGN_BYTES 64U
#define BACKLOG_US 5000U /* losses this long after a full TX queue are the queue's */

static size_t aligned(size_t bytes)
{
	return (bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
}

/* Flows with losses have segments in the cache: a small one needs few. */
static uint32_t count_extras(const struct snoop_config *config)
{
	if (config->cache_segments < SNOOP_EXTRAS_MIN)
		return SNOOP_EXTRAS_MIN;
	return config->cache_segments < SNOOP_EXTRAS ? config->cache_segments : SNOOP_EXTRAS;
}

/* Only senders without SACK need one, and only while a hole is open. */
static uint32_t count_rings(const struct snoop_config *config)
{
	const uint32_t rings = count_extras(config) / 8;

	return rings < SNOOP_ANSWER_RINGS ? rings : SNOOP_ANSWER_RINGS;
}

size_t snoop_engine_bytes(const struct snoop_config *config)
{
	return aligned(sizeof(struct snoop_engine)) +
	       aligned((config->cache_segments + 1ULL) * sizeof(struct snoop_segment)) +
	       aligned((config->stations + 1ULL) * sizeof(struct snoop_station)) +
	       aligned(config->stations * sizeof(uint32_t)) +
	       aligned((count_extras(config) + 1ULL) * sizeof(struct snoop_flow_extra)) +
	       aligned((count_rings(config) + 1ULL) * sizeof(struct snoop_answer_ring)) +
	       aligned((config->syn_entries + 1ULL) * sizeof(struct snoop_handshake)) +
	       aligned(config->syn_entries * sizeof(uint32_t));
}

void snoop_engine_configure(struct snoop_engine *engine, const struct snoop_config *config)
{
	engine->config = *config;
	engine->flow_bytes_max = min_u64(config->flow_cache_bytes, SNOOP_FLOW_BYTES_MAX);
}

struct snoop_engine *snoop_engine_init(void *memory, const struct snoop_config *config,
				       const struct snoop_ops *ops, void *owner,
				       struct counters *counters, uint64_t secret)
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
	engine->extra_count = count_extras(config);
	engine->extras = (struct snoop_flow_extra *)(void *)at;
	at += aligned((engine->extra_count + 1ULL) * sizeof(struct snoop_flow_extra));
	engine->answer_ring_count = count_rings(config);
	engine->answer_rings = (struct snoop_answer_ring *)(void *)at;
	at += aligned((engine->answer_ring_count + 1ULL) * sizeof(struct snoop_answer_ring));
	engine->handshake_count = config->syn_entries;
	engine->handshakes = (struct snoop_handshake *)(void *)at;
	at += aligned((config->syn_entries + 1ULL) * sizeof(struct snoop_handshake));
	engine->handshake_buckets = (uint32_t *)(void *)at;

	records_init(engine);
	stations_init(engine);
	handshakes_init(engine);
	return engine;
}

void snoop_engine_flush(struct snoop_engine *engine)
{
	snoop_syn_forget_all(engine);
	records_free_discarded(engine, UINT32_MAX);
}

void snoop_engine_drain(struct snoop_engine *engine, bool drain)
{
	engine->draining = drain;
}

void snoop_engine_tx_backlog(struct snoop_engine *engine, uint64_t now_us)
{
	engine->backlog_until_us = now_us + BACKLOG_US;
}

void snoop_engine_waited(struct snoop_engine *engine, uint64_t waited_us)
{
	engine->waited_us = waited_us;
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

void snoop_flow_init(struct snoop_engine *engine, struct snoop_flow *flow,
		     const struct snoop_key *key, enum snoop_level level, uint64_t now_us)
{
	memset(flow, 0, sizeof(*flow));
	flow->level = level;
	flow->bypassed = level == SNOOP_LEVEL_BYPASS;
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

void snoop_flow_set_level(struct snoop_engine *engine, struct snoop_flow *flow,
			  enum snoop_level level)
{
	if (flow->level == level)
		return;
	/* What was seen under one level says little under another: start afresh. */
	reset_bytes(engine, flow);
	*level_gauge(engine->counters, flow->level) -= 1;
	*level_gauge(engine->counters, level) += 1;
	flow->level = level;
	flow->bypassed = level == SNOOP_LEVEL_BYPASS;
}

void snoop_flow_close(struct snoop_engine *engine, struct snoop_flow *flow)
{
	snoop_flow_reset(engine, flow);
	extra_put(engine, flow);
	*level_gauge(engine->counters, flow->level) -= 1;
	if (flow->repairs_confirmed)
		engine->counters->flows_helped--;
	if (flow->station)
		engine->stations[flow->station].refs--;
	flow->station = 0;
}
