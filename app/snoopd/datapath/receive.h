/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Where a worker's packets come from: its RX queues, and the rings of other workers. Worker lcore
 * only. The functions that receive take at most a burst from each source, and return how many
 * packets they took.
 */
#ifndef SNOOPD_RECEIVE_H
#define SNOOPD_RECEIVE_H

#include <stdint.h>

#include <rte_mbuf.h>

#include <snoop/snoop.h>

struct worker;

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
uint32_t receive_drop_long(struct worker *worker, enum snoop_side from, struct rte_mbuf **packets,
			   uint32_t count);

#endif
