/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINKEMU_RETRANSMITS_H
#define LINKEMU_RETRANSMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * @file
 * Ground truth about retransmits: the radio itself counts which TCP data segments it was asked to
 * carry more than once, and whether that was of any use. It does not trust the box's own counters.
 *
 * A copy is a segment of the same flow and sequence number as one seen before. A copy equal to the
 * previous one in every byte below the Ethernet header was retransmitted by the box (a sender's own
 * retransmission carries a new timestamp or IP identification). The table is never thinned: a flow
 * that wraps its sequence space (4 GB) within one run would be miscounted.
 *
 * It is also the truth about losses: which of its drops can a box in front of the link, or after
 * it, know of? A drop of a segment of which a copy had arrived or was under way leaves no trace:
 * `drops` counts it, `missed` does not. What was dropped, and sent again before any data after it
 * arrived, leaves no gap after the link: `segments_missed` counts it, `gaps` does not.
 */

enum segment_fate {
	SEGMENT_DELIVERED,
	SEGMENT_LOST,	    /* on the air, after it took its air time */
	SEGMENT_QUEUE_DROP, /* died in the full queue */
};

#define RETRANSMITS_COUNTERS(X)                                                                    \
	X(data_segments) /* distinct */                                                            \
	X(copies)                                                                                  \
	X(copies_identical)	    /* byte-identical: retransmitted by the box */                 \
	X(copies_needless)	    /* an earlier copy had arrived or was on its way to arrive */  \
	X(copies_delivered_already) /* of those: it had arrived when the copy entered */           \
	X(copies_identical_needless)                                                               \
	X(copies_identical_useful) /* delivered, and the first that was */                         \
	X(copies_lost)                                                                             \
	X(copies_died_in_queue)                                                                    \
	X(copies_identical_died_in_queue)                                                          \
	X(first_lost)                                                                              \
	X(first_died_in_queue)                                                                     \
	X(drops)	   /* frames with data, on the air and in the queue */                     \
	X(missed)	   /* of those: nobody beyond the link had, or would get, a copy */        \
	X(segments_missed) /* distinct segments of those */                                        \
	X(gaps)		   /* of those: data after it arrived first, so that its absence shows */  \
	X(untracked)	   /* the table was full */

struct retransmits_counters {
#define X(counter) uint64_t counter;
	RETRANSMITS_COUNTERS(X)
#undef X
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

/** Print the counters as one JSON object. */
void retransmits_print_json(const struct retransmits *retransmits, FILE *out);

#endif
