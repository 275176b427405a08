/* SPDX-License-Identifier: BSD-3-Clause */
#include <flow/table.h>

#include <errno.h>

#include <rte_byteorder.h>
#include <rte_malloc.h>

#define FLOW_WALK_AHEAD 16u /* records */
#define BUCKET_LOAD 7u	    /* flows of a full table per bucket */
#define BYTES_LOW 0x0101010101010101ull
#define BYTES_HIGH 0x8080808080808080ull

_Static_assert(offsetof(struct flow_record, flow.reo_deadline_us) == FLOW_HOT_BYTES_DATA &&
		       offsetof(struct flow_record, flow.sacked_count) == FLOW_HOT_BYTES_ACK,
	       "a packet in order touches nothing that was not fetched, see snoop_ack_prefetch()");

static uint32_t buckets_for(uint32_t flows)
{
	return (flows + BUCKET_LOAD - 1) / BUCKET_LOAD;
}

/* Records, buckets and keys in one block, in this order: the first two are whole cache lines. */
uint64_t flow_table_bytes(uint32_t flows)
{
	return (uint64_t)flows * (sizeof(struct flow_record) + sizeof(struct snoop_key)) +
	       (uint64_t)buckets_for(flows) * sizeof(struct flow_bucket);
}

int flow_table_create(struct flow_table *table, const char *name, uint32_t flows, int socket)
{
	void *memory =
		rte_zmalloc_socket(name, flow_table_bytes(flows), RTE_CACHE_LINE_SIZE, socket);

	memset(table, 0, sizeof(*table));
	if (memory == NULL)
		return -ENOMEM;
	table->capacity = flows;
	table->bucket_count = buckets_for(flows);
	table->records = memory;
	table->buckets = (struct flow_bucket *)(void *)&table->records[table->capacity];
	table->keys = (struct snoop_key *)(void *)&table->buckets[table->bucket_count];
	return 0;
}

void flow_table_free(struct flow_table *table)
{
	rte_free(table->records);
	memset(table, 0, sizeof(*table));
}

static struct flow_record *record_at(const struct flow_table *table, uint32_t place)
{
	return &table->records[place - 1];
}

static void set_next(struct flow_record *record, uint32_t place)
{
	record->next = place & FLOW_MAX; /* nothing is cut off: for the compiler */
}

static uint32_t place_of(const struct flow_table *table, const struct flow_record *record)
{
	return (uint32_t)(record - table->records) + 1;
}

#define WORD_VLAN (offsetof(struct snoop_key, vlan) / sizeof(uint64_t))
_Static_assert(sizeof(((struct snoop_key *)NULL)->vlan) == sizeof(uint64_t),
	       "both tags are one word");

static inline uint64_t addresses_of(const struct snoop_key *key)
{
	uint32_t wired, station;

	memcpy(&wired, key->wired_addr, sizeof(wired));
	memcpy(&station, key->station_addr, sizeof(station));
	return wired | (uint64_t)station << 32;
}

static inline uint32_t ports_of(const struct snoop_key *key)
{
	return key->wired_port | (uint32_t)key->station_port << 16;
}

static inline bool is_short(const struct snoop_key *key)
{
	return key->ip_version == 4 && flow_key_word(key, WORD_VLAN) == 0;
}

static bool has_key(const struct flow_table *table, uint32_t place, const struct snoop_key *key)
{
	const struct flow_record *record;

	if (place == 0)
		return false;
	record = record_at(table, place);
	if (likely(record->short_key))
		return record->addresses == addresses_of(key) && record->ports == ports_of(key) &&
		       record->link == key->link && is_short(key);
	return flow_key_equal(&table->keys[place - 1], key);
}

static uint8_t tag_of(uint32_t hash)
{
	return (uint8_t)hash; /* the bucket is chosen by the high bits */
}

/* The lowest bit of every byte that is zero; by the borrow perhaps of one above it as well. */
static uint64_t zero_bytes(uint64_t word)
{
	return ((word - BYTES_LOW) & ~word & BYTES_HIGH) >> 7;
}

/*
 * Which entries of a bucket have the hash's tag, a few that have not included: bit 8 * i for entry
 * i, bit 8 * i + 1 for entry i + 8.
 */
static uint64_t candidates(const struct flow_bucket *bucket, uint32_t hash)
{
	uint64_t tags = tag_of(hash) * BYTES_LOW, first;
	uint32_t last;

	memcpy(&first, bucket->tags, sizeof(first));
	memcpy(&last, bucket->tags + sizeof(first), sizeof(last));
	return zero_bytes(rte_le_to_cpu_64(first) ^ tags) |
	       (zero_bytes(rte_le_to_cpu_32(last) ^ tags) & UINT32_MAX) << 1;
}

static uint32_t first_of(uint64_t candidates)
{
	uint32_t bit = (uint32_t)__builtin_ctzll(candidates);

	return bit / 8 + bit % 8 * 8;
}

