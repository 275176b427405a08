/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * When to say that the TCP checksums of a side are unfinished or wrong. Pure; the supervisor logs.
 *
 * Unfinished ones mean that no connection of that neighbour works, and nothing else shows it: two
 * are enough to say so. Damaged packets happen; a share of them is worth a line.
 */
#ifndef SNOOPD_CHECKSUMS_H
#define SNOOPD_CHECKSUMS_H

#include <stdint.h>

#include <counters/counters.h>

#define CHECKSUMS_AGAIN_US 600000000u /* from one line of a side to the next */
#define CHECKSUMS_UNFINISHED_MIN 2u
#define CHECKSUMS_INVALID_MIN 10u
#define CHECKSUMS_INVALID_PPM 10000u /* of the side's TCP packets */

enum checksums_verdict { CHECKSUMS_FINE, CHECKSUMS_UNFINISHED, CHECKSUMS_INVALID };

/** Packets of a side. */
struct checksums_counts {
	uint64_t tcp, invalid, unfinished;
};

/** Of one side; all zero at the start. */
struct checksums_watch {
	struct checksums_counts told; /* when a line was due last */
	uint64_t told_us;	      /* 0 = never */
};

/** @param wireless  the side; otherwise the wired one */
struct checksums_counts checksums_count(const struct counters *sum, int wireless);

/**
 * Look at the counters of a side.
 *
 * @param news  what came since the last line, or since the start; set unless all is fine
 * @return what a line has to say now.
 */
enum checksums_verdict checksums_look(struct checksums_watch *watch,
				      const struct checksums_counts *counts, uint64_t now_us,
				      struct checksums_counts *news);

#endif
