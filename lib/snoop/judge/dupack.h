/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Losses of a flow without SACK, by duplicate and partial ACKs.
 */
#ifndef SNOOP_JUDGE_DUPACK_H
#define SNOOP_JUDGE_DUPACK_H

#include <snoop/store/segments.h>

#define DUP_THRESHOLD 3 /* RFC 5681; RFC 8985 section 6.2 step 4 */

static inline void dupack_count(uint16_t *count)
{
	*count = (uint16_t)(*count + (*count < UINT16_MAX));
}

/** A duplicate that answers no retransmit of ours that was needless. */
void dupack_note(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us);
/** una has moved: duplicates that answer needless retransmits, and did not come, were lost. */
void dupack_forget_strays(struct snoop_engine *engine, struct snoop_flow *flow);
/** Before una moves: if nothing was missing, so many duplicates prove no loss on this path. */
void dupack_learn(struct snoop_engine *engine, const struct snoop_flow *flow, uint64_t now_us);
/** The segment at una was sent once more: from now on duplicates are counted anew. */
void dupack_hole_sent(struct snoop_engine *engine, struct snoop_flow *flow);
/** @return true if the segment was sent after the one that follows it: it filled a hole. Some
 * stations delay the ACK of what fills only a part of one, against RFC 5681 section 4.2. */
bool dupack_is_filling(const struct snoop_engine *engine, const struct snoop_segment *segment);
/** @return true if more duplicates have come than what was sent before the segment at una brings.
 */
bool dupack_proves(struct snoop_engine *engine, const struct snoop_flow *flow,
		   const struct snoop_segment *segment);
/**
 * @return true if an ACK asks for the segment that its last transmission could have reached: one
 * that came earlier, or none at all as when the ACK is delayed, says nothing of it. Where the
 * station reports duplicates nothing has to be proven beforehand.
 */
bool dupack_asks_for(struct snoop_engine *engine, const struct snoop_flow *flow,
		     const struct snoop_segment *segment);
/** Judge by duplicate ACKs (RFC 5681) and partial ACKs (RFC 6582). @return true if a loss is left
 * to the sender, see loss_mark(). */
bool dupack_detect_loss(struct snoop_engine *engine, struct snoop_flow *flow, bool advanced,
			uint64_t now_us);

#endif
