/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What repairs achieved, by station: the worker's answer to a request of kind REPAIRS, and what the
 * guard (control/guard.h) lets the stations vote with. Plain data; whoever owns the request's slot.
 */
#ifndef SNOOPD_VOTES_H
#define SNOOPD_VOTES_H

#include <stdint.h>

#define GUARD_STATIONS 256 /* votes; stations whose hashes collide share one */

/** Sums over the flows in the table, by a keyed hash of their station. */
struct guard_station {
	uint64_t retransmits, spurious, confirmed;
};

#endif
