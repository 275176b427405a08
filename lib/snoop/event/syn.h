/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Handshakes: lost SYNs are retransmitted, and what was negotiated is known when the flow begins.
 */
#ifndef SNOOP_EVENT_SYN_H
#define SNOOP_EVENT_SYN_H

#include <snoop/engine.h>

/** Move what the handshake negotiated into a new flow, and forget the handshake. @return false if
 * none is known. */
bool syn_adopt(struct snoop_engine *engine, const struct snoop_key *key, struct snoop_flow *flow,
	       uint64_t now_us);

/** @return when the first SYN is to be retransmitted, SNOOP_NEVER if none is. */
uint64_t syn_deadline_us(const struct snoop_engine *engine);
/** Retransmit the SYNs that are due. */
void syn_timer(struct snoop_engine *engine, uint64_t now_us);

#endif
