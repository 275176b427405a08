/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Where a sequence number lies among the cached segments of a flow.
 *
 * A station chooses its SACK blocks and a sender its retransmits, so every search is bounded:
 * alone, and together with all others at one instant of the clock, which is one turn of the worker.
 * A search that would take longer answers SEGMENT_FAR. Its caller must not judge anything from what
 * was not found.
 */
#ifndef SNOOP_STORE_SEARCH_H
#define SNOOP_STORE_SEARCH_H

#include <snoop/store/records.h>

#define SEGMENT_FAR UINT32_MAX
#define SEARCH_STEPS 4096U    /* of all searches at one instant ... */
#define SEARCH_STEPS_MIN 8U   /* ... but at least so many a search */
#define SEARCH_STEPS_MAX 512U /* of one search */

/**
 * Find an open segment. After SEGMENT_FAR the next search begins where this one ended.
 *
 * @return first open segment that ends after seq, 0 if none, SEGMENT_FAR where it takes too long.
 */
uint32_t segment_find_open(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t seq);

/** @return first cached segment, SACKed or not, that ends after seq, 0 if none, SEGMENT_FAR where
 * it takes too long. */
uint32_t segment_find(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t seq);

#endif
