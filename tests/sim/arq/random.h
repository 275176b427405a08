/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Random links, traffic and faults, to look for a broken promise. */
#ifndef SIM_ARQ_RANDOM_H
#define SIM_ARQ_RANDOM_H

#include "link.h"

/** What may happen beside losses. */
enum random_kind {
	RANDOM_RADIO,	/* loss, jitter, duplicates, damage, outages */
	RANDOM_RESTART, /* and boxes that restart, leave, or are bypassed */
	RANDOM_ATTACK,	/* and forged control frames: the promise cannot hold, the bounds do */
	RANDOM_KINDS,
};

struct random_result {
	char why[WHY_BYTES];
	uint64_t sent, delivered, tagged, lost_on_radio, given_up, retransmits, withheld, wrong;
	uint64_t late_originals, duplicates;
};

/** @return false if a promise was broken; result->why says which. */
bool random_run(uint64_t seed, enum random_kind kind, struct random_result *result);

#endif
