/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Where a sequence number lies among the cached segments of a flow.
 *
 * Whoever sends SACK blocks or retransmits chooses what is searched for, so every search is
 * bounded: alone, and together with all others at one instant of the clock, which is one turn of
 * the worker. A search that would take longer answers SEGMENT_FAR. Its caller does without: the
 * place is not known, and nothing may be judged from what was not found.
 */
#ifndef SNOOP_STORE_SEARCH_H
#define SNOOP_STORE_SEARCH_H

#include <snoop/store/records.h>

#define SEGMENT_FAR UINT32_MAX
#define SEARCH_STEPS 4096U    /* of all searches at one instant ... */
#define SEARCH_STEPS_MIN 8U   /* ... but for every search so many */
#define SEARCH_STEPS_MAX 512U /* of one search: records from either end of where it looks */

/**
 * Find an open segment. A search that took too long goes on where it was, should the next one be
 * for the same place.
 *
 * @return first open segment that ends after seq, 0 if none, SEGMENT_FAR where it takes too long.
 */
uint32_t segment_find_open(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t seq);

/** @return first cached segment, SACKed or not, that ends after seq, 0 if none, SEGMENT_FAR where
 * it takes too long. */
uint32_t segment_find(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t seq);

#endif
