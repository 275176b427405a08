/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * RACK (RFC 8985): which segments in flight are lost, by what was delivered that was sent later.
 */
#ifndef SNOOP_JUDGE_RACK_H
#define SNOOP_JUDGE_RACK_H

#include <snoop/judge/delivery.h>

#define REO_STEPS_MAX 16   /* four minimum RTTs */
#define SACK_BLOCKS_MIN 3U /* that fit into an ACK, with timestamps (RFC 2018 section 3) */
#define REO_PERSIST 16U	   /* RFC 8985 section 6.2.1 */

/**
 * A segment was retransmitted though it came only late: the path reorders, by more than was allowed
 * for (RFC 8985 section 6.2.1, once a round trip).
 */
void rack_widen_reordering(struct snoop_engine *engine, struct snoop_flow *flow,
			   struct snoop_flow_extra *extra);
/** Move RACK's newest transmission on by what the ACK newly delivered. */
void rack_update(struct snoop_engine *engine, struct snoop_flow *flow,
		 const struct delivery *delivery, uint64_t now_us);
/** Mark losses in flight, and set reo_deadline_us. @return true if one is left to the sender, see
 * loss_mark(). */
bool rack_detect_losses(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us);
/**
 * An ACK names three or four blocks, and a station need not send one for each segment. So between
 * holes from upstream, what lies below an ACK all of whose blocks were news may well have arrived.
 */
bool rack_sacks_are_partial(const struct snoop_flow *flow, uint32_t seq);

#endif
