/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Expensive corners: corner_cases.c says what arrives, corners.c runs it and times each turn.
 */
#ifndef BENCH_CORNER_H
#define BENCH_CORNER_H

#include <stdbool.h>
#include <stdint.h>

#include "box.h"
#include "packet.h"
#include "traffic.h"

/* A turn under preparation. */
struct feed {
	struct box *box;
	uint64_t now_us;
	uint32_t frame_bytes;
	uint32_t divisor; /* of all numbers of connections and segments; 1 = as the corner says */
	uint32_t count[2];
	struct rte_mbuf *packets[2][TRAFFIC_BURST];
	uint64_t *cycles;	/* shortest time of each turn over all runs */
	uint32_t turns, first;	/* so far; where the part that counts begins */
	struct counters before; /* at that moment */
	int failed;
};

struct corner {
	const char *name;
	const char *help;
	void (*run)(struct feed *feed);
	uint32_t flows, segments, frame_bytes, idle_us;
};

extern const struct corner corners[];
extern const uint32_t corner_count;

/** @return a number of the corner, as small as this run is. */
static inline uint32_t corner_scale(const struct feed *feed, uint32_t number)
{
	return number / feed->divisor;
}

/** A packet arrives; a full burst makes a turn. */
void corner_put(struct feed *feed, const struct packet *packet);

/** A turn with what has arrived. */
void corner_turn(struct feed *feed);

/** What came before was preparation. */
void corner_start_counting(struct feed *feed);

/** What the corner claims to measure has happened: else it fails, with the reason on stderr. */
void corner_want(struct feed *feed, bool happened, const char *otherwise);

#endif
