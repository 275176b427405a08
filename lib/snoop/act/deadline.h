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
 * The same behind an ACK with news where all that is cached is in flight, in one piece and without
 * a suspect: mostly no segment has to be looked at.
 *
 * @param at_border  the ACK did not end within a segment
 */
void deadline_set_in_order(struct snoop_engine *engine, struct snoop_flow *flow, bool at_border,
			   uint64_t now_us);

/**
 * Data in order has been forwarded, after enough that is in flight already.
 *
 * @return true where nothing that the deadline depends on is other than when it was set last.
 */
bool deadline_stands(const struct snoop_engine *engine, const struct snoop_flow *flow);

#endif
