/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One direction of a radio, or of a wire: queue, rate, delay, and all that may happen to a frame.
 */
#ifndef SIM_ARQ_CHANNEL_H
#define SIM_ARQ_CHANNEL_H

#include "world.h"

#define SIGNAL_BYTES 700U /* the longest status and its header; of data frames their beginning */

/* A frame on its way over the radio. */
struct signal {
	uint32_t bytes;	     /* of the frame, without FCS */
	uint32_t data_bytes; /* of those, what is in data */
	bool control, priority;
	void *origin;	/* of a data frame: what it was made of */
	uint32_t *refs; /* of the origin; NULL if there is none */
	void *owner;	/* of whoever sends */
	struct signal *next;
	uint8_t data[SIGNAL_BYTES];
};

struct channel_params {
	uint64_t rate_bps;
	uint32_t delay_us;
	uint32_t queue_bytes; /* of each of its queues, drop tail */
	uint32_t loss_ppm;
	uint32_t burst_mean;  /* 1: independent losses; else Gilbert-Elliott, per frame */
	uint32_t fade_us;     /* not 0: Gilbert-Elliott in time, bad for so long in the mean */
	uint32_t jitter_us;   /* added to the delay */
	bool jitter_reorders; /* each frame has its own; else the order is kept */
	bool two_queues;      /* priority frames go first */
	uint32_t duplicate_ppm;
	uint32_t corrupt_ppm; /* of control frames; a damaged data frame is lost (FCS) */
	uint32_t outage_every_us, outage_us;
};

struct channel {
	struct world *world;
	struct channel_params params;
	void (*arrive)(void *context, struct signal *signal);
	void (*destroy)(struct signal *signal);
	void *context;
	struct signal *head[2], **tail[2]; /* priority first */
	uint64_t queued_bytes[2];
	bool busy, bad;
	uint64_t flip_ns; /* when the radio turns bad or good, if it fades */
	bool cut;	  /* carries nothing */
	uint64_t last_arrival_ns;
	uint64_t frames, lost, dropped, wire_bytes; /* dropped: by the queue */
	uint64_t data_frames, data_lost;
};

void channel_init(struct channel *channel, struct world *world, const struct channel_params *params,
		  void (*arrive)(void *, struct signal *), void (*destroy)(struct signal *),
		  void *context);
/** Give up what is queued. Signals under way are events of the world, which are run or leak. */
void channel_free(struct channel *channel);
/** The channel takes the signal. */
void channel_send(struct channel *channel, struct signal *signal);

/** @return nanoseconds of a frame on the wire: preamble, FCS and gap are 24 bytes. */
static inline uint64_t channel_time_ns(const struct channel_params *params, uint32_t bytes)
{
	return (bytes + 24ULL) * 8 * NS_PER_S / params->rate_bps;
}

#endif
