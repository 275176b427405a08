/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoop/engine.h>

enum link { LINK_SEQ, LINK_OPEN, LINK_SEND };

static uint32_t *link_next(struct snoop_segment *segment, enum link link)
{
	return link == LINK_SEQ ? &segment->seq_next : link == LINK_OPEN ? &segment->open_next : &segment->send_next;
}

static uint32_t *link_prev(struct snoop_segment *segment, enum link link)
{
	return link == LINK_SEQ ? &segment->seq_prev : link == LINK_OPEN ? &segment->open_prev : &segment->send_prev;
}

/* 0 = it is the first. That one's own link may be stale: what was before it has left without touching it, see
 * segment_take_run(). */
static inline uint32_t before(const struct snoop_engine *engine, const struct snoop_list *list, enum link link,
			      uint32_t index)
{
	return index == list->head ? 0 : *link_prev(segment_at(engine, index), link);
}

/* Behind `after`; 0 = at the head. */
static void list_insert(struct snoop_engine *engine, struct snoop_list *list, enum link link, uint32_t after,
			uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);
	uint32_t next = after ? *link_next(segment_at(engine, after), link) : list->head;

	*link_prev(segment, link) = after;
	*link_next(segment, link) = next;
	if (after)
		*link_next(segment_at(engine, after), link) = index;
	else
		list->head = index;
	if (next)
		*link_prev(segment_at(engine, next), link) = index;
	else
		list->tail = index;
}

/* The common case of list_insert(). */
static inline void list_append(struct snoop_engine *engine, struct snoop_list *list, enum link link, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);

	*link_prev(segment, link) = list->tail;
	*link_next(segment, link) = 0;
	if (list->tail)
		*link_next(segment_at(engine, list->tail), link) = index;
	else
		list->head = index;
	list->tail = index;
}

static void list_remove(struct snoop_engine *engine, struct snoop_list *list, enum link link, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);
	uint32_t prev = *link_prev(segment, link), next = *link_next(segment, link);

	if (list->head == index) {
		list->head = next;
		if (!next)
			list->tail = 0;
		return;
	}
	*link_next(segment_at(engine, prev), link) = next;
	if (next)
		*link_prev(segment_at(engine, next), link) = prev;
	else
		list->tail = prev;
}

void segment_pool_init(struct snoop_engine *engine)
{
	engine->segment_free = 0;
	for (uint32_t i = engine->segment_count; i > 0; i--) {
		engine->segments[i].send_next = engine->segment_free;
		engine->segment_free = i;
	}
}

static inline bool has_room(const struct snoop_engine *engine, uint32_t frame_bytes)
{
	return engine->segment_free && engine->cached_bytes + frame_bytes <= engine->config.cache_bytes;
}

static __attribute__((noinline)) bool make_room(struct snoop_engine *engine, uint32_t frame_bytes)
{
	return segment_free_discarded(engine, SEGMENT_PORTION_MIN) && has_room(engine, frame_bytes);
}

static inline uint32_t record_get(struct snoop_engine *engine, uint32_t frame_bytes)
{
	uint32_t index;

	if (!has_room(engine, frame_bytes) && !make_room(engine, frame_bytes))
		return 0;
	index = engine->segment_free;
	engine->segment_free = segment_at(engine, index)->send_next;
	__builtin_prefetch(segment_at(engine, engine->segment_free), 1); /* for the next one */
	engine->counters->cache_bytes = engine->cached_bytes += frame_bytes;
	return index;
}

static void record_put(struct snoop_engine *engine, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);

	if (segment->packet)
		engine->counters->cache_bytes = engine->cached_bytes -= segment->frame_bytes;
	segment->packet = NULL;
	segment->send_next = engine->segment_free;
	engine->segment_free = index;
}

/* It is in no list any more. */
static inline void segment_free(struct snoop_engine *engine, uint32_t index)
{
	engine->counters->cache_segments = --engine->cached_segments;
	if (segment_at(engine, index)->packet)
		engine->ops->unref(engine->owner, segment_at(engine, index)->packet);
	record_put(engine, index);
}

__attribute__((noinline)) uint32_t segment_free_discarded(struct snoop_engine *engine, uint32_t count)
{
	uint32_t freed = 0;

	for (; freed < count && engine->discarded; freed++) {
		uint32_t index = engine->discarded;

		engine->discarded = segment_at(engine, index)->seq_next;
		segment_free(engine, index);
	}
	return freed;
}

uint32_t segment_portion(struct snoop_engine *engine)
{
	if (engine->portion_us != engine->now_us) {
		engine->portion_us = engine->now_us;
		engine->portion_left = SEGMENT_PORTION;
	}
	return engine->portion_left > SEGMENT_PORTION_MIN ? engine->portion_left : SEGMENT_PORTION_MIN;
}

