/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Sending half of a lane: gives numbers and order distances, keeps frames until the peer has them,
 * and decides from statuses what to retransmit. Called by arq.c only; calls estimator and bucket.
 *
 * The order distance of a frame is that to the frame of the same key before it, 0 if the peer has
 * that one and all before it (a frame that is acknowledged by a bit alone may still be withheld).
 *
 * Loss of an original is the receiver's judgement, which knows the order of arrival. Loss of a
 * retransmit is judged here as RACK does (RFC 8985 section 6.2): something that was sent later, by
 * more than the radio's reordering, has arrived. A number is retransmitted at most once in D.
 */
#ifndef ARQ_SENDER_H
#define ARQ_SENDER_H

#include <arq/arq.h>
#include <arq/bucket.h>
#include <arq/estimator.h>

#define ARQ_TWINS 256U

/* A frame that was sent. */
struct arq_sent {
	void *handle; /* NULL: not kept, or acknowledged */
	uint64_t first_us, last_us;
	uint32_t bytes;
	uint16_t distance; /* a retransmit has that of the original */
	uint8_t retransmits;
	bool missed; /* the peer said once that it is missing */
};

struct arq_twin {
	uint64_t due_us;
	uint32_t seq;
};

/** What both lanes of an end share. */
struct arq_shared {
	const struct arq_config *config;
	const struct arq_ops *ops;
	void *owner;
	struct arq_counters *counters;
	struct arq_estimator estimator;
	struct arq_bucket bucket;
	uint32_t epoch; /* our own */
	/* Long frames that were lost since one arrived at the first transmission: does the radio
	 * take them? */
	uint32_t long_lost;
};

struct arq_sender {
	struct arq_shared *shared;
	struct arq_sent *ring; /* by number modulo window */
	uint64_t *known;       /* a bit of each: acknowledged */
	uint32_t mask;
	uint8_t lane;
	bool newest_first;
	/* All before una are acknowledged or displaced; next is the first not sent. At most a
	 * window apart. What is withheld at the peer is not before settled, its cumulative number.
	 */
	uint32_t una, next, settled;
	uint32_t stored;
	uint64_t stored_bytes;
	uint64_t rack_us; /* sending time of the newest transmission that is known to have arrived
			   */
	uint32_t peer_received, peer_duplicates, peer_given_up; /* totals of its last status */
	uint32_t twin_head, twin_count;
	struct arq_twin twins[ARQ_TWINS]; /* due in order, as all wait equally long */
	uint32_t last_of_key[ARQ_KEYS];
};

/** @return bytes of memory for the rings of a lane. */
size_t arq_sender_bytes(const struct arq_config *config);
/** @param memory  arq_sender_bytes() bytes, zeroed, 8-byte aligned */
void arq_sender_init(struct arq_sender *sender, struct arq_shared *shared, void *memory,
		     uint8_t lane, uint32_t first);
/** Number a frame, and keep it if there is room. */
void arq_sender_number(struct arq_sender *sender, const struct arq_packet *packet, uint64_t now_us,
		       struct arq_tag *tag);
/**
 * The peer's status.
 *
 * @param echo_us  newest time of sending of a control frame of ours that the peer has heard
 * @return false if it names numbers that were not sent: nothing was changed
 */
bool arq_sender_status(struct arq_sender *sender, const struct arq_status *status, uint64_t echo_us,
		       uint64_t now_us);
/** @return when arq_sender_timer() is due, ARQ_NEVER if not at all. */
uint64_t arq_sender_deadline_us(const struct arq_sender *sender);
void arq_sender_timer(struct arq_sender *sender, uint64_t now_us);
/** Nothing can be sent now. */
void arq_sender_drop_twins(struct arq_sender *sender);
/** Give back all frames: nothing before the next number will be retransmitted. */
void arq_sender_reset(struct arq_sender *sender);

#endif
