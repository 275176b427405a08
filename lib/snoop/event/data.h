/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Packets from the wired side: what the fast path and the general one share.
 */
#ifndef SNOOP_EVENT_DATA_H
#define SNOOP_EVENT_DATA_H

#include <snoop/judge/ack_delay.h>

/* No byte of a connection lies so far from what the station has acknowledged. */
#define FOREIGN_BYTES (1U << 30)
/* Older than any reordering: another connection (RFC 7323 section 5). */
#define PAWS_REGRESSION_TICKS 5000U

/**
 * Fast path of data in order, see data_in_order.c.
 *
 * @return false where the general path has to take it: nothing of the flow was changed.
 */
bool data_in_order(struct snoop_engine *engine, struct snoop_flow *flow,
		   const struct snoop_packet *packet, uint64_t now_us);
enum data_place { UNSEEN, REPLACED, KEPT, TWICE, FAR };
/** What went to the station before of what comes again. */
struct data_past {
	bool sent;	/* something did */
	bool missing;	/* the station was seen to miss it */
	bool hidden;	/* no SACK could tell whether it does */
	uint8_t copies; /* so often */
};
/** Data below what was forwarded already, see data_store.c. */
enum data_place data_replace(struct snoop_engine *engine, struct snoop_flow *flow,
			     const struct snoop_packet *packet, uint32_t end,
			     struct data_past *past, uint64_t now_us);
/** The segment fills a hole in what arrived from the wired side: count it as lost there, unless it
 * was only late. */
void data_fill_hole(struct snoop_engine *engine, struct snoop_flow *flow,
		    const struct wire_view *view, uint64_t now_us);
/** Cache the segment in the place of one that the station has. @return its index, or 0. */
uint32_t data_cache_evicting(struct snoop_engine *engine, struct snoop_flow *flow,
			     const struct snoop_packet *packet, uint32_t end, uint64_t now_us);
/** @return false where it is forwarded without being cached. */
bool data_cache(struct snoop_engine *engine, struct snoop_flow *flow,
		const struct snoop_packet *packet, uint32_t end, const struct data_past *past,
		uint64_t now_us);
void data_note_sender_retransmit(struct snoop_engine *engine, struct snoop_flow *flow,
				 bool needless);

/* A delayed ACK was allowed for before this data: the station does not delay it any more where
 * enough is in flight now, and the tail timer starts with what has made it enough. */
static inline void data_end_delay(struct snoop_engine *engine, struct snoop_flow *flow,
				  uint64_t now_us)
{
	if (ack_delay_applies(engine, flow))
		return;
	if (now_us - flow->progress_us >= ACK_DELAY_LOOK_US)
		ack_delay_note_waited(engine, flow, now_us - flow->progress_us);
	flow->progress_us = now_us;
}

static inline bool data_can_cache(const struct snoop_flow *flow, const struct snoop_packet *packet)
{
	return packet->handle || flow->level == SNOOP_LEVEL_OBSERVE;
}

#endif
