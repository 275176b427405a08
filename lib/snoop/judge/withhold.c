/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/judge/rtt.h>
#include <snoop/judge/withhold.h>
#include <snoop/store/records.h>

#define IMPATIENT_RETRANSMITS 20U /* needless retransmits after which a sender is judged */
#define WITHHOLD_FLOOR_US 60000U  /* room for several tries on a fast radio */
/* On a slow one: for the dup ACKs that prove the loss, and a retransmit that is lost too. */
#define WITHHOLD_RTTS 3U
#define IMPATIENT_SHARE 4U /* more than one for so many repairs: it does not tolerate them */

/*
 * After its first needless retransmits a sender with RACK and timestamps tolerates the delay of a
 * local repair, and undoes its cut. A sender that goes on to retransmit has not learnt that, and
 * one without SACK cannot: for these two withholding is the lesser evil (doc/measurements.md).
 */
static bool sender_needs_silence(const struct snoop_flow *flow)
{
	if (!flow->sack)
		return !flow->midstream; /* only the handshake tells that it has none */
	return flow->sender_needless >= IMPATIENT_RETRANSMITS &&
	       flow->sender_needless * IMPATIENT_SHARE > flow->repairs_confirmed;
}

bool withhold_applies(const struct snoop_flow *flow)
{
	return flow->level == SNOOP_LEVEL_SNOOP ||
	       (flow->level == SNOOP_LEVEL_AUTO && sender_needs_silence(flow));
}

uint32_t withhold_limit_us(const struct snoop_engine *engine, const struct snoop_flow *flow)
{
	return (uint32_t)min_u64(engine->config.withhold_max_us,
				 max_u64(WITHHOLD_FLOOR_US,
					 WITHHOLD_RTTS * (uint64_t)rtt_smoothed_us(engine, flow)));
}

/* A pure, duplicate ACK in which nothing but the hole is news. */
static bool is_bare_duplicate(const struct snoop_flow *flow, const struct wire_view *view)
{
	return (view->tcp_flags & (WIRE_TCP_ACK | WIRE_TCP_SYN | WIRE_TCP_FIN | WIRE_TCP_RST |
				   WIRE_TCP_URG)) == WIRE_TCP_ACK &&
	       !view->payload_bytes && view->seq == flow->station_next && view->ack == flow->una &&
	       view->window == flow->window_raw && view->window &&
	       ack_ecn_bits(view) == flow->ecn_last && !view->has_other_option &&
	       !view->options_malformed;
}

bool withhold_allowed(struct snoop_engine *engine, const struct snoop_flow *flow,
		      const struct wire_view *view, bool dsack_is_ours, uint64_t now_us)
{
	const struct snoop_segment *hole;

	if (!withhold_applies(flow) || !engine->config.withhold_max_us || engine->draining ||
	    !flow->acked || flow->withhold_over || flow->vetoing)
		return false;
	if (!is_bare_duplicate(flow, view) || (flow->answers_due && !dsack_is_ours))
		return false;
	/* Data that we forwarded must be outstanding, and every hole ours to repair. */
	if (!flow->open.head || flow->left_count || flow->sender_count || flow->gaps)
		return false;
	if (seq_lt(segment_at(engine, flow->by_seq.tail)->end, flow->high_sack))
		return false; /* a hole after all that is cached */
	hole = segment_at(engine, flow->by_seq.head);
	if (hole->seq != flow->una || (hole->flags & SEGMENT_SACKED))
		return false;
	return hole->tries < engine->config.tries_max &&
	       (!(hole->flags & SEGMENT_MISSED) ||
		(uint32_t)now_us - hole->lost_us < withhold_limit_us(engine, flow));
}
