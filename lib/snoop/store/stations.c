/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/hash.h>
#include <snoop/store/stations.h>

#define SILENCE_TIMEOUTS 3    /* consecutive time-outs of a station before it counts as silent */
#define STATION_HAND_STEPS 16 /* records looked at for one to reuse */

static uint32_t *station_bucket(struct snoop_engine *engine, const struct snoop_key *key)
{
	uint64_t hash = hash_bytes(key->station_addr, sizeof(key->station_addr), engine->secret) ^
			hash_bytes(key->vlan, sizeof(key->vlan), ~engine->secret);

	return &engine->station_buckets[hash % engine->station_count];
}

void stations_init(struct snoop_engine *engine)
{
	engine->station_free = 0;
	for (uint32_t i = engine->station_count; i > 0; i--) {
		engine->stations[i].next = engine->station_free;
		engine->station_free = i;
	}
	engine->station_hand = 1;
}

void station_release_hold(struct snoop_engine *engine, struct snoop_station *station)
{
	if (!station->ack_hold_bytes)
		return;
	station->ack_hold_bytes = 0;
	if (!--engine->ack_holders)
		engine->ack_hold_max_bytes = 0;
}

static void station_unlink(struct snoop_engine *engine, uint32_t index)
{
	struct snoop_station *station = &engine->stations[index];
	struct snoop_key key = {0};
	uint32_t *at;

	memcpy(key.station_addr, station->addr, sizeof(key.station_addr));
	memcpy(key.vlan, station->vlan, sizeof(key.vlan));
	for (at = station_bucket(engine, &key); *at != index; at = &engine->stations[*at].next)
		;
	*at = station->next;
	station_release_hold(engine, station);
	if (station->silent)
		engine->counters->stations_silent = --engine->silent_stations;
	engine->counters->stations_active--;
}

/* A free record, or one that no flow points to. */
static uint32_t station_record_get(struct snoop_engine *engine)
{
	uint32_t index = engine->station_free;

	if (index) {
		engine->station_free = engine->stations[index].next;
		return index;
	}
	for (uint32_t step = 0; step < STATION_HAND_STEPS && step < engine->station_count; step++) {
		index = engine->station_hand;
		engine->station_hand = index % engine->station_count + 1;
		if (!engine->stations[index].refs) {
			station_unlink(engine, index);
			return index;
		}
	}
	return 0;
}

uint32_t station_find(const struct snoop_engine *engine, const struct snoop_key *key)
{
	uint32_t index = *station_bucket((struct snoop_engine *)(uintptr_t)engine, key);

	for (; index; index = engine->stations[index].next) {
		const struct snoop_station *station = &engine->stations[index];

		if (station->ip_version == key->ip_version &&
		    !memcmp(station->addr, key->station_addr, sizeof(station->addr)) &&
		    !memcmp(station->vlan, key->vlan, sizeof(station->vlan)))
			break;
	}
	return index;
}

uint32_t station_get(struct snoop_engine *engine, const struct snoop_key *key)
{
	uint32_t index = station_find(engine, key);
	struct snoop_station *station;
	uint32_t *bucket;

	if (index)
		return index;
	index = station_record_get(engine);
	if (!index)
		return 0;
	bucket = station_bucket(engine, key);
	station = &engine->stations[index];
	*station = (struct snoop_station){
		.next = *bucket, .used = true, .ip_version = key->ip_version};
	memcpy(station->addr, key->station_addr, sizeof(station->addr));
	memcpy(station->vlan, key->vlan, sizeof(station->vlan));
	windowed_min_init(&station->min_rtt);
	*bucket = index;
	engine->counters->stations_active++;
	return index;
}

void station_heard(struct snoop_engine *engine, struct snoop_station *station, uint64_t now_us)
{
	station->heard_us = now_us;
	station->timeouts = 0;
	if (station->silent) {
		station->silent = false;
		station->era++;
		engine->returns++;
		engine->counters->stations_silent = --engine->silent_stations;
		engine->counters->station_returns++;
	}
}

void station_fold_totals(struct snoop_station *station)
{
	station->totals.acked_bytes += station->acked_bytes;
	station->totals.delivered_segments += station->delivered_segments;
	station->acked_bytes = station->delivered_segments = 0;
}

void station_timeout(struct snoop_engine *engine, struct snoop_station *station, uint64_t now_us)
{
	if (station->silent || ++station->timeouts < SILENCE_TIMEOUTS)
		return;
	station->silent = true;
	if (!station->heard_us)
		station->heard_us = now_us;
	station->probe_us = now_us;
	station->probe_gap_us = (uint32_t)max_u64(engine->config.rto_min_us, station->srtt_us);
	engine->counters->stations_silent = ++engine->silent_stations;
	engine->counters->station_silences++;
}
