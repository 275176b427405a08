/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The segment store: cached segments of a flow in sequence order and in order of their last transmission.
 *
 * Three intrusive lists over one pool of 64-byte records (indices, not pointers: half the size):
 *   by_seq     everything that is cached; freed from its head by the cumulative ACK
 *   open       what is not SACKed yet; a SACK block touches only what it newly covers
 *   in_flight / lost   open segments by last transmission, so that loss detection costs O(losses)
 * The link of a list's first record to the one before it means nothing: what was before it left without a look at it.
 * Withheld ACKs use records of the same pool.
 */
#ifndef SNOOP_SEGMENT_H
#define SNOOP_SEGMENT_H

#include <snoop/flow.h>

#define SEGMENT_SACKED 0x01     /* in by_seq only */
#define SEGMENT_LOST 0x02       /* in the lost list */
#define SEGMENT_LEFT 0x04       /* in neither send list: the sender has to do it */
#define SEGMENT_SENDER 0x08     /* sent again by the sender */
#define SEGMENT_COUNTED 0x10    /* its first loss is in the statistics */
#define SEGMENT_RETRANSMITTED 0x20   /* we have sent it again, be it before the station fell silent (Karn) */
#define SEGMENT_VETOED 0x40     /* left to the sender as a sign of congestion */
#define SEGMENT_MISSED 0x80     /* lost_us is valid: its loss was found, or guessed by a time-out */

struct snoop_segment {
	void *packet;                   /* NULL where the flow is only observed */
	uint64_t sent_us;               /* last transmission towards the station; withheld ACK: its deadline */
	uint32_t lost_us;               /* when its loss was detected first, low half of the clock; withheld ACK: when */
	uint32_t tsval;                 /* of the copy that is cached */
	uint32_t seq;
	uint32_t end;
	uint32_t frame_bytes;
	uint32_t seq_prev, seq_next;
	uint32_t open_prev, open_next;
	uint32_t send_prev, send_next;  /* free list: send_next */
	uint16_t tries;
	uint8_t flags;
	uint8_t cause;                  /* enum snoop_cause of the detection */
};
_Static_assert(sizeof(struct snoop_segment) == 64, "one cache line per cached segment");

/**
 * Put a packet that can be held into the store, with a reference; or one of a flow that is only observed, without.
 *
 * @return its index, 0 where a budget or the pool forbids.
 */
uint32_t segment_insert(struct snoop_engine *engine, struct snoop_flow *flow, const struct snoop_packet *packet,
			uint32_t seq, uint32_t end, uint64_t now_us);
/** Take it out of every list, drop the packet, free the record. */
void segment_remove(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);
/** @return first open segment that ends behind seq, 0 if none. */
uint32_t segment_find_open(const struct snoop_engine *engine, const struct snoop_flow *flow, uint32_t seq);
#define SEGMENT_FAR UINT32_MAX
#define SEGMENT_SEARCH_MAX 512U /* records from either end of a run of SACKed segments */

/** @return first cached segment, SACKed or not, that ends behind seq, 0 if none, SEGMENT_FAR where the search would take
 * too long: in the middle of a long run of SACKed segments. */
uint32_t segment_find(struct snoop_engine *engine, const struct snoop_flow *flow, uint32_t seq);

/** Mark SACKed: leaves every list but by_seq. */
void segment_sacked(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);
/** The segment has just been sent (again): to the end of in_flight. */
void segment_sent(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index, uint64_t now_us);
/** From in_flight to the end of lost. */
void segment_lost(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);
/** From in_flight or lost to the head of lost: it is retransmitted next. */
void segment_lost_first(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);
/** Leave it to the sender: out of both send lists. */
void segment_leave(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);
/** Mark it as sent again by the sender. */
void segment_by_sender(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);

/** Withhold an ACK. Takes over the caller's reference. @return false where pool or budget forbid. */
bool segment_withhold(struct snoop_engine *engine, struct snoop_flow *flow, const struct snoop_packet *packet,
		  uint64_t deadline_us);
/** Unlink the oldest withheld ACK. @return its packet, whose reference is now the caller's; NULL if none. */
void *segment_pop_withheld(struct snoop_engine *engine, struct snoop_flow *flow);

#define SEGMENT_PORTION 256U    /* segments that leave the scoreboards of all flows at one instant of the clock ... */
#define SEGMENT_PORTION_MIN 16U /* ... but for every packet so many */

/** @return how many segments may leave the scoreboards now. What leaves is charged to engine->portion_left. */
uint32_t segment_portion(struct snoop_engine *engine);
/** One has left. */
static inline void segment_charge(uint32_t *portion_left)
{
	if (*portion_left)
		(*portion_left)--;
}

/** What segment_take_run() has taken out: all sent once, in one order. */
struct segment_run {
	uint32_t count;
	uint32_t end;           /* of the last */
	uint64_t sent_us;       /* of the last, which is the newest */
};

/**
 * Take out all that an ACK covers, where that is what it mostly is: nothing is SACKed or missing, and a few segments of which each
 * was sent once are the first in all lists. Not for a flow of which something is lost or left to the sender.
 *
 * @return false if it is not so, or if there is none: nothing was done.
 */
bool segment_take_run(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t ack, struct segment_run *run);

/** Let go of all segments of a flow: some at once, the others by segment_free_discarded(). */
void segment_discard_all(struct snoop_engine *engine, struct snoop_flow *flow);
/** Free up to so many of the segments that flows have discarded. @return how many are freed. */
uint32_t segment_free_discarded(struct snoop_engine *engine, uint32_t count);

/** Make the free list. */
void segment_pool_init(struct snoop_engine *engine);

#endif
