/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Which duplicate ACKs may be withheld, and how long.
 */
#ifndef SNOOP_JUDGE_WITHHOLD_H
#define SNOOP_JUDGE_WITHHOLD_H

#include <snoop/engine.h>

/** @return true if this duplicate ACK may be withheld (the closed list of doc/protocol.md). */
bool withhold_allowed(struct snoop_engine *engine, const struct snoop_flow *flow,
		      const struct wire_view *view, bool dsack_is_ours, uint64_t now_us);
/** @return how long a duplicate ACK may be withheld now. */
uint32_t withhold_limit_us(const struct snoop_engine *engine, const struct snoop_flow *flow);
/** @return true if duplicate ACKs of the flow are withheld when they qualify. */
bool withhold_applies(const struct snoop_flow *flow);
static inline uint8_t ack_ecn_bits(const struct wire_view *view)
{
	return (uint8_t)(view->ecn | (view->tcp_flags & (WIRE_TCP_ECE | WIRE_TCP_CWR)) |
			 (view->tcp_ae << 2));
}

#endif
