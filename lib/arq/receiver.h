/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Receiving half of a lane: finds gaps, withholds frames until the one before them in their key
 * was delivered or given up, filters copies, and says what is missing. Called by arq.c only.
 *
 * Invariants. base is the first missing number, or end. All numbers before base are settled, so
 * what is withheld lies between base and end, above its missing root. Numbers are found missing in
 * their order, so they also expire in their order. The last window of numbers has slots.
 */
#ifndef ARQ_RECEIVER_H
#define ARQ_RECEIVER_H

#include <arq/sender.h>

enum arq_slot_state {
	ARQ_SLOT_MISSING,
	ARQ_SLOT_WITHHELD,
	ARQ_SLOT_DELIVERED,
	ARQ_SLOT_GIVEN_UP,
};

struct arq_slot {
	void *handle;	    /* if withheld */
	uint32_t missed_us; /* when it was found missing, low half of the clock */
	uint32_t bytes;
	uint16_t distance; /* to the frame that it waits for */
	uint16_t follower; /* distance to the frame that waits for it, 0 if none */
	uint8_t state;	   /* enum arq_slot_state */
};

struct arq_receiver {
	struct arq_shared *shared;
	struct arq_slot *ring; /* by number modulo window */
	uint64_t *bits;	       /* one of each: not missing */
	uint32_t mask;
	uint8_t lane;
	bool used; /* a frame was received */
	uint32_t base, end;
	uint32_t ripe; /* what is missing before it is older than the tolerance; may be told */
	uint32_t withheld;
	uint64_t withheld_bytes;
	uint32_t tolerance_us;
	uint64_t tolerance_since_us;
	uint32_t received, duplicates, given_up;
	uint32_t behind;   /* times in a row that the peer said a next before end */
	uint64_t heard_us; /* newest event, for the high half of the clock */
	/* When a status is due. */
	uint64_t told_us;   /* the last one */
	uint32_t untold;    /* frames since */
	uint64_t untold_us; /* when the first of these came */
	uint64_t gap_us;    /* when a gap became ripe that was not told yet, ARQ_NEVER if none */
};

/** @return bytes of memory for the rings of a lane. */
size_t arq_receiver_bytes(const struct arq_config *config);
/** @param memory  arq_receiver_bytes() bytes, zeroed, 8-byte aligned */
void arq_receiver_init(struct arq_receiver *receiver, struct arq_shared *shared, void *memory,
		       uint8_t lane);
/** Deliver all that is withheld, then expect the number first. What is older counts as given up: an
 * original of it is still delivered. */
void arq_receiver_restart(struct arq_receiver *receiver, uint32_t first);
/** Wait for a missing number no longer. */
void arq_receiver_give_up(struct arq_receiver *receiver, uint32_t seq);
/** Give up all that is missing, so deliver all that is withheld. */
void arq_receiver_flush(struct arq_receiver *receiver);
/** @return ARQ_TAKEN or ARQ_DROP */
enum arq_verdict arq_receiver_frame(struct arq_receiver *receiver, const struct arq_packet *packet,
				    const struct arq_tag *tag, uint64_t now_us);
/** The peer says that all before next were sent, and those before first will not be sent again.
 * Newest word only. */
void arq_receiver_next(struct arq_receiver *receiver, uint32_t first, uint32_t next,
		       uint64_t now_us);
/** @return when arq_receiver_expire() is due, ARQ_NEVER if not at all. */
uint64_t arq_receiver_expiry_us(const struct arq_receiver *receiver);
/** Give up what is missing for too long; not more than a bounded number at once. */
void arq_receiver_expire(struct arq_receiver *receiver, uint64_t now_us);
/** @return when a status is due, ARQ_NEVER if not at all. */
uint64_t arq_receiver_status_due_us(const struct arq_receiver *receiver);
/** Fill in all but next. The receiver takes it for sent. */
void arq_receiver_tell(struct arq_receiver *receiver, struct arq_status *status, uint64_t now_us);

#endif