struct flow_record *flow_table_find(const struct flow_table *table, const struct snoop_key *key,
				    uint32_t hash)
{
	const struct flow_bucket *bucket = flow_table_bucket(table, hash);

	for (uint64_t left = candidates(bucket, hash); left != 0; left &= left - 1) {
		uint32_t place = bucket->places[first_of(left)];

		if (has_key(table, place, key))
			return record_at(table, place);
	}
	for (uint32_t place = bucket->more; place != 0; place = record_at(table, place)->next)
		if (record_at(table, place)->hash == hash && has_key(table, place, key))
			return record_at(table, place);
	return NULL;
}

uint32_t flow_table_find_begin(const struct flow_table *table, const struct snoop_key *key,
			       uint32_t hash)
{
	const struct flow_bucket *bucket = flow_table_bucket(table, hash);
	uint64_t left = candidates(bucket, hash);
	uint32_t place = left != 0 ? bucket->places[first_of(left)] : 0;

	if (place != 0) {
		const uint8_t *record = (const uint8_t *)record_at(table, place);

		if (unlikely(!is_short(key))) {
			const uint8_t *entry = (const uint8_t *)&table->keys[place - 1];

			rte_prefetch0(entry);
			rte_prefetch0(entry + sizeof(*key) - 1);
		}
#pragma GCC unroll 8
		for (size_t at = 0; at < FLOW_HOT_BYTES_DATA; at += RTE_CACHE_LINE_SIZE)
			rte_prefetch0(record + at);
	}
	return place;
}

struct flow_record *flow_table_find_end(const struct flow_table *table, const struct snoop_key *key,
					uint32_t hash, uint32_t place)
{
	return likely(has_key(table, place, key)) ? record_at(table, place)
						  : flow_table_find(table, key, hash);
}

/* Enter a place into the bucket of its hash. */
static void enter(struct flow_table *table, uint32_t place, uint32_t hash)
{
	struct flow_bucket *bucket = flow_table_bucket(table, hash);

	for (uint32_t i = 0; i < FLOW_BUCKET_ENTRIES; i++)
		if (bucket->places[i] == 0) {
			bucket->places[i] = place;
			bucket->tags[i] = tag_of(hash);
			return;
		}
	set_next(record_at(table, place), bucket->more);
	bucket->more = place;
}

/* The first of those that found no room takes an entry that has become free. */
static void move_up(const struct flow_table *table, struct flow_bucket *bucket, uint32_t entry)
{
	uint32_t place = bucket->more;

	bucket->places[entry] = place;
	if (place == 0)
		return;
	bucket->tags[entry] = tag_of(record_at(table, place)->hash);
	bucket->more = record_at(table, place)->next;
}

static void leave(struct flow_table *table, uint32_t place, uint32_t hash)
{
	struct flow_bucket *bucket = flow_table_bucket(table, hash);
	uint32_t before = bucket->more, next = record_at(table, place)->next;

	for (uint32_t i = 0; i < FLOW_BUCKET_ENTRIES; i++)
		if (bucket->places[i] == place) {
			move_up(table, bucket, i);
			return;
		}
	if (before == place) {
		bucket->more = next;
		return;
	}
	while (record_at(table, before)->next != place)
		before = record_at(table, before)->next;
	set_next(record_at(table, before), next);
}

static uint32_t take_place(struct flow_table *table)
{
	uint32_t place = table->free;

	if (place != 0)
		table->free = record_at(table, place)->next;
	else if (table->fresh < table->capacity)
		place = ++table->fresh;
	return place;
}

struct flow_record *flow_table_add(struct flow_table *table, const struct snoop_key *key,
				   uint32_t hash)
{
	uint32_t place = take_place(table);
	struct flow_record *record;

	if (place == 0)
		return NULL;
	record = record_at(table, place);
	table->keys[place - 1] = *key;
	enter(table, place, hash);
	record->hash = hash;
	record->link = key->link & (FLOW_LINKS - 1); /* nothing is cut off: for the compiler */
	record->addresses = addresses_of(key);
	record->ports = ports_of(key);
	record->short_key = is_short(key);
	record->in_use = true;
	record->armed = record->due = record->other_vlan = false;
	memset(&record->flow, 0, sizeof(record->flow));
	table->count++;
	table->changes++;
	return record;
}

const struct snoop_key *flow_table_key(const struct flow_table *table,
				       const struct flow_record *record)
{
	return &table->keys[record - table->records];
}

void flow_table_remove(struct flow_table *table, struct flow_record *record)
{
	uint32_t place = place_of(table, record);

	leave(table, place, record->hash);
	record->in_use = false;
	set_next(record, table->free);
	table->free = place;
	table->count--;
	table->changes++;
}

struct flow_record *flow_table_walk(struct flow_table *table, uint32_t *budget)
{
	struct flow_record *record = &table->records[table->hand];
	uint32_t last = table->capacity - 1, hand = table->hand, left = *budget;
	bool found = false;

	while (left > 0 && !found) {
		const struct flow_record *ahead =
			&table->records[RTE_MIN(hand + FLOW_WALK_AHEAD, last)];

		rte_prefetch1(ahead);
		rte_prefetch1(&ahead->flow.last_seen_us);
		record = &table->records[hand];
		found = record->in_use;
		hand = hand == last ? 0 : hand + 1;
		left--;
	}
	table->hand = hand;
	*budget = left;
	return found ? record : NULL;
}
