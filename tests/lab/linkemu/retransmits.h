/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINKEMU_RETRANSMITS_H
#define LINKEMU_RETRANSMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * @file
 * Ground truth about retransmits: the radio itself counts which TCP data segments it was asked to
 * carry more than once, and whether that was of any use. It does not trust the box's own counters.
 *
 * A copy is a segment of the same flow and sequence number as one seen before. A copy equal to the
 * previous one in every byte below the Ethernet header was retransmitted by the box (a sender's own
 * retransmission carries a new timestamp or IP identification). The table is never thinned: a flow
 * that wraps its sequence space (4 GB) within one run would be miscounted.
 */

enum segment_fate {
	SEGMENT_DELIVERED,
	SEGMENT_LOST,	    /* on the air, after it took its air time */
	SEGMENT_QUEUE_DROP, /* died in the full queue */
};

struct retransmits_counters {
	uint64_t data_segments; /* distinct */
	uint64_t copies;
	uint64_t copies_identical; /* byte-identical: retransmitted by the box */
	uint64_t copies_needless;  /* an earlier copy had arrived or was on its way to arrive */
	uint64_t copies_delivered_already; /* of those: it had arrived when the copy entered */
	uint64_t copies_identical_needless;
	uint64_t copies_lost;
	uint64_t copies_died_in_queue;
	uint64_t copies_identical_died_in_queue;
	uint64_t first_lost;
	uint64_t first_died_in_queue;
	uint64_t untracked; /* the table was full */
};

struct retransmits_entry;

struct retransmits {
	struct retransmits_entry *entries;
	size_t entries_cap;
	size_t entries_used;
	struct retransmits_counters counters;
};

/** @return 0, or -ENOMEM */
int retransmits_init(struct retransmits *retransmits, unsigned int entries_log2);

/** Forget every segment and zero the counters. */
void retransmits_reset(struct retransmits *retransmits);

/**
 * A frame entered the link and its fate is known. Frames other than unfragmented TCP data are
 * ignored.
 *
 * @param due_ns  when it will arrive, if it is delivered
 */
void retransmits_note(struct retransmits *retransmits, const uint8_t *data, size_t len_bytes,
		      enum segment_fate fate, uint64_t now_ns, uint64_t due_ns);

#endif
