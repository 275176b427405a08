/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One TCP packet: its checksums, its flow, the engine's verdict. Worker lcore only.
 */
#ifndef SNOOPD_TCP_H
#define SNOOPD_TCP_H

#include <stdbool.h>

#include <rte_mbuf.h>

#include <snoopd/datapath/burst.h>

struct worker;
struct worker_link;

/** Must the checksums be computed, or has the NIC done that, and the operator trusts it? */
bool tcp_must_verify(bool trusts_nic, const struct rte_mbuf *packet, const struct wire_view *view);

/** Prefetch the bytes that the checksum will read, while the packet before it is worked on. */
void tcp_prefetch_payload(const struct rte_mbuf *packet);

/**
 * Let the engine see a packet.
 *
 * @param worker  the link's
 * @param slot  the parsed packet, with its record or NULL
 * @return the packet to forward, or NULL where the engine withholds it.
 */
struct rte_mbuf *tcp_input(struct worker *worker, struct worker_link *link, enum snoop_side from,
			   struct burst_slot *slot, struct rte_mbuf *mbuf);

/** The same while a flow is traced. */
struct rte_mbuf *tcp_input_traced(struct worker *worker, struct worker_link *link,
				  enum snoop_side from, struct burst_slot *slot,
				  struct rte_mbuf *mbuf);

#endif
