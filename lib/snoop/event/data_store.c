/* SPDX-License-Identifier: BSD-3-Clause */
/* What of the data is cached, and what it replaces. */
#include <base/seq.h>
#include <snoop/event/data.h>
#include <snoop/judge/delivery.h>
#include <snoop/judge/dupack.h>
#include <snoop/judge/rack.h>
#include <snoop/judge/rtt.h>
#include <snoop/store/discard.h>
#include <snoop/store/search.h>
#include <snoop/store/segments.h>

#define DUPLICATE_US 2000U   /* before the first round trip is known */
#define ONE_WAY_SEGMENTS 64U /* cached on trust before the first ACK is seen */

void data_note_sender_retransmit(struct snoop_engine *engine, struct snoop_flow *flow,
				 bool needless)
{
	flow->sender_retransmits++;
	engine->counters->sender_retransmits++;
	if (!needless)
		return;
	engine->counters->sender_retransmits_needless++;
	flow->sender_needless++;
}

/* Remove a cached segment that is replaced by one that ends at `end`, perhaps earlier. */
static void data_evict_overlap(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index,
			       uint32_t end)
{
	if (seq_gt(segment_at(engine, index)->end, end))
		flow->uncached_end = seq_max(flow->uncached_end, segment_at(engine, index)->end);
	segment_remove(engine, flow, index);
}

/* The sender retransmits, and which copies that replaces is not known. As none of those may be
 * retransmitted any more, drop them all. */
static void data_discard(struct snoop_engine *engine, struct snoop_flow *flow)
{
	engine->counters->cache_evictions += flow->cached_count;
	segment_discard_all(engine, flow);
	flow->uncached_end = flow->snd_max;
}

void data_fill_hole(struct snoop_engine *engine, struct snoop_flow *flow,
		    const struct wire_view *view, uint64_t now_us)
{
	uint32_t after = segment_find(engine, flow, view->seq);
	const struct snoop_segment *segment = segment_at(engine, after);

	/* No sender hears of the hole before the station could: the wire has reordered. */
	if (after && after != SEGMENT_FAR &&
	    !(segment->flags & (SEGMENT_RETRANSMITTED | SEGMENT_SENDER)) &&
	    now_us - segment->sent_us < rtt_min_us(engine, flow))
		return;
	flow->upstream_holes++;
	engine->counters->upstream_holes++;
	engine->counters->upstream_bytes += view->payload_bytes;
}

static void data_note_past(struct snoop_engine *engine, const struct snoop_flow *flow,
			   const struct snoop_segment *segment, struct data_past *past)
{
	past->sent = true;
	past->missing |= segment->missing || dupack_asks_for(engine, flow, segment);
	past->hidden |= segment->hidden || rack_sacks_are_partial(flow, segment->seq);
	/* The answer to the last copy would pass for the answer to this one, and without SACK
	 * nobody reports that both arrived. */
	if (!flow->sack && segment->copies &&
	    engine->now_us - segment->sent_us <= rtt_min_us(engine, flow) / EARLY_MARGIN)
		past->copies = segment->copies;
	else if (segment->copies >= past->copies && segment->copies < SEGMENT_COPIES_MAX)
		past->copies = segment->copies + 1;
}

/*
 * No sender retransmits before the station could answer: the wire has brought the segment twice. Of
 * the two copies the newest is kept.
 */
static bool data_take_duplicate(struct snoop_engine *engine, struct snoop_flow *flow,
				struct snoop_segment *segment, const struct snoop_packet *packet,
				uint32_t end, uint64_t now_us)
{
	const struct wire_view *view = packet->view;
	uint64_t rtt_us = rtt_min_us(engine, flow);

	if (segment->seq != view->seq || segment->end != end ||
	    segment->flags & SEGMENT_RETRANSMITTED ||
	    (view->has_timestamp && segment->tsval != view->tsval) ||
	    now_us - segment->sent_us >= (rtt_us ? rtt_us : DUPLICATE_US) ||
	    !data_can_cache(flow, packet) || segment->frame_bytes != packet->frame_bytes)
		return false;
	if (segment->packet) {
		engine->ops->ref(engine->owner, packet->handle);
		engine->ops->unref(engine->owner, segment->packet);
		segment->packet = packet->handle;
	}
	engine->counters->wired_duplicates++;
	return true;
}

