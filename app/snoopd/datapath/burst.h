/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One burst in flight: parse -> key -> bucket -> record -> engine -> TX buffer.
 *
 * Worker lcore only. A burst is of one link. The packets of both sides go through the pipeline
 * together. Each stage
 * prefetches what the next stage reads and runs some trains of packets ahead of it; see the table
 * in burst.c.
 */
#ifndef SNOOPD_BURST_H
#define SNOOPD_BURST_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include <flow/table.h>
#include <snoop/snoop.h>
#include <wire/wire.h>

#define WORKER_BURST 32u
#define BURST_MAX (2u * WORKER_BURST)

/** A parsed packet of the burst in flight. */
struct burst_slot {
	struct wire_view view;
	struct snoop_key key;
	uint32_t hash;
	uint32_t train; /* the one that the packet belongs to */
	bool verify;	/* its checksums are still to be computed */
	struct flow_record *record;
};

/** A train is a run of packets of one flow and side: the flow is looked up once for all of them. */
struct burst {
	uint32_t count;
	uint32_t wired;	  /* so many of them come from the wired side, and first */
	uint32_t changes; /* of the table, as long as places and records are good */

	uint32_t train_count, wired_train_count;
	uint64_t sacks; /* bit i: a packet of train i has SACK blocks */
	uint64_t
		searches; /* bit i: train i will look at more than the first segments of its flow */
	const struct snoop_key *keys[BURST_MAX];
	uint32_t hashes[BURST_MAX];
	uint32_t places[BURST_MAX];
	struct flow_record *records[BURST_MAX]; /* or NULL */
	uint32_t segments[BURST_MAX];		/* of ACKs, the last one prefetched */
	struct rte_mbuf *packets[BURST_MAX];
};
_Static_assert(BURST_MAX <= 64, "one bit per train");

#endif