static uint32_t gap_between(struct snoop_engine *engine, uint32_t left, uint32_t right)
{
	if (!left || !right)
		return 0;
	return seq_lt(segment_at(engine, left)->end, segment_at(engine, right)->seq);
}

static void send_unlink(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);

	if (segment->flags & SEGMENT_LEFT) {
		segment->flags &= (uint8_t)~SEGMENT_LEFT;
		flow->left_count--;
	} else if (segment->flags & SEGMENT_LOST) {
		segment->flags &= (uint8_t)~SEGMENT_LOST;
		list_remove(engine, &flow->lost, LINK_SEND, index);
	} else {
		list_remove(engine, &flow->in_flight, LINK_SEND, index);
	}
}

static void open_unlink(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);

	send_unlink(engine, flow, index);
	if (flow->sack_hint == index)
		flow->sack_hint = segment->open_next ? segment->open_next : before(engine, &flow->open, LINK_OPEN, index);
	list_remove(engine, &flow->open, LINK_OPEN, index);
	flow->open_count--;
	flow->open_bytes -= segment->end - segment->seq;
	if (segment->flags & SEGMENT_SENDER)
		flow->sender_count--;
}

/* Into by_seq and open, somewhere before their tails. take_over() has just found the place. */
static void insert_between(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);
	uint32_t next_open = segment_find_open(engine, flow, segment->seq);
	uint32_t after_open = next_open ? before(engine, &flow->open, LINK_OPEN, next_open) : flow->open.tail;
	uint32_t next = segment_find(engine, flow, segment->seq);
	uint32_t after = before(engine, &flow->by_seq, LINK_SEQ, next);

	flow->gaps -= gap_between(engine, after, next);
	list_insert(engine, &flow->by_seq, LINK_SEQ, after, index);
	flow->gaps += gap_between(engine, after, index) + gap_between(engine, index, next);
	list_insert(engine, &flow->open, LINK_OPEN, after_open, index);
	if (segment->open_next)
		flow->sack_hint = index; /* the next one that is not at the tail is its neighbour */
}

/* New data of a sender goes to the tail; only a hole's filler has to look for its place. */
static __attribute__((noinline)) void insert(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	if (flow->by_seq.tail &&
	    seq_gt(segment_at(engine, flow->by_seq.tail)->seq, segment_at(engine, index)->seq)) {
		insert_between(engine, flow, index);
	} else {
		flow->gaps += gap_between(engine, flow->by_seq.tail, index);
		list_append(engine, &flow->by_seq, LINK_SEQ, index);
		list_append(engine, &flow->open, LINK_OPEN, index);
	}
	list_append(engine, &flow->in_flight, LINK_SEND, index);
}

/* The same where one segment is the last in all lists, as it is while nothing is lost: they are one list then. */
static inline bool append(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index), *last;
	uint32_t tail = flow->by_seq.tail;

	if (!tail || flow->open.tail != tail || flow->in_flight.tail != tail)
		return false;
	last = segment_at(engine, tail);
	/* Nothing is asked of the last one, which need not be in the cache, where it must be what was forwarded last. */
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

uint32_t segment_insert(struct snoop_engine *engine, struct snoop_flow *flow, const struct snoop_packet *packet,
			uint32_t seq, uint32_t end, uint64_t now_us)
{
	/* Who only observes retransmits nothing: the record will do, without the packet. */
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
		.packet = handle, .sent_us = now_us, .tsval = packet->view->tsval,
		.seq = seq, .end = end, .frame_bytes = packet->frame_bytes,
	};
	if (handle) {
		engine->ops->ref(engine->owner, handle);
		engine->counters->cached_segments_total++;
	}

	if (!SNOOP_SHORT_WAY(APPEND, append(engine, flow, index)))
		insert(engine, flow, index);
	flow->open_count++;
	flow->open_bytes += end - seq;
	flow->cached_count++;
	flow->cached_bytes += packet->frame_bytes;
	engine->counters->cache_segments = ++engine->cached_segments;
	return index;
}

static __attribute__((noinline)) void unlink_segment(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);
	uint32_t prev = before(engine, &flow->by_seq, LINK_SEQ, index), next = segment->seq_next;

	if (segment->flags & SEGMENT_SACKED)
		flow->sacked_count--;
	else
		open_unlink(engine, flow, index);
	list_remove(engine, &flow->by_seq, LINK_SEQ, index);
	if (flow->gaps) {
		flow->gaps -= gap_between(engine, prev, index) + gap_between(engine, index, next);
		flow->gaps += gap_between(engine, prev, next);
	} else {
		flow->gaps = prev && next; /* it touched both */
	}
}

