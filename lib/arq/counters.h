/* SPDX-License-Identifier: BSD-3-Clause */
/** @file Counters of one end; one writer. */
#ifndef ARQ_COUNTERS_H
#define ARQ_COUNTERS_H

#include <stdint.h>

#define ARQ_COUNTERS(X)                                                                            \
	X(sent_tagged, "frames sent with a tag")                                                   \
	X(sent_plain, "frames sent without one")                                                   \
	X(sent_long, "of these, longer with a tag than the radio takes")                           \
	X(store_full, "tagged frames that could not be kept: not repairable")                      \
	X(window_full, "kept frames that newer ones displaced")                                    \
	X(retransmits, "retransmitted frames")                                                     \
	X(retransmit_bytes, "their bytes")                                                         \
	X(twins, "of these, second copies")                                                        \
	X(bucket_empty, "retransmits that the token bucket did not allow")                         \
	X(tries_used_up, "retransmits that were one too many for a frame")                         \
	X(controls_sent, "control frames sent")                                                    \
	X(control_bytes, "their payload")                                                          \
	X(controls_received, "control frames understood")                                          \
	X(controls_bad, "control frames that are damaged, forged, or of another version")          \
	X(controls_foreign, "control frames of or for another epoch")                              \
	X(controls_absurd, "control frames sent at a time that no clock shows")                    \
	X(status_bad, "statuses that name frames which were not sent")                             \
	X(status_old, "statuses that a newer one overtook")                                        \
	X(received, "tagged frames received and taken")                                            \
	X(missing, "sequence numbers that were skipped")                                           \
	X(repaired, "of these, filled by a retransmit")                                            \
	X(reordered, "of these, filled by the original, late")                                     \
	X(given_up, "of these, waited for no longer")                                              \
	X(late_originals, "originals delivered after they were given up")                          \
	X(late_retransmits, "retransmits dropped as they were given up")                           \
	X(duplicates, "frames dropped as they were delivered before")                              \
	X(too_old, "frames dropped as nothing is known of their number any more")                  \
	X(withheld, "frames that waited for the one before them")                                  \
	X(forced, "missing frames that were given up for lack of memory")                          \
	X(not_chained, "frames whose tag names a frame that has a follower already")               \
	X(other_epoch, "tagged frames of another epoch")                                           \
	X(resyncs, "times that the numbers were taken up anew")                                    \
	X(peers, "peers that were met")                                                            \
	X(silences, "times that the peer fell silent")                                             \
	X(loops, "times that our own frames came back")                                            \
	X(thirds, "times that a third box was heard")

struct arq_counters {
#define ARQ_COUNTER_FIELD(name, help) uint64_t name;
	ARQ_COUNTERS(ARQ_COUNTER_FIELD)
#undef ARQ_COUNTER_FIELD
};

#endif
