/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoop/store/lists.h>
#include <snoop/store/search.h>
#include <snoop/store/segments.h>

static uint32_t segment_gap(struct snoop_engine *engine, uint32_t left, uint32_t right)
{
	if (!left || !right)
		return 0;
	return seq_lt(segment_at(engine, left)->end, segment_at(engine, right)->seq);
}

static void segment_unlink_send(struct snoop_engine *engine, struct snoop_flow *flow,
				uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);

	if (segment->flags & SEGMENT_LEFT) {
		segment->flags &= (uint8_t)~SEGMENT_LEFT;
		flow->has_left = --flow->left_count > 0;
	} else if (segment->flags & SEGMENT_LOST) {
		segment->flags &= (uint8_t)~SEGMENT_LOST;
		list_remove(engine, &flow->lost, LIST_SEND, index);
		flow->has_lost = flow->lost.head != 0;
	} else {
		list_remove(engine, &flow->in_flight, LIST_SEND, index);
	}
}

static void segment_unlink_open(struct snoop_engine *engine, struct snoop_flow *flow,
				uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);

	segment_unlink_send(engine, flow, index);
	if (flow->sack_hint == index)
		flow->sack_hint = segment->open_next
					  ? segment->open_next
					  : list_before(engine, &flow->open, LIST_OPEN, index);
	list_remove(engine, &flow->open, LIST_OPEN, index);
	flow->open_count--;
	flow->open_bytes -= segment->end - segment->seq;
	if (segment->flags & SEGMENT_SENDER)
		flow->sender_count--;
}

/* Link into by_seq and open before their tails. data_replace() has just found the place, and left
 * the hint there. */
static void segment_link_between(struct snoop_engine *engine, struct snoop_flow *flow,
				 uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);
	uint32_t next_open = segment_find_open(engine, flow, segment->seq);
	uint32_t after_open = next_open ? list_before(engine, &flow->open, LIST_OPEN, next_open)
					: flow->open.tail;
	uint32_t next = segment_find(engine, flow, segment->seq);
	uint32_t after = list_before(engine, &flow->by_seq, LIST_SEQ, next);

	flow->gaps -= segment_gap(engine, after, next);
	list_insert(engine, &flow->by_seq, LIST_SEQ, after, index);
	flow->gaps += segment_gap(engine, after, index) + segment_gap(engine, index, next);
	list_insert(engine, &flow->open, LIST_OPEN, after_open, index);
	if (segment->open_next)
		flow->sack_hint = index; /* the next filler is its neighbour */
}

/* New data goes to the tails; only a hole's filler has to search for its place. */
static __attribute__((noinline)) void segment_link(struct snoop_engine *engine,
						   struct snoop_flow *flow, uint32_t index)
{
	if (flow->by_seq.tail &&
	    seq_gt(segment_at(engine, flow->by_seq.tail)->seq, segment_at(engine, index)->seq)) {
		segment_link_between(engine, flow, index);
	} else {
		flow->gaps += segment_gap(engine, flow->by_seq.tail, index);
		list_append(engine, &flow->by_seq, LIST_SEQ, index);
		list_append(engine, &flow->open, LIST_OPEN, index);
	}
	list_append(engine, &flow->in_flight, LIST_SEND, index);
}

/* Fast path: while nothing is lost, one segment is the last in all lists. */
static inline bool segment_link_at_tails(struct snoop_engine *engine, struct snoop_flow *flow,
					 uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index), *last;
	uint32_t tail = flow->by_seq.tail;

	if (!tail || flow->open.tail != tail || flow->in_flight.tail != tail)
		return false;
	last = segment_at(engine, tail);
	/* Do not read the last record (it may be cold): when seq is snd_max and nothing was left
	 * uncached, it ends exactly at seq. */
	if (segment->seq != flow->snd_max || flow->uncached_end == flow->snd_max) {
		if (seq_gt(last->seq, segment->seq))
			return false;
		flow->gaps += seq_lt(last->end, segment->seq);
	}
	segment->seq_prev = segment->open_prev = segment->send_prev = tail;
	last->seq_next = last->open_next = last->send_next = index;
	flow->by_seq.tail = flow->open.tail = flow->in_flight.tail = index;
	return true;
}

