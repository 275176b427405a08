/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What hosts get out of a link: bulk transfers, a paced UDP stream, and thin request/response
 * flows, all at once.
 *
 *     hosts - wire (delay) - box 0 - radio - box 1 - hosts
 */
#ifndef SIM_ARQ_SCENARIO_H
#define SIM_ARQ_SCENARIO_H

#include "quic.h"

#define BULKS_MAX 8U

enum scenario_mode {
	SCENARIO_PLAIN,	    /* wires in place of the boxes */
	SCENARIO_UNORDERED, /* repaired, and delivered as it arrives */
	SCENARIO_ORDERED,
};

struct scenario {
	uint64_t seed;
	enum scenario_mode mode;
	uint64_t rate_bps;
	uint32_t rtt_us;       /* D of the radio */
	uint32_t wired_rtt_us; /* of the wire */
	uint32_t loss_ppm;     /* both ways */
	uint32_t fade_us;      /* 0: independent losses; else fades of this mean length */
	uint32_t jitter_us;
	bool jitter_reorders;
	bool radio_queue;  /* the radio's queue is the bottleneck, not the box's */
	uint32_t queue_us; /* length of the bottleneck's queue */
	uint32_t codel_target_us;
	uint32_t downs, ups; /* bulk transfers */
	enum quic_cc cc;
	uint32_t thins;	  /* request/response flows, one exchange in 20 ms each */
	uint32_t udp_bps; /* paced stream down, frames of 1242 bytes; 0 = none */
	/* The radio has two queues and prefers the stream, which has the lane of the bulk transfer
	 * or the unordered one. */
	bool prefer_udp, udp_lane;
	uint32_t seconds, skip_seconds; /* measured are the seconds after those skipped */
	void (*change)(struct arq_config *config); /* of the defaults; may be NULL */
};

struct delays {
	uint32_t *us;
	uint32_t count, room;
};

struct scenario_result {
	char why[WHY_BYTES];
	double useless_per_frame;    /* retransmits that were not needed, for each tagged frame */
	double share_down, share_up; /* of what the radio can carry as payload */
	uint64_t quic_losses, quic_spurious, quic_reductions;
	uint64_t udp_sent, udp_lost;
	/* Beyond an empty lossless radio, after the box's queue, of what was delivered. */
	uint32_t thin_p50_us, thin_p99_us, thin_max_us, udp_p50_us, udp_p99_us;
	uint64_t thin_lost, thin_sent;
	uint32_t queue_p50_us, queue_p99_us; /* of thin frames in the box's queue */
	double loss_before, loss_after;	     /* of frames on the radio, down; after repair */
	uint64_t tagged, retransmits, duplicates, bucket_empty, given_up, queue_drops;
	uint64_t silences;    /* times that an end took the other for gone */
	double control_share; /* control bytes on the radio of its capacity, up */
};

void scenario_defaults(struct scenario *scenario);
bool scenario_run(const struct scenario *scenario, struct scenario_result *result);

#endif
