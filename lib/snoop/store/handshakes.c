/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <base/hash.h>
#include <snoop/store/handshakes.h>

static uint32_t *handshake_bucket(const struct snoop_engine *engine, const struct snoop_key *key)
{
	return &engine->handshake_buckets[hash_bytes(key, sizeof(*key), engine->secret) %
					  engine->handshake_count];
}

void handshakes_init(struct snoop_engine *engine)
{
	engine->handshake_free = engine->handshake_oldest = engine->handshake_newest = 0;
	for (uint32_t i = engine->handshake_count; i > 0; i--) {
		engine->handshakes[i].next = engine->handshake_free;
		engine->handshake_free = i;
	}
	engine->due_count = 0;
}

static void handshake_due_place(struct snoop_engine *engine, uint32_t at, uint32_t index)
{
	engine->handshakes[at].due = index;
	engine->handshakes[index].due_at = at;
}

/* Put a handshake where it belongs, above or below the free place at. */
static void handshake_due_settle(struct snoop_engine *engine, uint32_t at, uint32_t index)
{
	struct snoop_handshake *all = engine->handshakes;
	uint64_t retransmit_us = all[index].retransmit_us;

	for (; at > 1 && all[all[at / 2].due].retransmit_us > retransmit_us; at /= 2)
		handshake_due_place(engine, at, all[at / 2].due);
	for (;;) {
		uint32_t child = 2 * at;

		if (child < engine->due_count &&
		    all[all[child + 1].due].retransmit_us < all[all[child].due].retransmit_us)
			child++;
		if (child > engine->due_count || all[all[child].due].retransmit_us >= retransmit_us)
			break;
		handshake_due_place(engine, at, all[child].due);
		at = child;
	}
	handshake_due_place(engine, at, index);
}

void handshake_due_set(struct snoop_engine *engine, struct snoop_handshake *handshake,
		       uint64_t retransmit_us)
{
	uint32_t at = handshake->due_at ? handshake->due_at : ++engine->due_count;

	handshake->retransmit_us = retransmit_us;
	handshake_due_settle(engine, at, (uint32_t)(handshake - engine->handshakes));
}

static void handshake_due_remove(struct snoop_engine *engine, struct snoop_handshake *handshake)
{
	uint32_t at = handshake->due_at, last = engine->handshakes[engine->due_count].due;

	handshake->due_at = 0;
	engine->due_count--;
	if (at <= engine->due_count)
		handshake_due_settle(engine, at, last);
}

static void handshake_lru_unlink(struct snoop_engine *engine, uint32_t index)
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

static void handshake_lru_append(struct snoop_engine *engine, uint32_t index)
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

void handshake_drop_packet(struct snoop_engine *engine, struct snoop_handshake *handshake)
{
	if (!handshake->packet)
		return;
	engine->ops->unref(engine->owner, handshake->packet);
	handshake->packet = NULL;
	handshake_due_remove(engine, handshake);
}

void handshake_forget(struct snoop_engine *engine, uint32_t index)
{
	struct snoop_handshake *handshake = &engine->handshakes[index];
	uint32_t *at = handshake_bucket(engine, &handshake->key);

	handshake_drop_packet(engine, handshake);
	while (*at != index)
		at = &engine->handshakes[*at].next;
	*at = handshake->next;
	handshake_lru_unlink(engine, index);
	handshake->next = engine->handshake_free;
	engine->handshake_free = index;
}

uint32_t handshake_find(const struct snoop_engine *engine, const struct snoop_key *key)
{
	uint32_t index;

	if (!engine->handshake_count)
		return 0;
	for (index = *handshake_bucket(engine, key); index; index = engine->handshakes[index].next)
		if (!memcmp(&engine->handshakes[index].key, key, sizeof(*key)))
			break;
	return index;
}

uint32_t handshake_get(struct snoop_engine *engine, const struct snoop_key *key)
{
	uint32_t index = handshake_find(engine, key), *bucket;

	if (index)
		return index;
	if (!engine->handshake_free) {
		handshake_forget(engine, engine->handshake_oldest);
		engine->counters->syn_evicted++;
	}
	index = engine->handshake_free;
	bucket = handshake_bucket(engine, key);
	engine->handshake_free = engine->handshakes[index].next;
	/* Only the heap's entry at this place is not the old handshake's own. */
	engine->handshakes[index] = (struct snoop_handshake){
		.key = *key, .next = *bucket, .due = engine->handshakes[index].due};
	*bucket = index;
	handshake_lru_append(engine, index);
	return index;
}
