/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The segment store: cached segments of a flow in sequence order and in order of their last
 * transmission.
 *
 * Three intrusive lists over one pool of 64-byte records (indices, not pointers: half the size):
 *   by_seq     everything that is cached; freed from its head by the cumulative ACK
 *   open       what is not SACKed yet; a SACK block touches only what it newly covers
 *   in_flight / lost   open segments by last transmission, so that loss detection costs O(losses)
 * Runs on the worker's lcore; changes the store fields of struct snoop_flow, and nothing else of
 * it.
 */
#ifndef SNOOP_STORE_SEGMENTS_H
#define SNOOP_STORE_SEGMENTS_H

#include <snoop/store/records.h>

/**
 * Put a segment into the store, with a reference to its packet unless the flow is only observed.
 *
 * @return its index, 0 where a budget or the pool forbids.
 */
uint32_t segment_insert(struct snoop_engine *engine, struct snoop_flow *flow,
			const struct snoop_packet *packet, uint32_t seq, uint32_t end,
			uint64_t now_us);
/** Take a segment out of every list, give its packet back, free the record. */
void segment_remove(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);

/** Mark it SACKed: it leaves every list but by_seq. */
void segment_sacked(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);
/** It has just been retransmitted: to the end of in_flight. */
void segment_sent(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index,
		  uint64_t now_us);
/** From in_flight to the end of lost. */
void segment_lost(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);
/** To the head of lost: it is retransmitted next. */
void segment_lost_first(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);
/** Leave it to the sender: it leaves both send lists. */
void segment_leave(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);
/** The sender has retransmitted it. */
void segment_by_sender(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);

#endif
