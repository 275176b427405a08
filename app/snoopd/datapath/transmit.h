/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The worker's TX buffers, one per side: everything that leaves goes through them in the order in
 * which it was decided, forwarded packets, released ACKs and retransmits alike.
 *
 * Worker lcore only. A packet that was handed over is not touched again without a reference of our
 * own.
 */
#ifndef SNOOPD_TRANSMIT_H
#define SNOOPD_TRANSMIT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <snoop/snoop.h>
#include <snoopd/datapath/packet.h>

#define TRANSMIT_ROOM 64u

struct worker_link;

/**
 * How packets leave. The appliance uses rte_eth_tx_burst(); a test harness brings its own.
 *
 * @return how many of the packets were taken; those belong to the callee, the others to the caller.
 */
typedef uint16_t (*transmit_send_fn)(void *context, enum snoop_side to, struct rte_mbuf **packets,
				     uint16_t count);

struct transmit {
	/* Constant while the worker runs. */
	enum snoop_side side;
	uint16_t port_id;
	uint16_t queue_id;
	enum driver_sharing sharing;
	struct rte_ring *lane;	 /* to the worker that has the TX queue; NULL = this one has it */
	const uint64_t *backlog; /* how often the port did not take everything from that worker */

	/* Worker. */
	uint64_t backlog_seen; /* *backlog when we last looked */
	uint32_t count;
	/* Of packets that transmit_try_forward() may append: none where each needs a look. */
	uint32_t room;
	uint64_t ours;	/* bit i: packets[i] is a retransmit of ours, not a received packet */
	uint64_t bytes; /* of those that are not sent: their mbufs are gone when it is counted */
	struct rte_mbuf *packets[TRANSMIT_ROOM];
};
_Static_assert(TRANSMIT_ROOM <= 64, "one bit per packet");

/** Put the packet into the buffer, which has room. */
static inline void transmit_put(struct transmit *output, struct rte_mbuf *packet, bool ours)
{
	uint32_t count = output->count;

	output->ours |= (uint64_t)ours << count;
	output->bytes += rte_pktmbuf_pkt_len(packet);
	output->packets[count] = packet;
	output->count = count + 1;
}

/** The common case of transmit_forward(). @return false where that has to be called. */
static inline bool transmit_try_forward(struct transmit *output, struct rte_mbuf *packet)
{
	if (unlikely(output->count >= output->room))
		return false;
	transmit_put(output, packet, false);
	return true;
}

/** Send a received packet on. The reference passes. */
void transmit_forward(struct worker_link *link, enum snoop_side to, struct rte_mbuf *packet);

/** Send a withheld ACK to the wired side. The engine's reference passes. */
void transmit_release(struct worker_link *link, struct rte_mbuf *packet);

/** Send a packet that the engine keeps to the wireless side once more. */
void transmit_again(struct worker_link *link, struct rte_mbuf *packet, enum snoop_cause cause);

/**
 * Send a packet that is already a copy where the port needs that.
 *
 * @param ours  it is a retransmit, not a received packet
 */
void transmit_append(struct worker_link *link, enum snoop_side to, struct rte_mbuf *packet,
		     bool ours);

/** Transmit what is buffered. What the port does not take within the configured retries is dropped.
 */
void transmit_flush(struct worker_link *link, enum snoop_side to);

/** The same on both sides. */
void transmit_flush_link(struct worker_link *link);

#endif
