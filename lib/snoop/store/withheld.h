/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Withheld ACKs of a flow, in order of arrival, in records of the same pool as segments.
 */
#ifndef SNOOP_STORE_WITHHELD_H
#define SNOOP_STORE_WITHHELD_H

#include <snoop/store/records.h>

/** Withhold an ACK, whose reference passes to the store. @return false if the pool or a budget
 * forbids.
 */
bool withheld_append(struct snoop_engine *engine, struct snoop_flow *flow,
		     const struct snoop_packet *packet, uint64_t deadline_us);
/** Unlink the oldest withheld ACK. @return its packet, whose reference is now the caller's; NULL if
 * none. */
void *withheld_pop(struct snoop_engine *engine, struct snoop_flow *flow);

#endif
