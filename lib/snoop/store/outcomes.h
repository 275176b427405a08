/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Outcomes: what became of the copies of a segment, for the statistics. No decision reads them.
 *
 * Nobody sees a frame get lost. What is seen is how many copies of a segment went to the station,
 * the sender's and ours, and how many arrived: one when it is delivered, and one more for each
 * D-SACK. The others were lost. So nothing is counted before the segment is delivered and the time
 * for a D-SACK is over, and what was sent once was never lost, however late it came. A copy that
 * follows no sign of a loss tells nothing.
 *
 * radio_losses counts lost transmissions, not segments, and repairs_confirmed those of them after
 * which one of our copies arrived, and none of the sender's was needed.
 */
#ifndef SNOOP_STORE_OUTCOMES_H
#define SNOOP_STORE_OUTCOMES_H

#include <snoop/store/flow_extra.h>
#include <snoop/store/records.h>

#define OUTCOME_WAIT_US 100000U /* for a D-SACK, beside two round trips */
#define OUTCOME_TICK_US 16384U	/* they are settled together: a power of 2 */
#define OUTCOME_UNEXPLAINED 8U	/* so many D-SACKs above one for two delivered segments */

/**
 * A segment of which copies were sent is delivered.
 *
 * @param early  sooner than its last copy can be answered: an earlier one arrived
 */
void outcome_open(struct snoop_engine *engine, struct snoop_flow *flow,
		  const struct snoop_segment *segment, bool early, uint64_t now_us);
/** The newest outcome is of the flow's last time-out, and it is open if the segment was lost. */
static inline void outcome_note_unproven(struct snoop_flow_extra *extra, uint32_t seq)
{
	uint32_t newest = (extra->outcome_first + extra->outcome_count - 1U) % SNOOP_OUTCOMES;

	if (extra->tail.unproven && extra->tail.seq == seq)
		extra->outcomes[newest].unproven = true;
}
/** A retransmit of ours was needless. */
void outcome_count_spurious(struct snoop_engine *engine, struct snoop_flow *flow,
			    enum snoop_cause cause);
/** The sender sends [seq, end) once more: a D-SACK may report its copy. */
void outcome_note_sender(struct snoop_engine *engine, const struct snoop_flow *flow, uint32_t seq,
			 uint32_t end, uint64_t now_us);
/** The station reports duplicates: what it has not reported, though no SACK could tell that it was
 * missing, was. */
void outcome_count_hidden(struct snoop_engine *engine, struct snoop_flow *flow,
			  struct snoop_flow_extra *extra);
/** One of those is reported. */
static inline void outcome_note_reported(struct snoop_flow_extra *extra)
{
	if (extra->reported < UINT8_MAX)
		extra->reported++;
}
/** @return true if a copy of the sender's was due; it is no longer. */
static inline bool outcome_take_copy(struct snoop_flow_extra *extra)
{
	if (!extra->copies_due)
		return false;
	extra->copies_due--;
	return true;
}
/** A copy is sent that will most likely arrive in vain, beside what outcomes tell of. */
void outcome_note_copy(const struct snoop_flow *flow, struct snoop_flow_extra *extra,
		       uint64_t now_us);
/** The newest outcome is of a time-out, and what was sent before that arrives with it. */
void outcome_note_stall(struct snoop_flow_extra *extra);
/** A D-SACK reports what was sent once: does the path duplicate? */
void outcome_unexplained(const struct snoop_flow *flow, struct snoop_flow_extra *extra);
/** @return false where the path duplicates so much that a D-SACK says nothing of our copies. */
static inline bool outcome_is_believed(const struct snoop_flow_extra *extra)
{
	return extra->unexplained < OUTCOME_UNEXPLAINED;
}
/** @return when the oldest outcome is settled. Only while flow->unsettled. */
static inline uint64_t outcome_due_us(const struct snoop_flow *flow, uint64_t now_us)
{
	int32_t left_us = (int32_t)(flow->settle_us - (uint32_t)now_us);

	return left_us > 0 ? now_us + (uint32_t)left_us : now_us;
}
void outcome_settle_due(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us);
/** The flow forgets its bytes, or loses its record. */
void outcome_settle_all(struct snoop_engine *engine, struct snoop_flow *flow);

/** @return the outcome at a position, the oldest first. */
static inline struct snoop_outcome *outcome_at(struct snoop_flow_extra *extra, uint32_t position)
{
	return &extra->outcomes[(extra->outcome_first + position) % SNOOP_OUTCOMES];
}

#endif
