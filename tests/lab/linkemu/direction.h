/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINKEMU_DIRECTION_H
#define LINKEMU_DIRECTION_H

#include "frame.h"
#include "prng.h"
#include "retransmits.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * @file
 * One direction of a link: the model of queue, transmitter and medium.
 *
 * A frame arrives, waits in a drop-tail queue of bytes, is transmitted at the rate, is perhaps lost
 * on the medium (after it took its air time, as on a radio), travels for the delay and is
 * delivered. Time is virtual: departure = max(arrival, last departure) + size / rate, so the
 * emulator being late loses no rate, and the fate of a frame is known as soon as it arrives.
 */

/* What --dir and the control command `set` can set: key, default, help. */
#define DIRECTION_KEYS(X)                                                                          \
	X(rate_bps, 0, "bits per second of Ethernet frame without FCS, 0 = unlimited")             \
	X(delay_us, 0, "one-way propagation delay")                                                \
	X(queue_bytes, 0, "drop-tail queue in front of the transmitter, 0 = unlimited")            \
	X(loss, 0, "probability that a frame is lost, independent of all others")                  \
	X(burst_loss, 0, "share of frames lost in bursts (Gilbert: all lost in the bad state)")    \
	X(burst_len_pkts, 4, "mean frames of such a burst")                                        \
	X(biterror, 0, "bit error rate; a frame with a wrong bit is lost")                         \
	X(jitter_us, 0, "uniform extra delay in [0, jitter_us]")                                   \
	X(jitter_reorders, 0, "1 = jitter may reorder")                                            \
	X(reorder, 0, "probability that a frame is held back by reorder_delay_us")                 \
	X(reorder_delay_us, 0, "extra delay of such a frame")                                      \
	X(duplicate, 0, "probability that a frame is delivered twice")                             \
	X(corrupt, 0, "probability that one bit of a delivered frame is flipped")                  \
	X(mtu_bytes, 0, "longest IP packet, 0 = what a buffer holds")                              \
	X(seed, 1, "seed of every random decision of this direction")

#define DIRECTION_COUNTERS(X)                                                                      \
	X(in_pkts) /* frames read from the tap */                                                  \
	X(in_bytes)                                                                                \
	X(delivered_pkts) /* frames written to the far tap, duplicates included */                 \
	X(delivered_bytes)                                                                         \
	X(lost_random)                                                                             \
	X(lost_burst)                                                                              \
	X(lost_biterror)                                                                           \
	X(lost_down)   /* while silent by command */                                               \
	X(queue_drops) /* no room in the queue */                                                  \
	X(queue_drops_bytes)                                                                       \
	X(queue_max_bytes) /* the fullest it was */                                                \
	X(duplicated)                                                                              \
	X(corrupted)                                                                               \
	X(reordered)                                                                               \
	X(checksums_completed) /* frames whose checksum the host left to its card, */              \
	X(super_frames)	       /* and TCP super-frames that it left to the card to cut */          \
	X(oversize_drops)      /* longer than mtu_bytes */                                         \
	X(buffer_drops)	       /* the pool or the heap was full: a fault of the lab */             \
	X(write_errors)	       /* the far tap refused */                                           \
	X(late_max_ns)	       /* delivery after its due time: the worst, */                       \
	X(late_sum_ns)	       /* the sum over all, */                                             \
	X(late_over_1ms)       /* and how many above 1 ms */

/* One generator each. */
enum direction_stream {
	STREAM_LOSS,
	STREAM_BURST,
	STREAM_BITERROR,
	STREAM_JITTER,
	STREAM_REORDER,
	STREAM_DUPLICATE,
	STREAM_CORRUPT,
	STREAMS
};

struct direction {
	struct {
#define X(key, value, help) double key;
		DIRECTION_KEYS(X)
#undef X
	} set;
	struct {
#define X(counter) uint64_t counter;
		DIRECTION_COUNTERS(X)
#undef X
	} counters;
	struct prng streams[STREAMS];
	struct frame_queue queue;
	struct frame_pool *pool;
	struct retransmits *retransmits; /* NULL = not tracked */
	uint64_t last_departure_ns;
	uint64_t last_due_ns;
	uint64_t down_from_ns, down_to_ns;   /* departures in [from, to) are lost */
	uint64_t stall_from_ns, stall_to_ns; /* nothing departs in [from, to) */
	bool burst_is_bad;
	int rx_fd, tx_fd;
	bool rx_offloads, tx_offloads; /* the tap's host leaves work to its card (card.h) */
};

/** @return 0, or a negative errno */
int direction_init(struct direction *dir, struct frame_pool *pool, int rx_fd, int tx_fd);

/** @return 0, -ENOENT for an unknown key, -EINVAL for a value that is no number or out of range */
int direction_set(struct direction *dir, const char *key, const char *value);

/** Zero the counters and start the random sequences from the seed again. Frames in flight stay. */
void direction_reset(struct direction *dir);

/** Lose everything that departs within [now + after, now + after + length). */
void direction_down(struct direction *dir, uint64_t now_ns, double after_s, double length_s);

/** Send nothing for so long: frames wait in the queue, none is lost on the medium. */
void direction_stall(struct direction *dir, uint64_t now_ns, double after_s, double length_s);

/** Take over a frame that was just read, decide its fate, queue it or free it. */
void direction_admit(struct direction *dir, struct frame *frame, uint64_t now_ns);

/** Write every frame that is due to the far tap. */
void direction_deliver(struct direction *dir, uint64_t now_ns);

/** Print settings and counters as one JSON object. */
void direction_print_json(const struct direction *dir, FILE *out);

#endif
