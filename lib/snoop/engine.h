/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The engine's own state, which all rooms of the library share. Not for users of the library.
 *
 * Runs on the lcore of the worker that owns the engine, which alone may touch it; includes nothing
 * above snoop.h and flow.h.
 */
#ifndef SNOOP_ENGINE_H
#define SNOOP_ENGINE_H

#include <base/minmax.h>
#include <snoop/flow.h>

#define USEC_PER_SEC 1000000ULL
#define PPM 1000000ULL

/* A fast path has to end where the general one does: tests/sim/ways.h counts how often each is
 * taken, or closes them all. */
#ifndef SNOOP_FAST_PATH
#define SNOOP_FAST_PATH(name, taken) (taken)
#endif

/* A retransmit for a loss. Probes and shields are sent without one: most of them are duplicates. */
static inline bool cause_is_repair(enum snoop_cause cause)
{
	return cause != SNOOP_CAUSE_PROBE && cause != SNOOP_CAUSE_SHIELD;
}

struct snoop_segment;
struct snoop_station;
struct snoop_handshake;
struct snoop_flow_extra;
struct snoop_answer_ring;

struct snoop_engine {
	struct snoop_config config;
	const struct snoop_ops *ops;
	void *owner;
	struct counters *counters;
	uint64_t secret;
	uint64_t backlog_until_us;
	uint64_t flow_bytes_max;     /* what one flow may cache */
	uint64_t now_us;	     /* of the last call that told the time */
	uint64_t waited_us;	     /* see snoop_engine_waited() */
	bool draining;		     /* see snoop_engine_drain() */
	uint32_t returns;	     /* returns of stations from silence, counted */
	uint32_t ack_hold_max_bytes; /* no station is known to hold its ACK of so much */
	uint32_t ack_holders;	     /* stations that are known to hold any */
	struct histograms histograms;
	uint64_t portion_us;   /* the instant that portion_left is of */
	uint32_t portion_left; /* segments that may still leave the scoreboards at this instant */
	uint64_t search_us;    /* the instant that search_left is of */
	uint32_t search_left;  /* steps that searches may still take at this instant */

	/* struct counters has copies of these for telemetry, which no decision reads. */
	uint64_t cached_bytes;	  /* frame bytes of cached segments and withheld ACKs */
	uint32_t cached_segments; /* discarded ones included until they are freed */
	uint32_t withheld_acks;
	uint32_t silent_stations;

	struct snoop_segment *segments; /* [1 .. cache_segments] */
	uint32_t segment_count;
	uint32_t free_records;
	struct snoop_flow_extra *extras; /* [1 .. extra_count] */
	uint32_t extra_count;
	uint32_t extra_hand;			/* where the next one is looked for */
	struct snoop_answer_ring *answer_rings; /* [1 .. answer_ring_count] */
	uint32_t answer_ring_count;
	uint32_t answer_ring_hand;

	/* Where segment_find() found something last, and in which flow: a sender retransmits in
	 * order.
	 */
	const struct snoop_flow *found_of;
	uint32_t found;
	uint32_t discarded; /* segments of no flow, by seq_next, freed in portions */

	struct snoop_station *stations; /* [1 .. stations] */
	uint32_t *station_buckets;
	uint32_t station_count;
	uint32_t station_free;
	uint32_t station_hand; /* clock hand for reuse */

	struct snoop_handshake *handshakes; /* [1 .. syn_entries] */
	uint32_t *handshake_buckets;
	uint32_t handshake_count;
	uint32_t handshake_free;
	uint32_t handshake_oldest, handshake_newest;
	uint32_t due_count;	/* handshakes with a packet: a heap, the first due on top */
	uint64_t syn_second_us; /* start of the second in which SYNs are being counted */
	uint32_t syn_in_second;
};

#endif