uint32_t segment_insert(struct snoop_engine *engine, struct snoop_flow *flow,
			const struct snoop_packet *packet, uint32_t seq, uint32_t end,
			uint64_t now_us)
{
	/* An observed flow retransmits nothing: it needs the record, not the packet. */
	void *handle = flow->level == SNOOP_LEVEL_OBSERVE ? NULL : packet->handle;
	struct snoop_segment *segment;
	uint32_t index;

	if ((uint64_t)flow->cached_bytes + packet->frame_bytes > engine->flow_bytes_max)
		return 0;
	index = record_get(engine, handle ? packet->frame_bytes : 0);
	if (!index)
		return 0;
	segment = segment_at(engine, index);
	*segment = (struct snoop_segment){
		.packet = handle,
		.sent_us = now_us,
		.tsval = packet->view->tsval,
		.seq = seq,
		.end = end,
		.frame_bytes = packet->frame_bytes,
	};
	if (handle) {
		engine->ops->ref(engine->owner, handle);
		engine->counters->cached_segments_total++;
	}

	if (!SNOOP_FAST_PATH(APPEND, segment_link_at_tails(engine, flow, index)))
		segment_link(engine, flow, index);
	flow->open_count++;
	flow->open_bytes += end - seq;
	flow->cached_count++;
	flow->cached_bytes += packet->frame_bytes;
	engine->counters->cache_segments = ++engine->cached_segments;
	return index;
}

static __attribute__((noinline)) void segment_unlink(struct snoop_engine *engine,
						     struct snoop_flow *flow, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);
	uint32_t prev = list_before(engine, &flow->by_seq, LIST_SEQ, index),
		 next = segment->seq_next;

	if (segment->flags & SEGMENT_SACKED)
		flow->sacked_count--;
	else
		segment_unlink_open(engine, flow, index);
	list_remove(engine, &flow->by_seq, LIST_SEQ, index);
	if (flow->gaps) {
		flow->gaps -= segment_gap(engine, prev, index) + segment_gap(engine, index, next);
		flow->gaps += segment_gap(engine, prev, next);
	} else {
		flow->gaps = prev && next; /* it touched both neighbours */
	}
}

/* The same where a segment is the first in all lists, and one the second: as in
 * segment_link_at_tails(). */
static inline bool segment_unlink_first(struct snoop_engine *engine, struct snoop_flow *flow,
					uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);
	uint32_t next = segment->seq_next;

	if (flow->by_seq.head != index || flow->open.head != index ||
	    flow->in_flight.head != index || segment->open_next != next ||
	    segment->send_next != next)
		return false;
	flow->by_seq.head = flow->open.head = flow->in_flight.head = next;
	if (next) {
		if (flow->gaps)
			flow->gaps -= segment_gap(engine, index, next);
	} else {
		flow->by_seq.tail = flow->open.tail = flow->in_flight.tail = 0;
	}
	if (flow->sack_hint == index)
		flow->sack_hint = next;
	flow->open_count--;
	flow->open_bytes -= segment->end - segment->seq;
	if (segment->flags & SEGMENT_SENDER)
		flow->sender_count--;
	return true;
}

void segment_remove(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);

	if (engine->found == index)
		engine->found = segment->seq_next;
	if (!SNOOP_FAST_PATH(FIRST, segment_unlink_first(engine, flow, index)))
		segment_unlink(engine, flow, index);
	flow->cached_count--;
	flow->cached_bytes -= segment->frame_bytes;
	record_free(engine, index);
}

void segment_sacked(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	segment_unlink_open(engine, flow, index);
	segment_at(engine, index)->flags |= SEGMENT_SACKED;
	flow->sacked_count++;
}

void segment_sent(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index,
		  uint64_t now_us)
{
	segment_unlink_send(engine, flow, index);
	list_append(engine, &flow->in_flight, LIST_SEND, index);
	segment_at(engine, index)->sent_us = now_us;
}

void segment_lost(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	segment_unlink_send(engine, flow, index);
	list_append(engine, &flow->lost, LIST_SEND, index);
	segment_at(engine, index)->flags |= SEGMENT_LOST;
	flow->has_lost = true;
}

void segment_lost_first(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	segment_unlink_send(engine, flow, index);
	list_insert(engine, &flow->lost, LIST_SEND, 0, index);
	segment_at(engine, index)->flags |= SEGMENT_LOST;
	flow->has_lost = true;
}

void segment_leave(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	segment_unlink_send(engine, flow, index);
	segment_at(engine, index)->flags |= SEGMENT_LEFT;
	flow->left_count++;
	flow->has_left = true;
}

void segment_by_sender(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);

	if (!(segment->flags & (SEGMENT_SENDER | SEGMENT_SACKED))) {
		segment->flags |= SEGMENT_SENDER;
		flow->sender_count++;
	}
}
