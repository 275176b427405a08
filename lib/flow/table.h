/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The flow table of one worker: records of fixed size in hugepage memory, found by struct
 * snoop_key.
 *
 * The worker's lcore owns the table and everything in it; no other thread may even read it (whoever
 * wants to know asks the worker). Only flow_table_create() and flow_table_free() are called by the
 * control thread, while no worker runs. Nothing here allocates after creation.
 *
 * A bucket is one cache line: the low bytes of twelve hashes and where their records are. When the
 * table is full, seven flows fall into a bucket on average; the few that find no room hang on it as
 * a list of records, so that a table always takes as many flows as it was made for. The hash is
 * keyed (hash.h), so that nobody outside can make such lists long.
 */
#ifndef FLOW_TABLE_H
#define FLOW_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_prefetch.h>

#include <flow/hash.h>
#include <snoop/flow.h>
#include <snoop/snoop.h>

/* What a packet in order touches of a record; the rest of an ACK's is fetched by
 * snoop_ack_prefetch(). */
#define FLOW_HOT_BYTES_DATA 192
#define FLOW_HOT_BYTES_ACK 320

/** One flow. What packets touch comes first. */
struct flow_record {
	/* The key where it is short: nearly all are. Every key is apart, see flow_table_key(). */
	uint64_t addresses; /* IPv4: wired in the low half, station in the high one, as in the frame
			     */
	uint32_t ports;	    /* wired in the low half, station in the high one */

	uint32_t hash;
	uint32_t next : 26; /* a place: the next in a full bucket's list, or in the free list */
	uint32_t link : 6;  /* the key's */
	uint32_t armed_us;  /* when the timer will fire, low half of the clock */
	/* Places in the timer's list, or in the due list. */
	uint32_t list_prev : 26;
	bool in_use : 1;
	bool short_key : 1;  /* IPv4 without VLAN: addresses and ports are valid */
	bool armed : 1;	     /* the timer (timer.h) */
	bool due : 1;	     /* on the due list; a record is armed or due, never both */
	bool squeezed : 1;   /* in bypass only until the cache has room again */
	bool other_vlan : 1; /* its ACKs carry other tags, see other_vlan.h */
	uint32_t list_next;

	struct snoop_flow flow;
} __rte_cache_aligned;
_Static_assert(offsetof(struct flow_record, flow) == 32, "half of the first line is the engine's");
_Static_assert(sizeof(struct flow_record) <= 7 * RTE_CACHE_LINE_SIZE,
	       "a flow takes 512 bytes with key and bucket");

#define FLOW_MAX ((1u << 26) - 1)
#define FLOW_LINKS 64u /* that a key may name */
#define FLOW_BUCKET_ENTRIES 12

/* A place is the index of a record + 1; 0 = none. */
struct flow_bucket {
	uint8_t tags[FLOW_BUCKET_ENTRIES];
	uint32_t places[FLOW_BUCKET_ENTRIES];
	uint32_t more; /* first of the records that found no room here */
} __rte_cache_aligned;
_Static_assert(sizeof(struct flow_bucket) == RTE_CACHE_LINE_SIZE, "a look-up reads one line");

struct flow_table {
	struct flow_bucket *buckets;
	struct flow_record *records; /* [capacity] */
	struct snoop_key *keys;	     /* [capacity] */
	uint32_t bucket_count;
	uint32_t capacity;
	uint32_t count;	  /* records in use */
	uint32_t fresh;	  /* records from here on were never used */
	uint32_t free;	  /* place of one that was used and is free */
	uint32_t hand;	  /* ageing looks at this record next */
	uint32_t changes; /* counts entries and removals: what was found before may be stale */
};

/**
 * Make an empty table.
 *
 * @param name    for rte_malloc's lists
 * @param flows   how many flows it holds, 1 to FLOW_MAX
 * @param socket  NUMA node of the worker
 * @return 0 or -ENOMEM.
 */
int flow_table_create(struct flow_table *table, const char *name, uint32_t flows, int socket);

/** Bytes of memory that a table of this size takes, for messages. */
uint64_t flow_table_bytes(uint32_t flows);

/** Free a table. Flows in it are forgotten, not closed. */
void flow_table_free(struct flow_table *table);

/** @return the record, or NULL. */
struct flow_record *flow_table_find(const struct flow_table *table, const struct snoop_key *key,
				    uint32_t hash);

static inline struct flow_bucket *flow_table_bucket(const struct flow_table *table, uint32_t hash)
{
	return &table->buckets[(uint64_t)hash * table->bucket_count >> 32];
}

/** The hash will be looked up soon. */
static inline void flow_table_prefetch_bucket(const struct flow_table *table, uint32_t hash)
{
	rte_prefetch0(flow_table_bucket(table, hash));
}

/**
 * A look-up in two steps, between which memory has time: the first reads the bucket, which has been
 * prefetched, and fetches FLOW_HOT_BYTES_DATA of the record, and the key where it is not short; the
 * second compares the key.
 *
 * @param place  what the first has returned; good while the table does not change
 */
uint32_t flow_table_find_begin(const struct flow_table *table, const struct snoop_key *key,
			       uint32_t hash);
struct flow_record *flow_table_find_end(const struct flow_table *table, const struct snoop_key *key,
					uint32_t hash, uint32_t place);

/**
 * Enter a flow that is not in the table.
 *
 * @return its record with its hash set, no timer armed and flow zeroed; NULL if the table is full.
 */
struct flow_record *flow_table_add(struct flow_table *table, const struct snoop_key *key,
				   uint32_t hash);

/** @return the key of a record in use, valid until the record is taken out. */
const struct snoop_key *flow_table_key(const struct flow_table *table,
				       const struct flow_record *record);

/** Take a record out. Its flow must be closed and its timer cancelled. */
void flow_table_remove(struct flow_table *table, struct flow_record *record);

/**
 * Walk on with the clock hand, for ageing. Prefetches some records ahead, for this call or the
 * next.
 *
 * @param budget  records that may still be looked at; counted down
 * @return the next record in use, or NULL when the budget is used up.
 */
struct flow_record *flow_table_walk(struct flow_table *table, uint32_t *budget);

#endif
