/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What one ACK newly delivered, collected segment by segment.
 */
#ifndef SNOOP_JUDGE_DELIVERY_H
#define SNOOP_JUDGE_DELIVERY_H

#include <snoop/store/segments.h>

/* The statistics take an answer for too early only where it lacks this part of the minimum RTT. */
#define EARLY_MARGIN 4U

struct delivery {
	uint32_t portion_left; /* segments that may still leave the scoreboards */
	uint32_t segments;     /* newly delivered */
	bool has_sample;       /* sent_once_us gives an RTT sample */
	bool has_sent_once;    /* something was delivered that was sent once */
	uint64_t sent_once_us; /* the most recently sent of those */
	uint32_t sent_once_end;
	bool has_newest;	 /* something was delivered */
	uint64_t newest_sent_us; /* the most recently sent of all: RACK */
	uint32_t newest_end;
	bool newest_retransmitted;
	bool newest_guessed;	       /* retransmitted because of a time-out */
	const struct wire_sack *dsack; /* what this ACK reports as a duplicate, or NULL */
	bool elsewhere; /* the ACK covers what never passed here: all below known_from */
	uint32_t known_from;
};

/** Charge one segment that leaves the scoreboard. @return false if none may leave now. */
static inline bool delivery_use_portion(struct snoop_engine *engine, struct delivery *delivery)
{
	if (!delivery->portion_left)
		return false;
	delivery->portion_left--;
	records_charge_portion(&engine->portion_left);
	return true;
}

/** Add a segment that the ACK newly delivered. */
void delivery_add(struct snoop_engine *engine, struct snoop_flow *flow,
		  struct snoop_segment *segment, struct delivery *delivery, uint64_t now_us);

/**
 * A segment that ends at `end` is answered after a time-out has retransmitted it. Is the answer the
 * original's, as the path's RTT has grown?
 *
 * @return after how long what was sent next would be answered if so: until then nothing is known.
 */
uint64_t delivery_wait_us(struct snoop_engine *engine, const struct snoop_flow *flow, uint32_t end,
			  uint64_t now_us);

#endif
