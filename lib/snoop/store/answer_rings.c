/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <string.h>

#include <snoop/store/answer_rings.h>

#define RING_SEARCH_MAX 8 /* rings that are looked at for one to take */

/* @return the index of a free one, or of the one that was written longest ago, of a few. */
static uint32_t answer_ring_find(struct snoop_engine *engine, uint64_t now_us)
{
	uint32_t best = 0, oldest_us = 0;

	for (int i = 0; i < RING_SEARCH_MAX; i++) {
		const struct snoop_answer_ring *ring;

		engine->answer_ring_hand = engine->answer_ring_hand % engine->answer_ring_count + 1;
		ring = &engine->answer_rings[engine->answer_ring_hand];
		if (!ring->extra)
			return engine->answer_ring_hand;
		if (!best || (uint32_t)now_us - ring->noted_us > oldest_us) {
			best = engine->answer_ring_hand;
			oldest_us = (uint32_t)now_us - ring->noted_us;
		}
	}
	return best;
}

struct snoop_answer_ring *answer_ring_get(struct snoop_engine *engine,
					  struct snoop_flow_extra *extra, uint64_t now_us)
{
	struct snoop_answer_ring *ring = answer_ring_of(engine, extra);
	uint32_t index;

	if (ring)
		return ring;
	index = answer_ring_find(engine, now_us);
	ring = &engine->answer_rings[index];
	if (ring->extra)
		answer_ring_put(engine, ring->extra);
	memset(ring, 0, offsetof(struct snoop_answer_ring, sent_us));
	ring->extra = extra;
	ring->noted_us = (uint32_t)now_us;
	extra->answer_ring = (uint16_t)index;
	return ring;
}

void answer_ring_put(struct snoop_engine *engine, struct snoop_flow_extra *extra)
{
	struct snoop_answer_ring *ring = answer_ring_of(engine, extra);

	if (!ring)
		return;
	engine->counters->repairs_unproven += ring->shielded;
	ring->extra = NULL;
	extra->answer_ring = 0;
}
