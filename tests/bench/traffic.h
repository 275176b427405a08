/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Synthetic two-way TCP: many connections, each with a sender behind the wired port and a station
 * behind the radio, on a virtual clock.
 *
 * A lost segment is really missing at its station, which answers what comes behind it with
 * duplicate ACKs and SACK blocks until a retransmit fills the hole. ACKs are delayed (one for two
 * segments, 40 ms at most). The sender keeps a fixed window full, so that its segments leave in
 * pairs as each ACK comes in; it retransmits the head of line when nothing moved for 200 ms.
 */
#ifndef BENCH_TRAFFIC_H
#define BENCH_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#define TRAFFIC_BURST 32u

struct traffic_setup {
	uint32_t flows;
	uint32_t stations;    /* the flows are spread over so many */
	uint32_t window;      /* segments per flow, 1 to 63 */
	uint32_t frame_bytes; /* of a data segment, without FCS */
	uint32_t loss_ppm;    /* on the radio towards the stations */
	uint32_t radio_rtt_us;
	uint32_t packet_ns; /* virtual time that a data segment takes on the wire; 0 = the
			     * clock is the caller's, see traffic_set_clock() */
	uint32_t seed;
};

struct traffic;

/** Received packets of one turn. */
struct traffic_burst {
	uint64_t now_us;
	uint32_t link; /* that they arrive on; the caller's */
	uint32_t data_count, ack_count;
	struct rte_mbuf *data[TRAFFIC_BURST]; /* from the wired side */
	struct rte_mbuf *ack[TRAFFIC_BURST];  /* from the wireless side */
};

struct traffic_stats {
	uint64_t data, acks; /* generated */
	uint64_t lost;	     /* on the radio, retransmits included */
	uint64_t duplicates; /* that reached a station twice */
	uint64_t sender_retransmits;
};

/** @return the connections, each about to send its first window; NULL = no memory. */
struct traffic *traffic_create(const struct traffic_setup *setup);
void traffic_destroy(struct traffic *traffic);

/**
 * What arrives at the box next, up to a burst on each side; the virtual clock moves on. Buffers are
 * taken from empty ones given by the caller and written.
 *
 * @param buffers  2 * TRAFFIC_BURST empty mbufs
 * @return buffers used, from the first on.
 */
uint32_t traffic_next(struct traffic *traffic, struct rte_mbuf **buffers,
		      struct traffic_burst *burst);

/** With packet_ns = 0, before traffic_next(): so long ago was the start. */
void traffic_set_clock(struct traffic *traffic, uint64_t ns);

/** The box has sent this packet; the caller keeps its reference. */
void traffic_deliver(struct traffic *traffic, const struct rte_mbuf *mbuf);

const struct traffic_stats *traffic_stats(const struct traffic *traffic);

#endif
