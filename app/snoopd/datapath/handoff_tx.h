/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Where the NICs do not bring both directions of a flow to one worker: received packets that are
 * another worker's are collected by owner and handed over by its ring, a burst at a time. On the
 * worker's lcore.
 */
#ifndef SNOOPD_STAGE_H
#define SNOOPD_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include <snoop/snoop.h>

struct worker;

/** @param hash  flow_hash() of its key. @return true if the packet is another worker's and waits
 * for handoff_tx_send() now. */
bool handoff_tx_stage(struct worker *worker, struct rte_mbuf *packet, uint64_t hash);

/** Hand over what was staged; what a ring does not take within the configured retries is dropped
 * and counted. */
void handoff_tx_send(struct worker *worker, enum snoop_side from);

#endif
