/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What only few flows need: those with retransmits of ours, and those of senders without SACK. If
 * all records are in use, the oldest goes; its flow loses some feedback and nothing else.
 */
#ifndef SNOOP_STORE_FLOW_EXTRA_H
#define SNOOP_STORE_FLOW_EXTRA_H

#include <snoop/engine.h>

#define SNOOP_RECENT_RETRANSMITS 16 /* retransmits remembered for D-SACK feedback */
#define SNOOP_SPANS 8		    /* parts of a path RTT */
#define SNOOP_EXTRAS 8192U	    /* records; flow->extra has 16 bits */

/** The flow when its tail timer expired last, see judge/ack_delay.h. */
struct snoop_tail {
	uint32_t seq;	/* of the segment that was retransmitted */
	uint32_t end;	/* of what had been sent */
	uint32_t bytes; /* in flight */
	bool delayed;	/* the timer allowed for a delayed ACK */
	bool proven;	/* it was missing: duplicate ACKs say so, or no ACK is delayed that long */
	bool quiet;	/* no duplicate ACK can be of another retransmit */
	bool open;	/* its answer has not come yet */
};

/** Feedback on retransmits, and the rate of senders without SACK. */
struct snoop_flow_extra {
	struct snoop_flow *flow; /* whose it is; NULL = free */
	struct {
		uint32_t seq;
		uint8_t cause;
		bool valid;
	} recent_retransmits[SNOOP_RECENT_RETRANSMITS];
	/* Without SACK: bytes from the sender in the last spans, each an eighth of the path RTT. */
	uint64_t span_start_us;
	uint32_t span_bytes[SNOOP_SPANS];
	uint32_t span_peak_bytes; /* most in one span: what the narrowest wired link lets through */
	/*
	 * F-RTO (RFC 5682): a segment that a time-out retransmitted has arrived, alone. If the
	 * radio only stalled, the others arrive in a moment as well. Unless one of them does, RACK
	 * uses the segment at doubt_until_us. Valid with flow->timeout_in_doubt.
	 */
	uint64_t doubt_until_us;
	uint64_t doubt_sent_us;
	uint32_t doubt_end;
	/* Without SACK: duplicates that what was in flight ahead of the hole's last transmission
	 * has still to bring. */
	uint32_t dups_due;
	struct snoop_tail tail;
	uint8_t unproven; /* segments answered after a time-out, of which it is open if they were
			     lost */
	bool dsack_seen;  /* the station reports duplicates of this flow */
	/* RFC 8985 section 6.2.1: widened once per round trip, taken back after so many without
	 * another D-SACK. */
	uint64_t reo_round_us;
	uint8_t reo_persist;
	uint8_t span_now;	 /* index of the span under way */
	uint8_t retransmit_next; /* slot of recent_retransmits that is written next */
};

/** @return the flow's record, made if it has none. Another flow may lose its own for it. */
struct snoop_flow_extra *extra_get(struct snoop_engine *engine, struct snoop_flow *flow);
/** Give the flow's record back, if it has one. */
void extra_put(struct snoop_engine *engine, struct snoop_flow *flow);
/** @return NULL where the flow has none. */
static inline struct snoop_flow_extra *extra_of(struct snoop_engine *engine,
						const struct snoop_flow *flow)
{
	return flow->extra ? &engine->extras[flow->extra] : NULL;
}

/** Remember a retransmit: a D-SACK of it may follow. */
void extra_note_retransmit(struct snoop_engine *engine, struct snoop_flow *flow,
			   const struct snoop_segment *segment);
/** The sender retransmits [seq, end): a D-SACK of these bytes may report its copy, which is not
 * ours to judge. */
void extra_forget_retransmits(struct snoop_engine *engine, const struct snoop_flow *flow,
			      uint32_t seq, uint32_t end);

#endif
