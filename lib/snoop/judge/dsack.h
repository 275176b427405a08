/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * D-SACK (RFC 2883): which of our retransmits were needless.
 */
#ifndef SNOOP_JUDGE_DSACK_H
#define SNOOP_JUDGE_DSACK_H

#include <snoop/engine.h>

/** @return true if the first block of the ACK reports a duplicate. */
bool dsack_is_reported(const struct wire_view *view);
/** Judge the retransmits of ours that the block reports. @return true if there are any. */
bool dsack_judge(struct snoop_engine *engine, struct snoop_flow *flow,
		 const struct wire_sack *block);
/** The station misses nothing and says nothing new, and never sent a D-SACK: something arrived in
 * vain. */
void dsack_judge_bare(struct snoop_engine *engine, struct snoop_flow *flow);

#endif