/*
 * The segment lies below what was forwarded already. Newest bytes win: cached segments that overlap
 * are replaced. One that the station has SACKed stays as it is, as the copy is needless.
 *
 * @return UNSEEN if it fills a hole that we never saw filled: reordered upstream, or lost there.
 * FAR where the place was not found among what the station has SACKed.
 */
enum data_place data_replace(struct snoop_engine *engine, struct snoop_flow *flow,
			     const struct snoop_packet *packet, uint32_t end,
			     struct data_past *past, uint64_t now_us)
{
	const struct wire_view *view = packet->view;
	uint32_t index = segment_find(engine, flow, view->seq);
	uint32_t open = segment_find_open(engine, flow, view->seq);
	enum data_place result = UNSEEN;
	bool needless = false;

	if (open == SEGMENT_FAR) {
		data_discard(engine, flow);
		return FAR;
	}
	flow->sack_hint = open ? open : flow->open.tail; /* where segment_insert() looks next */
	if (index == SEGMENT_FAR) {
		/* What the station has SACKed will not be retransmitted. What else overlaps must
		 * not be. */
		for (index = open; index && seq_lt(segment_at(engine, index)->seq, end);) {
			uint32_t next = segment_at(engine, index)->open_next;

			data_evict_overlap(engine, flow, index, end);
			index = next;
		}
		return FAR;
	}
	if (index &&
	    data_take_duplicate(engine, flow, segment_at(engine, index), packet, end, now_us))
		return TWICE;
	while (index && seq_lt(segment_at(engine, index)->seq, end)) {
		struct snoop_segment *segment = segment_at(engine, index);
		uint32_t next = segment->seq_next;
		bool sacked = segment->flags & SEGMENT_SACKED;

		needless |= sacked || segment->tries;
		if (sacked && segment->seq == view->seq && segment->end == end) {
			result = KEPT;
		} else {
			data_note_past(engine, flow, segment, past);
			data_evict_overlap(engine, flow, index, end);
			if (result == UNSEEN)
				result = REPLACED;
		}
		index = next;
	}
	if (result != UNSEEN)
		data_note_sender_retransmit(engine, flow, needless);
	return result;
}

/* The cache is full. @return the segment's index in the place of another one, or 0. */
__attribute__((noinline)) uint32_t data_cache_evicting(struct snoop_engine *engine,
						       struct snoop_flow *flow,
						       const struct snoop_packet *packet,
						       uint32_t end, uint64_t now_us)
{
	uint32_t oldest = flow->by_seq.head, index = 0;

	/* What the station has SACKed is the least useful thing in the cache. */
	if (oldest && (segment_at(engine, oldest)->flags & SEGMENT_SACKED)) {
		engine->counters->cache_evictions++;
		if (oldest == flow->by_seq.tail)
			flow->uncached_end =
				seq_max(flow->uncached_end, segment_at(engine, oldest)->end);
		segment_remove(engine, flow, oldest);
		index = segment_insert(engine, flow, packet, packet->view->seq, end, now_us);
	}
	if (!index) {
		flow->cache_refused = true;
		engine->counters->pass_cache_full++;
	}
	return index;
}

/* @return false where it is forwarded without being cached. */
bool data_cache(struct snoop_engine *engine, struct snoop_flow *flow,
		const struct snoop_packet *packet, uint32_t end, const struct data_past *past,
		uint64_t now_us)
{
	uint32_t index;

	if (!data_can_cache(flow, packet)) {
		flow->cache_refused = true;
		engine->counters->pass_not_shareable++;
		return false;
	}
	if (!flow->two_way && flow->cached_count >= ONE_WAY_SEGMENTS)
		return false;
	index = segment_insert(engine, flow, packet, packet->view->seq, end, now_us);
	if (!index)
		index = data_cache_evicting(engine, flow, packet, end, now_us);
	if (!index)
		return false;
	segment_at(engine, index)->copies = past->copies & SEGMENT_COPIES_MAX;
	segment_at(engine, index)->missing = past->missing;
	segment_at(engine, index)->hidden = past->hidden;
	if (past->sent)
		segment_by_sender(engine, flow, index);
	/* The duplicates that came so far answer what follows: of a hole from upstream, too. */
	if (packet->view->seq == flow->una && (past->sent || flow->snd_max != end))
		dupack_hole_sent(engine, flow);
	return true;
}
