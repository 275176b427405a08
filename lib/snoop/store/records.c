/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoop/store/records.h>

void records_init(struct snoop_engine *engine)
{
	engine->free_records = 0;
	for (uint32_t i = engine->segment_count; i > 0; i--) {
		engine->segments[i].send_next = engine->free_records;
		engine->free_records = i;
	}
}

static inline bool record_fits(const struct snoop_engine *engine, uint32_t frame_bytes)
{
	return engine->free_records &&
	       engine->cached_bytes + frame_bytes <= engine->config.cache_bytes;
}

static __attribute__((noinline)) bool record_make_room(struct snoop_engine *engine,
						       uint32_t frame_bytes)
{
	return records_free_discarded(engine, SEGMENT_PORTION_MIN) &&
	       record_fits(engine, frame_bytes);
}

inline uint32_t record_get(struct snoop_engine *engine, uint32_t frame_bytes)
{
	uint32_t index;

	if (!record_fits(engine, frame_bytes) && !record_make_room(engine, frame_bytes))
		return 0;
	index = engine->free_records;
	engine->free_records = segment_at(engine, index)->send_next;
	__builtin_prefetch(segment_at(engine, engine->free_records), 1); /* for the next one */
	engine->counters->cache_bytes = engine->cached_bytes += frame_bytes;
	return index;
}

void record_put(struct snoop_engine *engine, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);

	if (segment->packet)
		engine->counters->cache_bytes = engine->cached_bytes -= segment->frame_bytes;
	segment->packet = NULL;
	segment->send_next = engine->free_records;
	engine->free_records = index;
}

/* It is in no list any more. */
inline void record_free(struct snoop_engine *engine, uint32_t index)
{
	engine->counters->cache_segments = --engine->cached_segments;
	if (segment_at(engine, index)->packet)
		engine->ops->unref(engine->owner, segment_at(engine, index)->packet);
	record_put(engine, index);
}

__attribute__((noinline)) uint32_t records_free_discarded(struct snoop_engine *engine,
							  uint32_t count)
{
	uint32_t freed = 0;

	for (; freed < count && engine->discarded; freed++) {
		uint32_t index = engine->discarded;

		engine->discarded = segment_at(engine, index)->seq_next;
		record_free(engine, index);
	}
	return freed;
}

uint32_t records_portion(struct snoop_engine *engine)
{
	if (engine->portion_us != engine->now_us) {
		engine->portion_us = engine->now_us;
		engine->portion_left = SEGMENT_PORTION;
	}
	return engine->portion_left > SEGMENT_PORTION_MIN ? engine->portion_left
							  : SEGMENT_PORTION_MIN;
}
