/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * When the engine wants to look at a flow again: the tail timer, the reordering window, withheld
 * ACKs.
 */
#ifndef SNOOP_ACT_DEADLINE_H
#define SNOOP_ACT_DEADLINE_H

#include <snoop/engine.h>

/** Set deadline_us from everything that the flow waits for. */
void deadline_set(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us);
/**
 * The same after an ACK in order, with all that is cached in flight, without gaps and without a
 * suspect: mostly no segment has to be read.
 *
 * @param at_border  the ACK ended where a segment ends
 */
void deadline_set_in_order(struct snoop_engine *engine, struct snoop_flow *flow, bool at_border,
			   uint64_t now_us);

/**
 * Data in order has been forwarded, after enough that is in flight already.
 *
 * @return true if nothing that the deadline depends on has changed since it was set.
 */
bool deadline_stands(const struct snoop_engine *engine, const struct snoop_flow *flow);

#endif
