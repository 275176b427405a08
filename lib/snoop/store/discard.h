/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Many segments leave the store at once: what an ACK in order covers, and all of a flow.
 */
#ifndef SNOOP_STORE_DISCARD_H
#define SNOOP_STORE_DISCARD_H

#include <snoop/store/records.h>

/** What segment_remove_run() has taken out: all sent once, in one order. */
struct segment_run {
	uint32_t count;
	uint32_t end;	  /* of the last */
	uint64_t sent_us; /* of the last, which is the newest */
};

/**
 * Take out all that an ACK covers, where that is what it mostly is: nothing is SACKed or missing,
 * and a few segments of which each was sent once are the first in all lists. Not for a flow of
 * which something is lost or left to the sender.
 *
 * @return false if it is not so, or if there is none: nothing was done.
 */
bool segment_remove_run(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t ack,
			struct segment_run *run);

/** Let go of all segments of a flow: some at once, the others by records_free_discarded(). */
void segment_discard_all(struct snoop_engine *engine, struct snoop_flow *flow);
/** Free up to so many of the segments that flows have discarded. @return how many are freed. */
uint32_t records_free_discarded(struct snoop_engine *engine, uint32_t count);

#endif
