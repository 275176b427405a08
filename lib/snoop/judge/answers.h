/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Without SACK: what a station's duplicate ACKs say of segments after a hole.
 *
 * A station answers each segment that it receives after a hole by one duplicate ACK, in order. So
 * two things can be told. Where fewer answers came than segments were sent, and later ones are
 * answered, one is missing: that is where a shield sends a copy. And when the last hole is filled,
 * the segments that have been acknowledged since the first one have brought one answer each, but
 * for the holes themselves. A segment that was lost and arrived as the copy of a shield has brought
 * one, too; if its original had arrived, it has brought two. So each copy was needless that
 * brought an answer too many, and each other copy has repaired a loss.
 *
 * This holds where the radio loses few ACKs of the station. How many it loses is seen where no
 * shield was sent: answers are missing then, too.
 */
#ifndef SNOOP_JUDGE_ANSWERS_H
#define SNOOP_JUDGE_ANSWERS_H

#include <snoop/judge/delivery.h>
#include <snoop/store/answer_rings.h>

/** @return what the path takes for a segment and its answer, now. */
uint32_t answers_us(struct snoop_engine *engine, const struct snoop_flow *flow);
/** A duplicate ACK has come. */
void answers_note(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us);
/** What was at una before an ACK advances. */
enum answers_hole {
	HOLE_UNKNOWN,	  /* it is not cached */
	HOLE_NONE,	  /* a segment that was sent once */
	HOLE_FILLED,	  /* one that was sent again */
	HOLE_FILLED_LATE, /* and whose answer may have waited for a later segment */
};
enum answers_hole answers_hole(struct snoop_engine *engine, const struct snoop_flow *flow,
			       uint64_t now_us);
/** @return the flow's ring while it waits at una for a hole to be filled, or NULL. */
struct snoop_answer_ring *answers_open(struct snoop_engine *engine, const struct snoop_flow *flow);
/** An ACK has filled it, and so many segments are delivered. */
void answers_note_advance(struct snoop_answer_ring *ring, const struct snoop_flow *flow,
			  enum answers_hole hole, uint32_t segments);
/** Of what was acknowledged then, so many more are delivered: scoreboard_catch_up(). */
void answers_note_more(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t segments);
/** A segment is delivered of which a shield has sent a copy, and which nothing showed missing. */
void answers_note_shielded(struct snoop_engine *engine, const struct snoop_flow *flow);
/** Count what came of the shields, once nothing is missing any more. */
void answers_settle(struct snoop_engine *engine, struct snoop_flow *flow);
/** The flow forgets its bytes, or ends. */
void answers_end(struct snoop_engine *engine, struct snoop_flow *flow);

/** A walk over segments from the newest to the oldest: which of them have no answer? */
struct answers_walk {
	const struct snoop_answer_ring *ring;
	uint32_t left;	/* answers that are not attributed yet */
	uint32_t first; /* the oldest that is in the ring */
	uint32_t later; /* answers that have been attributed */
	int32_t sum, most;
};
/** @return false where nothing is known. */
bool answers_walk_begin(struct snoop_engine *engine, const struct snoop_flow *flow,
			struct answers_walk *walk);
/** @return true if the answers that the ring has reach back to a segment that was sent then. */
static inline bool answers_walk_reaches(const struct answers_walk *walk, uint64_t sent_us)
{
	return (int32_t)((uint32_t)sent_us - walk->ring->sent_us[walk->first % SNOOP_ANSWERS]) >= 0;
}
/** @return true if a segment has no answer. Answers to what was sent since border_us are its own,
 * or those of later ones. */
bool answers_walk_misses(struct answers_walk *walk, uint64_t border_us);

#endif
