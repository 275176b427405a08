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
	bool more;	     /* a source of this turn may hold more packets */
	uint32_t turns;	     /* in a row that left the question open */
	uint64_t settled_us; /* what arrived before was looked at */
};

/** A source gave so many packets. */
static inline void receive_note(struct receive_state *state, uint32_t packets)
{
	state->more |= packets > RECEIVE_FEW;
}

/**
 * End a turn at now_us.
 *
 * @param late  the turn took so long that packets may have come since its sources were asked
 * @return may timers fire? Under overload they do so every RECEIVE_TURNS_MAX turns.
 */
static inline bool receive_settles(struct receive_state *state, bool late, uint64_t now_us)
{
	bool settled = !(state->more | late) || ++state->turns >= RECEIVE_TURNS_MAX;

	state->more = false;
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
 * Some packets of a burst are longer than rx_plain_bytes of struct carriage: free and count those
 * that cannot be carried whole, and close the gaps.
 *
 * @return how many packets are left.
 */
uint32_t receive_drop_long(struct worker_link *link, enum snoop_side from,
			   struct rte_mbuf **packets, uint32_t count);

#endif
