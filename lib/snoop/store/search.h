/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Where a sequence number lies among the cached segments of a flow.
 */
#ifndef SNOOP_STORE_SEARCH_H
#define SNOOP_STORE_SEARCH_H

#include <snoop/store/records.h>

/** @return first open segment that ends behind seq, 0 if none. */
uint32_t segment_find_open(const struct snoop_engine *engine, const struct snoop_flow *flow,
			   uint32_t seq);
#define SEGMENT_FAR UINT32_MAX
#define SEGMENT_SEARCH_MAX 512U /* records from either end of a run of SACKed segments */

/** @return first cached segment, SACKed or not, that ends behind seq, 0 if none, SEGMENT_FAR where
 * the search would take too long: in the middle of a long run of SACKed segments. */
uint32_t segment_find(struct snoop_engine *engine, const struct snoop_flow *flow, uint32_t seq);

#endif
