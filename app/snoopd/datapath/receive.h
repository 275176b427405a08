/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Where a worker's packets come from: its RX queues, and the rings of other workers. Worker lcore
 * only. The functions that receive take at most a burst from each source, and return how many
 * packets they took.
 */
#ifndef SNOOPD_RECEIVE_H
#define SNOOPD_RECEIVE_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include <snoop/snoop.h>

struct worker;
struct worker_link;
struct worker_received;

/* A source that gives more than this may have more. A full burst is no measure: drivers give less
 * than they hold, as they stop at a cache line of descriptors, or a frame takes several. */
#define RECEIVE_FEW 4u
/* As many bursts empty a queue of 4096: what is received after them came later. */
#define RECEIVE_TURNS_MAX 128u

/**
 * Was everything that arrived looked at? As long as packets may wait, no flow's timer fires: the
 * ACK that it waits for may be among them.
 */
struct receive_state {
	bool more;	/* a source may hold more packets than it gave when it was asked last */
	uint32_t turns; /* in a row that left the question open */
	uint64_t settled_us; /* what arrived before was looked at */
};

/* Links that gave nothing when they were asked last: so many are asked in a turn. */
#define RECEIVE_QUIET_PER_TURN 8u

/**
 * Whose ports are asked in a turn. Links that gave packets when they were asked last are asked in
 * every turn, of the others a few, so that a link without traffic costs little. A round is as many
 * turns as it takes to ask all: one, unless there are many links.
 */
struct receive_round {
	uint64_t busy;	  /* bit n: link n gave packets when it was asked last */
	uint64_t full;	  /* of these, the links that may hold more */
	uint64_t unasked; /* links that were not asked in this round */
};

/** Begin a turn. @param links  all of the worker. @return those to ask. */
static inline uint64_t receive_choose(struct receive_round *round, uint64_t links)
{
	uint64_t chosen = round->busy & links, quiet = round->unasked & ~chosen;

	for (uint32_t i = 0; i < RECEIVE_QUIET_PER_TURN && quiet != 0; i++) {
		chosen |= quiet & -quiet;
		quiet &= quiet - 1;
	}
	round->unasked &= ~chosen;
	return chosen;
}

/** A link was asked, and gave so many packets. @param more  one of its queues may hold more */
static inline void receive_answered(struct receive_round *round, uint32_t link, uint32_t packets,
				    bool more)
{
	round->busy = (round->busy & ~(1ull << link)) | (uint64_t)(packets > 0) << link;
	round->full = (round->full & ~(1ull << link)) | (uint64_t)more << link;
}

/** End a turn. @return whether the round has ended with it; then the next one begins. */
static inline bool receive_ends_round(struct receive_round *round, uint64_t links)
{
	if (round->unasked != 0)
		return false;
	round->unasked = links;
	return true;
}

/** A source gave so many packets. */
static inline void receive_note(struct receive_state *state, uint32_t packets)
{
	state->more |= packets > RECEIVE_FEW;
}

/**
 * End a turn at now_us.
 *
 * @param asked  a round has ended with it, so that all sources were asked
 * @param late   that took so long that packets may have come since they were asked
 * @return may timers fire? Under overload they do so every RECEIVE_TURNS_MAX turns.
 */
static inline bool receive_settles(struct receive_state *state, bool asked, bool late,
				   uint64_t now_us)
{
	bool settled = asked && (!(state->more | late) || state->turns + 1 >= RECEIVE_TURNS_MAX);

	state->more = false;
	state->turns++;
	if (settled) {
		state->turns = 0;
		state->settled_us = now_us;
	}
	return settled;
}

/** From the ports, into worker_input(). */
uint32_t receive_from_ports(struct worker *worker);

/** What other workers received for this one, into worker_input_handed(). */
uint32_t receive_handed(struct worker *worker);

/** What other workers send through this one's TX queues, into its TX buffers. */
uint32_t receive_to_send(struct worker *worker);

/**
 * Count what was received; free and count those packets that the other port cannot carry whole, and
 * close the gaps.
 *
 * @return how many packets are left.
 */
uint32_t receive_admit(struct worker_link *link, enum snoop_side from,
		       const struct worker_received *received);

/**
 * Of that, the second part: some packets are longer than rx_plain_bytes of struct carriage.
 *
 * @return how many packets are left.
 */
uint32_t receive_drop_long(struct worker_link *link, enum snoop_side from,
			   struct rte_mbuf **packets, uint32_t count);

#endif
