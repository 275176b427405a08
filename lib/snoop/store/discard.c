/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoop/store/discard.h>
#include <snoop/store/segments.h>

bool segment_remove_run(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t ack,
			struct segment_run *run)
{
	uint32_t first = flow->by_seq.head, next = first, count = 0, frame_bytes = 0;
	struct snoop_segment *last = NULL;

	if (flow->open_count != flow->cached_count || flow->gaps || flow->open.head != first ||
	    flow->in_flight.head != first)
		return false;
	while (next) {
		struct snoop_segment *segment = segment_at(engine, next);

		if (seq_gt(segment->end, ack))
			break;
		if (segment->flags || segment->send_next != segment->seq_next ||
		    count == SEGMENT_PORTION_MIN)
			return false;
		count++;
		frame_bytes += segment->frame_bytes;
		last = segment;
		next = segment->seq_next;
		if (segment->end == ack)
			break; /* do not read the next record: it is not in the CPU's cache yet */
	}
	if (!count)
		return false;
	*run = (struct segment_run){.count = count, .sent_us = last->sent_us, .end = last->end};
	flow->open_bytes -= last->end - segment_at(engine, first)->seq;
	flow->open_count -= count;
	flow->cached_count -= count;
	flow->cached_bytes -= frame_bytes;
	flow->by_seq.head = flow->open.head = flow->in_flight.head = next;
	if (!next)
		flow->by_seq.tail = flow->open.tail = flow->in_flight.tail = 0;
	records_portion(engine);
	engine->portion_left -= (uint32_t)min_u64(count, engine->portion_left);
	flow->sack_hint = 0;
	if (engine->found_of == flow)
		engine->found = 0;
	engine->counters->cache_segments = engine->cached_segments -= count;
	/* They are a chain already. */
	last->send_next = engine->free_records;
	engine->free_records = first;
	if (!segment_at(engine, first)->packet)
		return true;
	engine->counters->cache_bytes = engine->cached_bytes -= frame_bytes;
	for (next = first; count; count--) {
		struct snoop_segment *segment = segment_at(engine, next);
		void *packet = segment->packet;

		segment->packet = NULL;
		next = segment->send_next;
		engine->ops->unref(engine->owner, packet);
	}
	return true;
}

/* Hand the chain on as it is: only the records at its ends are touched. */
void segment_discard_all(struct snoop_engine *engine, struct snoop_flow *flow)
{
	struct snoop_list rest;

	for (uint32_t room = records_portion(engine); room && flow->by_seq.head; room--) {
		records_charge_portion(&engine->portion_left);
		segment_remove(engine, flow, flow->by_seq.head);
	}
	rest = flow->by_seq;
	if (!rest.head)
		return;
	segment_at(engine, rest.tail)->seq_next = engine->discarded;
	engine->discarded = rest.head;
	flow->by_seq = flow->open = flow->in_flight = flow->lost = (struct snoop_list){0};
	flow->sack_hint = flow->gaps = 0;
	if (engine->found_of == flow)
		engine->found = 0;
	flow->cached_count = flow->open_count = flow->left_count = flow->sender_count =
		flow->sacked_count = 0;
	flow->cached_bytes = flow->open_bytes = 0;
	flow->has_left = flow->has_lost = false;
}
