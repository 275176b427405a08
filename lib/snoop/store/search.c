/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/store/lists.h>
#include <snoop/store/search.h>

#define NEAR_STEPS 4U /* so near to the hint no other record is fetched from memory */

static uint32_t search_limit(struct snoop_engine *engine)
{
	uint64_t limit;

	if (engine->search_us != engine->now_us) {
		engine->search_us = engine->now_us;
		engine->search_left = SEARCH_STEPS;
	}
	limit = min_u64(engine->search_left, SEARCH_STEPS_MAX);
	return (uint32_t)max_u64(limit, SEARCH_STEPS_MIN);
}

static void search_charge(struct snoop_engine *engine, uint32_t steps)
{
	engine->search_left -= (uint32_t)min_u64(steps, engine->search_left);
}

static bool search_ends_after(const struct snoop_engine *engine, uint32_t index, uint32_t seq)
{
	return seq_gt(segment_at(engine, index)->end, seq);
}

/* The segment at index ends after seq: walk towards the head, and soon from the head too. */
static uint32_t search_back(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index,
			    uint32_t seq)
{
	uint32_t limit = search_limit(engine), first = flow->open.head, step;

	for (step = 0; step < limit; step++) {
		uint32_t prev = list_before(engine, &flow->open, LIST_OPEN, index);

		if (!prev || !search_ends_after(engine, prev, seq))
			break;
		index = prev;
		if (step < NEAR_STEPS)
			continue;
		if (search_ends_after(engine, first, seq)) {
			index = first;
			break;
		}
		first = segment_at(engine, first)->open_next;
	}
	search_charge(engine, step);
	if (step < limit)
		return index;
	flow->sack_hint = index;
	return SEGMENT_FAR;
}

/* The segment at index does not end after seq: walk towards the tail, soon from the tail too. */
static uint32_t search_forward(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t index,
			       uint32_t seq)
{
	uint32_t limit = search_limit(engine), last = flow->open.tail, next = 0, step;

	for (step = 0; step < limit; step++) {
		next = segment_at(engine, index)->open_next;
		if (!next || search_ends_after(engine, next, seq))
			break;
		index = next;
		if (step < NEAR_STEPS)
			continue;
		if (!search_ends_after(engine, last, seq)) {
			next = segment_at(engine, last)->open_next;
			break;
		}
		last = list_before(engine, &flow->open, LIST_OPEN, last);
	}
	search_charge(engine, step);
	if (step < limit)
		return next;
	flow->sack_hint = index;
	return SEGMENT_FAR;
}

uint32_t segment_find_open(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t seq)
{
	uint32_t index = flow->sack_hint ? flow->sack_hint : flow->open.head;

	/* Holes sit near the head, news near the hint or the tail. */
	if (!index)
		return 0;
	return search_ends_after(engine, index, seq) ? search_back(engine, flow, index, seq)
						     : search_forward(engine, flow, index, seq);
}

/* Search the SACKed segments between two open ones (0 = the end of the list), from both sides. */
static uint32_t search_sacked(struct snoop_engine *engine, const struct snoop_flow *flow,
			      uint32_t seq, uint32_t left, uint32_t right)
{
	uint32_t first = left ? segment_at(engine, left)->seq_next : flow->by_seq.head;
	uint32_t last =
		right ? list_before(engine, &flow->by_seq, LIST_SEQ, right) : flow->by_seq.tail;
	uint32_t limit = search_limit(engine), found = SEGMENT_FAR, step;

	for (step = 0; step < limit; step++) {
		if (first == right || search_ends_after(engine, first, seq)) {
			found = first;
			break;
		}
		if (!search_ends_after(engine, last, seq)) {
			found = segment_at(engine, last)->seq_next;
			break;
		}
		first = segment_at(engine, first)->seq_next;
		last = list_before(engine, &flow->by_seq, LIST_SEQ, last);
	}
	search_charge(engine, step);
	return found;
}

static bool search_fits(const struct snoop_engine *engine, const struct snoop_flow *flow,
			uint32_t index, uint32_t seq)
{
	uint32_t prev = list_before(engine, &flow->by_seq, LIST_SEQ, index);

	return search_ends_after(engine, index, seq) &&
	       (!prev || !search_ends_after(engine, prev, seq));
}

uint32_t segment_find(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t seq)
{
	uint32_t index = engine->found_of == flow ? engine->found : 0;

	/* At the last search's place, or right after it. */
	if (index && search_fits(engine, flow, index, seq))
		return index;
	if (index)
		index = segment_at(engine, index)->seq_next;
	if (index && search_fits(engine, flow, index, seq)) {
		engine->found = index;
		return index;
	}
	index = segment_find_open(engine, flow, seq);
	if (index == SEGMENT_FAR)
		return SEGMENT_FAR;
	index = search_sacked(engine, flow, seq,
			      index ? list_before(engine, &flow->open, LIST_OPEN, index)
				    : flow->open.tail,
			      index);
	if (index != SEGMENT_FAR) {
		engine->found_of = flow;
		engine->found = index;
	}
	return index;
}
