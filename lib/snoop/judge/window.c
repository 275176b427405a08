/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/judge/window.h>

#define WINDOW_SHIFT_MAX 14 /* RFC 7323 section 2.3 */

/*
 * The scale of a connection that was picked up mid-stream: a sender keeps to the window, so that
 * the least scale that all it sent fits into is safe. Retransmits are of what it sent, and so
 * within that window as well.
 */
bool window_learn_shift(struct snoop_flow *flow)
{
	uint8_t shift = flow->window_shift;

	if (flow->window_bytes == UINT32_MAX || !flow->window_raw)
		return false;
	while (flow->window_shift < WINDOW_SHIFT_MAX &&
	       flow->snd_max - flow->una > flow->window_bytes)
		flow->window_bytes = (uint32_t)flow->window_raw << ++flow->window_shift;
	return flow->window_shift != shift;
}

void window_forget(struct snoop_flow *flow)
{
	flow->window_shift_known = false;
	flow->window_shift = 0;
	flow->window_bytes = UINT32_MAX;
}
