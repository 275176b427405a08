/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The store: what is known. It runs on the worker's lcore, writes the fields of a flow that carry
 * its files' names, calls nothing above it, and of struct snoop_ops only ref and unref.
 *
 * This file: the pool of records, 64 bytes for each cached segment or withheld ACK, within the
 * cache budget.
 */
#ifndef SNOOP_STORE_RECORDS_H
#define SNOOP_STORE_RECORDS_H

#include <snoop/engine.h>

#define SEGMENT_SACKED 0x01	   /* in by_seq only */
#define SEGMENT_LOST 0x02	   /* in the lost list */
#define SEGMENT_LEFT 0x04	   /* in neither send list: left to the sender */
#define SEGMENT_SENDER 0x08	   /* the sender has retransmitted it */
#define SEGMENT_JUDGED 0x10	   /* the congestion judge knows of its loss */
#define SEGMENT_RETRANSMITTED 0x20 /* by us, even before the station fell silent (Karn) */
#define SEGMENT_VETOED 0x40	   /* left to the sender as a sign of congestion */
#define SEGMENT_MISSED 0x80 /* lost_us is valid: its loss was found, or guessed by a time-out */

#define SEGMENT_COPIES_MAX 127U

/*
 * A cached segment, or a withheld ACK. segments.c and withheld.c fill a record, records.c clears
 * its packet; in parentheses: who writes the field later, by the file's name.
 */
struct snoop_segment {
	void *packet;	  /* NULL where the flow is only observed */
	uint64_t sent_us; /* (segments) last transmission towards the station; of a withheld ACK:
			     its deadline */
	uint32_t lost_us; /* (loss) when its loss was first detected, low half of the clock; of a
			     withheld ACK: when it came */
	uint32_t tsval;	  /* of the copy that is cached */
	uint32_t seq;
	uint32_t end;
	uint32_t frame_bytes;
	uint32_t seq_prev, seq_next;   /* (lists, segments, discard) */
	uint32_t open_prev, open_next; /* (lists, segments) */
	uint32_t send_prev, send_next; /* (lists, segments); of a free record: send_next (records,
					  discard) */
	uint8_t tries; /* (retransmit) retransmits; (loss) 0 again after a silence */
	/* For the statistics alone, see outcomes.h: transmissions beside the first, the sender's
	 * among them (retransmit, data); and whether the station was seen to miss it (loss,
	 * data). */
	uint8_t copies : 7;
	bool missing : 1;
	uint8_t flags;		/* each by who does what it says: segments, loss, retransmit */
	uint8_t cause : 4;	/* (loss, retransmit, shield) enum snoop_cause */
	uint8_t sent_cause : 3; /* (retransmit) of its last retransmit */
	bool hidden : 1;	/* (data) no SACK could tell whether the station misses it */
};
_Static_assert(sizeof(struct snoop_segment) == 64, "one cache line per cached segment");

static inline struct snoop_segment *segment_at(const struct snoop_engine *engine, uint32_t index)
{
	return &engine->segments[index];
}

/** Make the free list. */
void records_init(struct snoop_engine *engine);
/** @return a record for a packet of so many bytes, 0 where the pool or the budget forbids. */
uint32_t record_get(struct snoop_engine *engine, uint32_t frame_bytes);
/** Free a record that is in no list. Its packet's reference is the caller's. */
void record_put(struct snoop_engine *engine, uint32_t index);
/** Free the record of a segment, and give its packet back. */
void record_free(struct snoop_engine *engine, uint32_t index);
/** Free up to so many of the segments that flows have discarded. @return how many are freed. */
uint32_t records_free_discarded(struct snoop_engine *engine, uint32_t count);

/* So many segments leave all scoreboards at one instant of the clock, but at least so many a
 * packet. */
#define SEGMENT_PORTION 256U
#define SEGMENT_PORTION_MIN 16U

/** @return how many segments may leave the scoreboards now; charge each that leaves to
 * engine->portion_left. */
uint32_t records_portion(struct snoop_engine *engine);
/** Charge one segment that left. */
static inline void records_charge_portion(uint32_t *portion_left)
{
	if (*portion_left)
		(*portion_left)--;
}

#endif
