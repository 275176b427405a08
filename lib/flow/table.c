/* SPDX-License-Identifier: BSD-3-Clause */
#include <flow/table.h>

#include <errno.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>

#define FLOW_WALK_AHEAD 16u /* records */

_Static_assert(offsetof(struct flow_record, flow.rack_sent_us) <= FLOW_HOT_BYTES_DATA &&
		       offsetof(struct flow_record, flow.wired_rtt) <= FLOW_HOT_BYTES_ACK,
	       "a packet in order touches nothing that was not fetched");

/*
 * rte_hash gives every key a position that stays until the key is deleted, and reuses positions of
 * deleted keys: it is the free list of the records as well.
 */
int flow_table_create(struct flow_table *table, const char *name, uint32_t flows, int socket)
{
	struct rte_hash_parameters parameters = {
		.name = name,
		.entries = flows,
		.key_len = sizeof(struct snoop_key),
		.socket_id = socket,
		/* Chained overflow buckets: the table takes as many flows as it was made for. */
		.extra_flag = RTE_HASH_EXTRA_FLAGS_EXT_TABLE,
	};

	memset(table, 0, sizeof(*table));
	table->hash = rte_hash_create(&parameters);
	if (table->hash == NULL)
		return -rte_errno;
	table->capacity = (uint32_t)rte_hash_max_key_id(table->hash) + 1;
	table->records = rte_zmalloc_socket(name, (size_t)table->capacity * sizeof(*table->records),
					    RTE_CACHE_LINE_SIZE, socket);
	if (table->records == NULL) {
		rte_hash_free(table->hash);
		return -ENOMEM;
	}
	return 0;
}

uint64_t flow_table_bytes(uint32_t flows)
{
	/* Per key: 64 bytes of key store, and two bucket entries of 8 bytes, half of them spare. */
	return (uint64_t)flows * (sizeof(struct flow_record) + 64 + 32);
}

void flow_table_free(struct flow_table *table)
{
	rte_free(table->records);
	rte_hash_free(table->hash);
	memset(table, 0, sizeof(*table));
}

struct flow_record *flow_table_find(const struct flow_table *table, const struct snoop_key *key,
				    uint32_t hash)
{
	int32_t position = rte_hash_lookup_with_hash(table->hash, key, hash);

	return position < 0 ? NULL : &table->records[position];
}

void flow_table_find_bulk(const struct flow_table *table, const struct snoop_key *keys[],
			  uint32_t hashes[], uint32_t count, struct flow_record *records[])
{
	int32_t positions[FLOW_BULK_MAX];

	if (count == 0)
		return;
	/* The function wants an array of const void pointers and reads nothing else from it. */
	rte_hash_lookup_with_hash_bulk(table->hash, (const void **)(uintptr_t)keys, hashes, count,
				       positions);
	for (uint32_t i = 0; i < count; i++)
		records[i] = positions[i] < 0 ? NULL : &table->records[positions[i]];
}

struct flow_record *flow_table_add(struct flow_table *table, const struct snoop_key *key,
				   uint32_t hash, uint64_t now_us)
{
	int32_t position = rte_hash_add_key_with_hash(table->hash, key, hash);
	struct flow_record *record;

	if (position < 0)
		return NULL;
	record = &table->records[position];
	record->hash = hash;
	record->in_use = true;
	record->due = false;
	record->last_seen_us = now_us;
	record->armed_us = SNOOP_NEVER;
	memset(&record->flow, 0, sizeof(record->flow));
	table->count++;
	table->changes++;
	return record;
}

const struct snoop_key *flow_table_key(const struct flow_table *table,
				       const struct flow_record *record)
{
	void *key = NULL;

	rte_hash_get_key_with_position(table->hash, (int32_t)(record - table->records), &key);
	return key;
}

void flow_table_remove(struct flow_table *table, struct flow_record *record)
{
	struct snoop_key key = *flow_table_key(table, record);

	rte_hash_del_key_with_hash(table->hash, &key, record->hash);
	record->in_use = false;
	table->count--;
	table->changes++;
}

void flow_table_prefetch(const struct flow_table *table)
{
	uint32_t end = RTE_MIN(table->hand + FLOW_WALK_AHEAD, table->capacity);

	for (uint32_t i = table->hand; i < end; i++) {
		rte_prefetch1(&table->records[i]);
		rte_prefetch1(&table->records[i].flow);
	}
}

struct flow_record *flow_table_walk(struct flow_table *table, uint32_t *budget)
{
	while (*budget > 0) {
		struct flow_record *record = &table->records[table->hand];

		(*budget)--;
		if (++table->hand == table->capacity)
			table->hand = 0;
		if (record->in_use)
			return record;
	}
	return NULL;
}
