/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Many segments leave the store at once: a run that an ACK covers, or all of a flow.
 */
#ifndef SNOOP_STORE_DISCARD_H
#define SNOOP_STORE_DISCARD_H

#include <snoop/store/records.h>

/** What segment_remove_run() has removed: segments that were sent once, in order. */
struct segment_run {
	uint32_t count;
	uint32_t end;	  /* of the last */
	uint64_t sent_us; /* of the last, which is the newest */
};

/**
 * Remove everything an ACK covers in the common case: a short run of segments, each sent once, at
 * the head of all lists, with nothing SACKed or missing. Not for a flow with lost segments or
 * segments left to the sender.
 *
 * @return false in any other case, with nothing done.
 */
bool segment_remove_run(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t ack,
			struct segment_run *run);

/** Discard all segments of a flow: some at once, the others by records_free_discarded(). */
void segment_discard_all(struct snoop_engine *engine, struct snoop_flow *flow);

#endif
