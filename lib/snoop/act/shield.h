/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Shields: copies of what is on the air, sent ahead of a retransmit of the sender.
 *
 * When that retransmit fills a hole, the station will discard every older copy that arrives later
 * (PAWS): what is missing now could not be repaired any more. Each such loss would have to wait
 * for the sender, whose retransmit makes the next ones stale in turn, with a cut of its window
 * every time. So where the radio's share makes a loss likely, what may be missing is sent once
 * more, ahead of it.
 *
 * Most copies arrive for nothing, as one segment in fifty is missing on a radio that loses 2 %. So
 * a shield has a budget, of the flow and of the station, that losses earn: what the box sends stays
 * in proportion to what the radio loses. A shield that failed makes the next ones dearer, one that
 * did not makes them cheaper again.
 */
#ifndef SNOOP_ACT_SHIELD_H
#define SNOOP_ACT_SHIELD_H

#include <snoop/engine.h>

/* Losses that pay for one copy, beside one each that the sender had to repair: with all it may send
 * the box retransmits 1.25 times what the radio loses. */
#define SHIELD_EARN_LOSSES 4U
/* Copies before anything is earned: the first losses of a flow cost it most. */
#define SHIELD_FLOW_START 24U
#define SHIELD_STATION_START 96U

/** A retransmit of the sender, of seq and with timestamp tsval, is about to be forwarded. */
void shield_send(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t seq, uint32_t tsval,
		 uint64_t now_us);

#endif
