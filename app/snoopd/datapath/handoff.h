/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What workers hand to each other: received packets to the worker that owns their flow, and sent
 * packets to a worker that has a TX queue. One single-producer, single-consumer ring per pair of
 * workers and side keeps the order and needs no lock.
 *
 * The control thread makes and frees it while no worker runs; the workers only use it. Where the
 * NICs do not bring both directions of a flow to one worker, received packets of another worker's
 * flows are collected by owner and handed over a burst at a time. A packet in a ring belongs to the
 * worker that dequeues it.
 *
 * Who polls which queue. Under RSS worker i has queue i of both ports. In software the ports may
 * have fewer queues than there are workers, and queue q of a side belongs to worker (q + side)
 * modulo workers: where each port has one queue, two workers share the reception of both
 * directions. RX queues beyond the number of workers are dealt out again. A worker without a TX
 * queue gives its packets to the owner of queue (its own number modulo the queues).
 */
#ifndef SNOOPD_HANDOFF_H
#define SNOOPD_HANDOFF_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <snoop/snoop.h>

struct worker_link;

#define HANDOFF_WORKERS_MAX 32u
#define HANDOFF_BURST 32u

/** How packets find their worker, and who polls what. Constant. */
struct handoff_plan {
	uint32_t workers;
	bool software;			     /* the receiver looks up the owner; else RSS did */
	uint16_t rx_queues[2], tx_queues[2]; /* by enum snoop_side */
};

struct handoff {
	struct handoff_plan plan;
	/* [side received from][receiver][owner]; NULL where the receiver does not receive. */
	struct rte_ring *rx[2][HANDOFF_WORKERS_MAX][HANDOFF_WORKERS_MAX];
	/* [side to go to][worker without a queue]; the entries are handoff_tag()ged. */
	struct rte_ring *tx[2][HANDOFF_WORKERS_MAX];

	/* Only while the workers stop; atomic. */
	uint32_t receiving __rte_cache_aligned; /* workers that may still receive */
	uint32_t sending;			/* workers that may still send */

	/* How often the wireless port did not take everything from the owner of a TX queue. The
	 * workers that send through it read that. One line each. */
	struct {
		uint64_t count; /* atomic; one writer */
	} __rte_cache_aligned backlog[HANDOFF_WORKERS_MAX];
};

/** @return the worker that owns the flow; uses the half of the hash that the flow table does not.
 */
static inline uint32_t handoff_owner(uint64_t flow_hash, uint32_t workers)
{
	return (uint32_t)((flow_hash >> 32) * workers >> 32);
}

/** The queues of a worker on a side. RX: first, first + step, ... below count. */
struct handoff_queues {
	uint16_t rx_first, rx_step, rx_count;
	bool has_tx;
	uint16_t tx_queue;  /* its own, or the one that its packets leave by */
	uint32_t tx_worker; /* who serves that queue */
};

struct handoff_queues handoff_queues_of(const struct handoff_plan *plan, enum snoop_side side,
					uint32_t worker);

/** Rings that a plan needs. */
uint32_t handoff_rings(const struct handoff_plan *plan);

/** Bytes that they take, for messages. */
uint64_t handoff_bytes(const struct handoff_plan *plan, uint32_t packets);

/**
 * Make the rings.
 *
 * @param link     whose packets they are: its number in the process
 * @param packets  that a ring takes
 * @param socket   NUMA node
 * @return the hand-off, or NULL (rte_errno says why).
 */
struct handoff *handoff_create(const struct handoff_plan *plan, uint32_t link, uint32_t packets,
			       int socket);

/** May be NULL. The rings must be empty. */
void handoff_free(struct handoff *handoff);

/**
 * Worker lcore. Collect a received packet if another worker owns its flow.
 *
 * @param owner  handoff_owner() of its flow
 * @param hash   for the owner's flow table
 * @return true where it now waits for handoff_send_staged().
 */
bool handoff_stage(struct worker_link *link, struct rte_mbuf *packet, uint32_t owner,
		   uint32_t hash);

/** Worker lcore. Hand over what was collected. What a ring does not take within the configured
 * retries is dropped and counted. */
void handoff_send_staged(struct worker_link *link, enum snoop_side from);

/* A packet to be sent, and whether it is a retransmit of ours: mbufs are aligned, so the lowest bit
 * of their address is free. */
static inline void *handoff_tag(struct rte_mbuf *packet, bool ours)
{
	return (void *)((uintptr_t)packet | ours);
}

static inline struct rte_mbuf *handoff_untag(void *entry, bool *ours)
{
	*ours = (uintptr_t)entry & 1;
	return (struct rte_mbuf *)((uintptr_t)entry & ~(uintptr_t)1);
}

#endif