/* The same where a segment is the first in all lists, and one the second: as in append(). */
static inline bool take_first(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);
	uint32_t next = segment->seq_next;

	if (flow->by_seq.head != index || flow->open.head != index || flow->in_flight.head != index ||
	    segment->open_next != next || segment->send_next != next)
		return false;
	flow->by_seq.head = flow->open.head = flow->in_flight.head = next;
	if (next) {
		if (flow->gaps)
			flow->gaps -= gap_between(engine, index, next);
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
	if (!SNOOP_SHORT_WAY(FIRST, take_first(engine, flow, index)))
		unlink_segment(engine, flow, index);
	flow->cached_count--;
	flow->cached_bytes -= segment->frame_bytes;
	segment_free(engine, index);
}

bool segment_take_run(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t ack, struct segment_run *run)
{
	uint32_t first = flow->by_seq.head, next = first, count = 0, frame_bytes = 0;
	void *packets[SEGMENT_PORTION_MIN];
	struct snoop_segment *last = NULL;

	if (flow->open_count != flow->cached_count || flow->gaps || flow->open.head != first || flow->in_flight.head != first)
		return false;
	while (next) {
		struct snoop_segment *segment = segment_at(engine, next);

		if (seq_gt(segment->end, ack))
			break;
		if (segment->flags || segment->send_next != segment->seq_next || count == SEGMENT_PORTION_MIN)
			return false;
		packets[count++] = segment->packet;
		frame_bytes += segment->frame_bytes;
		last = segment;
		next = segment->seq_next;
		if (segment->end == ack)
			break; /* none of the others is looked at, which are not in the cache yet */
	}
	if (!count)
		return false;
	*run = (struct segment_run){ .count = count, .sent_us = last->sent_us, .end = last->end };
	flow->open_bytes -= last->end - segment_at(engine, first)->seq;
	flow->open_count -= count;
	flow->cached_count -= count;
	flow->cached_bytes -= frame_bytes;
	flow->by_seq.head = flow->open.head = flow->in_flight.head = next;
	if (!next)
		flow->by_seq.tail = flow->open.tail = flow->in_flight.tail = 0;
	segment_portion(engine);
	engine->portion_left -= (uint32_t)min_u64(count, engine->portion_left);
	flow->sack_hint = 0;
	if (engine->found_of == flow)
		engine->found = 0;
	engine->counters->cache_segments = engine->cached_segments -= count;
	/* They are a chain already. */
	last->send_next = engine->segment_free;
	engine->segment_free = first;
	if (packets[0]) {
		engine->counters->cache_bytes = engine->cached_bytes -= frame_bytes;
		for (uint32_t i = 0; i < count; i++)
			engine->ops->unref(engine->owner, packets[i]);
	}
	return true;
}

/* The chain is handed on as it is: of its records only those at the seams are touched. */
void segment_discard_all(struct snoop_engine *engine, struct snoop_flow *flow)
{
	struct snoop_list rest;

	for (uint32_t room = segment_portion(engine); room && flow->by_seq.head; room--) {
		segment_charge(&engine->portion_left);
		segment_remove(engine, flow, flow->by_seq.head);
	}
	rest = flow->by_seq;
	if (!rest.head)
		return;
	segment_at(engine, rest.tail)->seq_next = engine->discarded;
	engine->discarded = rest.head;
	flow->by_seq = flow->open = flow->in_flight = flow->lost = (struct snoop_list){ 0 };
	flow->sack_hint = flow->gaps = 0;
	if (engine->found_of == flow)
		engine->found = 0;
	flow->cached_count = flow->open_count = flow->left_count = flow->sender_count = flow->sacked_count = 0;
	flow->cached_bytes = flow->open_bytes = 0;
}

uint32_t segment_find_open(const struct snoop_engine *engine, const struct snoop_flow *flow, uint32_t seq)
{
	uint32_t index = flow->sack_hint ? flow->sack_hint : flow->open.head;

	/* Holes sit near the head, news near the hint: start where the way is short. */
	if (index && seq_gt(segment_at(engine, index)->end, seq)) {
		uint32_t prev = before(engine, &flow->open, LINK_OPEN, index);

		while (prev && seq_gt(segment_at(engine, prev)->end, seq)) {
			index = prev;
			prev = before(engine, &flow->open, LINK_OPEN, index);
		}
		return index;
	}
	while (index && seq_leq(segment_at(engine, index)->end, seq))
		index = segment_at(engine, index)->open_next;
	return index;
}

