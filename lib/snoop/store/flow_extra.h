/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What only few flows need: those with retransmits, and those of senders without SACK. If all
 * records are in use, the oldest goes; its flow loses some feedback and nothing else.
 */
#ifndef SNOOP_STORE_FLOW_EXTRA_H
#define SNOOP_STORE_FLOW_EXTRA_H

#include <snoop/engine.h>

#define SNOOP_OUTCOMES 32U /* delivered segments that wait for feedback, a power of 2 */
#define SNOOP_COPIES 16U   /* of the sender's, the last, a power of 2 */
#define SNOOP_SPANS 8	   /* parts of a path RTT */
#define SNOOP_EXTRAS_MIN 64U
#define SNOOP_EXTRAS 8192U /* records at most; flow->extra has 16 bits */

/** A delivered segment of which several copies were sent: how many of them arrived? See outcomes.h.
 */
struct snoop_outcome {
	uint32_t seq;
	uint32_t due_us;    /* low half of the clock: no D-SACK is expected any more */
	uint32_t late_us;   /* the sender's newest copy after its delivery, low half of the clock */
	uint32_t repair_us; /* from the detection of its loss to its delivery */
	uint8_t copies;	    /* transmissions beside the first */
	uint8_t duplicates; /* of those, known to have arrived in vain */
	uint8_t late;	    /* copies that the sender sent after its delivery */
	uint8_t cause : 4;
	bool ours : 1;	   /* SEGMENT_RETRANSMITTED */
	bool senders : 1;  /* SEGMENT_SENDER */
	bool missing : 1;  /* the station was seen to miss it */
	bool unproven : 1; /* counted in struct snoop_flow_extra's unproven */
	bool early : 1;	   /* its delivery came too soon for the last copy, a duplicate */
	bool hidden : 1;   /* no SACK could tell whether the station missed it */
};

/** The flow when its tail timer expired last, see judge/ack_delay.h. */
struct snoop_tail {
	uint64_t sent_us;   /* when the segment that was retransmitted was sent first */
	uint32_t seq;	    /* of it */
	uint32_t end;	    /* of what had been sent */
	uint32_t bytes;	    /* in flight */
	uint32_t answer_us; /* from sent_us to its answer, 0 = not answered yet */
	bool delayed;	    /* the timer allowed for a delayed ACK */
	bool proven;   /* it was missing: duplicate ACKs say so, or no ACK is delayed that long */
	bool quiet;    /* no duplicate ACK can be of another retransmit */
	bool fills;    /* it had filled a hole from upstream, or a part of it */
	bool open;     /* its answer has not come yet */
	bool unproven; /* it has, and is counted in unproven below */
};

/** Feedback on retransmits, and the rate of senders without SACK. */
struct snoop_flow_extra {
	struct snoop_flow *flow; /* whose it is; NULL = free */
	/* Outcomes, see outcomes.h. The oldest, and how many there are. */
	uint8_t outcome_first, outcome_count;
	uint8_t outcomes_at_once;      /* opened at outcome_at_us, at most SNOOP_OUTCOMES */
	uint8_t copies_due;	       /* copies of the sender's that a D-SACK may report */
	uint32_t outcome_at_us;	       /* when the newest was opened, low half of the clock */
	uint64_t unexplained_at_bytes; /* acked_bytes at the last D-SACK of what was sent once */
	uint8_t unexplained;	       /* those D-SACKs, weighed */
	bool reports;		       /* (dsack) the station sends D-SACKs */
	/* (outcomes) Copies that no SACK could tell of: lost, if the station reports duplicates. */
	uint16_t hidden;
	uint8_t reported; /* duplicates among them */
	uint8_t unseen;	  /* (dsack, outcomes) duplicates that were seen: as many were not */
	/* RFC 8985 section 6.2.1: widened once per round trip, taken back after so many without
	 * another D-SACK. */
	uint8_t reo_persist;
	/* Segments answered after a time-out, of which it is open if they were lost. */
	uint8_t unproven;
	/* Without SACK: duplicates that what was in flight ahead of the hole's last transmission
	 * has still to bring. */
	uint32_t dups_due;
	uint64_t reo_round_us;
	struct snoop_tail tail;
	/*
	 * F-RTO (RFC 5682): a segment that a time-out retransmitted has arrived, alone. If the
	 * radio only stalled, the others arrive in a moment as well. Unless one of them does, RACK
	 * uses the segment at doubt_until_us. Valid with flow->timeout_in_doubt.
	 */
	uint64_t doubt_until_us;
	uint64_t doubt_sent_us;
	uint32_t doubt_end;
	/* (dupack) Without SACK: the first of the duplicates, how many made us retransmit the
	 * hole, and how many have come lately though nothing was missing. */
	uint8_t dups_judged, dups_usual;
	/* The last shield, and what came of those before. */
	uint8_t shield_dear; /* doublings of a copy's price, after those that failed */
	bool shield_open;    /* it is not known yet whether it did what it was for */
	uint32_t shield_first, shield_end; /* start of its first copy, end of its last one */
	uint32_t shield_us;		   /* low half of the clock */
	uint32_t shield_looked_us; /* when something missing was looked for last, the same */
	/* Without SACK: bytes from the sender in the last spans, each an eighth of the path RTT. */
	uint32_t span_peak_bytes; /* most in one span: what the narrowest wired link lets through */
	uint64_t span_start_us;
	uint32_t span_bytes[SNOOP_SPANS];
	uint64_t dups_since_us, dups_usual_us;
	uint8_t span_now; /* index of the span under way */
	/* Without SACK: index into the engine's answer_rings, 0 = none; and of holes without a
	 * shield, answers that were due, and how many of them did not come. */
	uint16_t answer_ring;
	uint16_t answers_due, answers_lost;
	/* (outcomes, dsack) Copies that arrive in vain, the sender's and shields: how many passed
	 * from when on, low half of the clock, and are not answered. A ring, and the newest. */
	uint8_t copies_at;
	uint8_t copies[SNOOP_COPIES];
	uint32_t copies_us[SNOOP_COPIES];

	/* From here on: valid as far as is said above. A new record leaves it as it was. */
	struct snoop_outcome outcomes[SNOOP_OUTCOMES];
} __attribute__((aligned(64)));

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

#endif
