/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The sending half of the hand-off, where the NICs do not bring both directions of a flow to one
 * worker: received packets of another worker's flows are collected by owner and handed over by its
 * ring, a burst at a time. Worker lcore only.
 */
#ifndef SNOOPD_HANDOFF_TX_H
#define SNOOPD_HANDOFF_TX_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include <snoop/snoop.h>

struct worker;

/**
 * Collect a packet if another worker owns its flow.
 *
 * @param owner  handoff_owner() of its flow
 * @param hash   for the owner's flow table
 * @return true where it now waits for handoff_tx_send().
 */
bool handoff_tx_stage(struct worker *worker, struct rte_mbuf *packet, uint32_t owner,
		      uint32_t hash);

/** Hand over what was collected. What a ring does not take within the configured retries is dropped
 * and counted. */
void handoff_tx_send(struct worker *worker, enum snoop_side from);

#endif