/* Among the SACKed segments between two open ones, or the ends of the list (0): from both sides, as long as it takes. */
static uint32_t find_sacked(const struct snoop_engine *engine, const struct snoop_flow *flow, uint32_t seq,
			    uint32_t left, uint32_t right)
{
	uint32_t first = left ? segment_at(engine, left)->seq_next : flow->by_seq.head;
	uint32_t last = right ? before(engine, &flow->by_seq, LINK_SEQ, right) : flow->by_seq.tail;

	for (uint32_t step = 0; step < SEGMENT_SEARCH_MAX; step++) {
		if (first == right || seq_gt(segment_at(engine, first)->end, seq))
			return first;
		if (seq_leq(segment_at(engine, last)->end, seq))
			return segment_at(engine, last)->seq_next;
		first = segment_at(engine, first)->seq_next;
		last = before(engine, &flow->by_seq, LINK_SEQ, last);
	}
	return SEGMENT_FAR;
}

static bool is_found(const struct snoop_engine *engine, const struct snoop_flow *flow, uint32_t index, uint32_t seq)
{
	uint32_t prev = before(engine, &flow->by_seq, LINK_SEQ, index);

	return seq_gt(segment_at(engine, index)->end, seq) &&
	       (!prev || seq_leq(segment_at(engine, prev)->end, seq));
}

uint32_t segment_find(struct snoop_engine *engine, const struct snoop_flow *flow, uint32_t seq)
{
	uint32_t index = engine->found_of == flow ? engine->found : 0;

	/* In the place of the last time, or behind it. */
	if (index && is_found(engine, flow, index, seq))
		return index;
	if (index)
		index = segment_at(engine, index)->seq_next;
	if (index && is_found(engine, flow, index, seq)) {
		engine->found = index;
		return index;
	}
	index = segment_find_open(engine, flow, seq);
	index = find_sacked(engine, flow, seq, index ? before(engine, &flow->open, LINK_OPEN, index) : flow->open.tail, index);
	if (index != SEGMENT_FAR) {
		engine->found_of = flow;
		engine->found = index;
	}
	return index;
}

void segment_sacked(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	open_unlink(engine, flow, index);
	segment_at(engine, index)->flags |= SEGMENT_SACKED;
	flow->sacked_count++;
}

void segment_sent(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index, uint64_t now_us)
{
	send_unlink(engine, flow, index);
	list_append(engine, &flow->in_flight, LINK_SEND, index);
	segment_at(engine, index)->sent_us = now_us;
}

void segment_lost(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	send_unlink(engine, flow, index);
	list_append(engine, &flow->lost, LINK_SEND, index);
	segment_at(engine, index)->flags |= SEGMENT_LOST;
}

void segment_lost_first(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	send_unlink(engine, flow, index);
	list_insert(engine, &flow->lost, LINK_SEND, 0, index);
	segment_at(engine, index)->flags |= SEGMENT_LOST;
}

void segment_leave(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	send_unlink(engine, flow, index);
	segment_at(engine, index)->flags |= SEGMENT_LEFT;
	flow->left_count++;
}

void segment_by_sender(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index)
{
	struct snoop_segment *segment = segment_at(engine, index);

	if (!(segment->flags & (SEGMENT_SENDER | SEGMENT_SACKED))) {
		segment->flags |= SEGMENT_SENDER;
		flow->sender_count++;
	}
}

bool segment_withhold(struct snoop_engine *engine, struct snoop_flow *flow, const struct snoop_packet *packet,
		  uint64_t deadline_us)
{
	uint32_t index;

	if (!packet->handle || flow->withheld_count >= engine->config.withhold_acks)
		return false;
	index = record_get(engine, packet->frame_bytes);
	if (!index)
		return false;
	*segment_at(engine, index) = (struct snoop_segment){
		.packet = packet->handle, .sent_us = deadline_us, .frame_bytes = packet->frame_bytes,
		.lost_us = (uint32_t)engine->now_us,
	};
	list_append(engine, &flow->withheld, LINK_SEND, index);
	flow->withheld_count++;
	engine->counters->acks_withheld_now = ++engine->withheld_acks;
	return true;
}

void *segment_pop_withheld(struct snoop_engine *engine, struct snoop_flow *flow)
{
	uint32_t index = flow->withheld.head;
	void *packet;

	if (!index)
		return NULL;
	packet = segment_at(engine, index)->packet;
	histogram_add(&engine->histograms.withhold_time, (uint32_t)engine->now_us - segment_at(engine, index)->lost_us);
	list_remove(engine, &flow->withheld, LINK_SEND, index);
	record_put(engine, index);
	flow->withheld_count--;
	engine->counters->acks_withheld_now = --engine->withheld_acks;
	return packet;
}
