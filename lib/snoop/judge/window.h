/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The station's receive window, and its scale where the handshake was not seen.
 */
#ifndef SNOOP_JUDGE_WINDOW_H
#define SNOOP_JUDGE_WINDOW_H

#include <snoop/store/records.h>

/** Forget the window scale: the connection is another one, or we have missed part of it. */
void window_forget(struct snoop_flow *flow);
/** Learn the scale: what is outstanding fits into the window. Not after the station may have shrunk
 * it. @return true if the scale has changed. */
bool window_learn_shift(struct snoop_flow *flow);

/** Take the window from an ACK. */
static inline void window_note(struct snoop_flow *flow, const struct wire_view *view)
{
	flow->window_bytes = (uint32_t)view->window << flow->window_shift;
}

/** @return true where the segment may be sent: never into a closed window, which a receiver may
 * have taken back. */
static inline bool window_admits(const struct snoop_flow *flow, const struct snoop_segment *segment)
{
	return flow->window_bytes == UINT32_MAX ||
	       seq_leq(segment->end, flow->una + flow->window_bytes);
}

#endif
