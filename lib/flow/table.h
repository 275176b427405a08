/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The flow table of one worker: records of fixed size in hugepage memory, found by struct
 * snoop_key.
 *
 * One worker lcore owns a table and everything in it; nobody else may look, not even to read
 * (telemetry asks the worker). Only flow_table_create() and flow_table_free() are called by the
 * control thread, while no worker runs. Nothing here allocates after creation.
 */
#ifndef FLOW_TABLE_H
#define FLOW_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <rte_common.h>
#include <rte_hash.h>

#include <snoop/flow.h>
#include <snoop/snoop.h>

#define FLOW_BULK_MAX 64 /* keys of one flow_table_find_bulk() */

/* What a packet in order touches of a record. */
#define FLOW_HOT_BYTES_DATA 320
#define FLOW_HOT_BYTES_ACK 384

/** One flow. What packets touch comes first. */
struct flow_record {
	uint64_t last_seen_us; /* last packet of either direction */
	uint64_t armed_us; /* when the timer will fire, SNOOP_NEVER if it is not armed */
	union {		   /* a record is armed or due, never both */
		TAILQ_ENTRY(flow_record) due_link;
		LIST_ENTRY(flow_record) timer_link;
	};
	uint32_t hash;
	bool in_use;
	bool due; /* on the due list (timer.h) */
	bool squeezed; /* in bypass only until the cache has room again */

	struct snoop_flow flow; /* its key is in the hash, see flow_table_key() */
} __rte_cache_aligned;

struct flow_table {
	struct rte_hash *hash;	     /* key to index into records */
	struct flow_record *records; /* [capacity] */
	uint32_t capacity;
	uint32_t count;	  /* records in use */
	uint32_t hand;	  /* ageing looks at this record next */
	uint32_t changes; /* counts entries and removals: what was found before may be stale */
};

/**
 * Make an empty table.
 *
 * @param name    unique in this process, at most 26 characters
 * @param flows   how many flows it holds
 * @param socket  NUMA node of the worker
 * @return 0, -ENOMEM, -EINVAL (size or name).
 */
int flow_table_create(struct flow_table *table, const char *name, uint32_t flows, int socket);

/** Bytes of memory that a table of this size takes, for messages. */
uint64_t flow_table_bytes(uint32_t flows);

/** Free a table. Flows in it are forgotten, not closed. */
void flow_table_free(struct flow_table *table);

/** @return the record, or NULL. */
struct flow_record *flow_table_find(const struct flow_table *table, const struct snoop_key *key,
				    uint32_t hash);

/**
 * Find up to FLOW_BULK_MAX keys at once; hides the memory latency of one behind that of the others.
 *
 * @param records  receives one record, or NULL, per key
 */
void flow_table_find_bulk(const struct flow_table *table, const struct snoop_key *keys[],
			  uint32_t hashes[], uint32_t count, struct flow_record *records[]);

/**
 * Enter a flow that is not in the table.
 *
 * @return its record with hash and last_seen_us set, no timer armed and flow zeroed; NULL if
 * the table is full.
 */
struct flow_record *flow_table_add(struct flow_table *table, const struct snoop_key *key,
				   uint32_t hash, uint64_t now_us);

/** @return the key of a record in use, valid until the record is taken out. */
const struct snoop_key *flow_table_key(const struct flow_table *table,
				       const struct flow_record *record);

/** Take a record out. Its flow must be closed and its timer cancelled. */
void flow_table_remove(struct flow_table *table, struct flow_record *record);

/**
 * Bring into the cache what flow_table_walk() comes to next.
 */
void flow_table_prefetch(const struct flow_table *table);

/**
 * Walk on with the clock hand, for ageing.
 *
 * @param budget  records that may still be looked at; counted down
 * @return the next record in use, or NULL when the budget is used up.
 */
struct flow_record *flow_table_walk(struct flow_table *table, uint32_t *budget);

#endif
