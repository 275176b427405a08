/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Who owns an mbuf: packets that the engine keeps, their references, and when they are freed.
 *
 * Worker lcore only. A packet that a port, a ring or the engine took is not touched again without a
 * reference of our own. The engine holds packets of the worker's pool only (packet_keep()), so that
 * what it lets go of can be given back to that pool in bulk.
 */
#ifndef SNOOPD_PACKET_H
#define SNOOPD_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <snoop/snoop.h>

#define PACKET_DROPPED_ROOM 64u

struct worker;

/** May a cached packet and its transmission be the same mbuf? A property of the port's driver. */
enum driver_sharing {
	/*
	 * Yes: the driver copies the bytes out, or reads them until it gives its reference back,
	 * and looks at the reference count before it writes into the headroom.
	 */
	DRIVER_SHARE,
	/* No: every transmission of a packet that we keep is a deep copy. */
	DRIVER_COPY,
};

/**
 * Packets that the engine let go of in one turn. Their mbufs were last touched a round trip ago, so
 * they are prefetched during the next turn, one with every packet, and freed at its end.
 */
struct packet_dropped {
	uint32_t count;
	uint32_t fetched;
	struct rte_mbuf *packets[PACKET_DROPPED_ROOM];
};

/** What the engine asks of the owner of its packets, a struct worker_link. */
extern const struct snoop_ops packet_ops;

/**
 * Make a packet one that the engine may keep: from the worker's pool, with nothing attached and no
 * other reference, no longer than the cache's share allows. Takes over the reference.
 *
 * @param handle  receives what the engine may keep, NULL where that is impossible
 * @return the packet, or a copy of it in its place.
 */
struct rte_mbuf *packet_keep(struct worker *worker, struct rte_mbuf *packet, void **handle);

/** Add a reference. */
static inline void packet_ref(struct rte_mbuf *packet)
{
	/* Most have one buffer: the pointer to a next one is in a cache line of its own. */
	if (likely(packet->nb_segs == 1))
		rte_mbuf_refcnt_update(packet, 1);
	else
		rte_pktmbuf_refcnt_update(packet, 1);
}

/** Prefetch one of those that will be freed at the end of the turn. */
static inline void packet_fetch_dropped(struct packet_dropped *dropped)
{
	if (dropped->fetched < dropped->count)
		rte_prefetch0(dropped->packets[dropped->fetched++]);
}

/**
 * Free the packets that the engine had let go of before the last call. Call at the end of every
 * turn, and twice at the end of the worker's run.
 */
void packet_free_dropped(struct worker *worker);

#endif
