/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What becomes of a lost segment: a place in the lost list, or the sender's turn.
 *
 * The judges: what it means. They run on the worker's lcore, read a flow, mark segments and write
 * the fields that carry their files' names; they call the store, and send and release nothing. What
 * a verdict requires is done by its caller, in act/ or event/.
 */
#ifndef SNOOP_JUDGE_LOSS_H
#define SNOOP_JUDGE_LOSS_H

#include <snoop/store/segments.h>

/** Count segments that were retransmitted, answered, and only later proven to have been lost. */
void loss_count_settled(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t count);
/** Count segments that were lost, and repaired by a shield before anybody asked for them. */
void loss_count_shielded(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t count);
/**
 * A segment is lost: ask for a veto, then put it into the lost list or leave it to the sender. The
 * statistics take it for lost when its outcome is known (store/outcomes.h).
 *
 * @return true if it is left to the sender, which must hear of it: release what is withheld.
 */
bool loss_mark(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index,
	       enum snoop_cause cause, uint64_t now_us);
/** The tail timer expired over this segment: retransmit it next. */
void loss_suspect(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);
/** Leave a lost segment to the sender, which must hear of it: release what is withheld. */
void loss_give_up(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);
/** The same, as loss_is_stale(). */
void loss_give_up_stale(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index);
/** The station came back from silence: tries and ages start anew. */
void loss_revive(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us);
/** Note when the loss became known, if it was not known before. */
void loss_note_time(struct snoop_segment *segment, uint64_t now_us);
uint64_t loss_age_us(const struct snoop_segment *segment, uint64_t now_us);
/** @return true if the station would discard our copy for its old timestamp. */
bool loss_is_stale(const struct snoop_flow *flow, const struct snoop_segment *segment);
#define PAWS_SLACK_TICKS 1U /* Linux takes a timestamp that is one tick too old */

#endif
