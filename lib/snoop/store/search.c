/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoop/store/lists.h>
#include <snoop/store/search.h>

uint32_t segment_find_open(const struct snoop_engine *engine, const struct snoop_flow *flow,
			   uint32_t seq)
{
	uint32_t index = flow->sack_hint ? flow->sack_hint : flow->open.head;

	/* Holes sit near the head, news near the hint: start where the way is short. */
	if (index && seq_gt(segment_at(engine, index)->end, seq)) {
		uint32_t prev = list_before(engine, &flow->open, LIST_OPEN, index);

		while (prev && seq_gt(segment_at(engine, prev)->end, seq)) {
			index = prev;
			prev = list_before(engine, &flow->open, LIST_OPEN, index);
		}
		return index;
	}
	while (index && seq_leq(segment_at(engine, index)->end, seq))
		index = segment_at(engine, index)->open_next;
	return index;
}

/* Among the SACKed segments between two open ones, or the ends of the list (0): from both sides, as
 * long as it takes. */
static uint32_t search_sacked(const struct snoop_engine *engine, const struct snoop_flow *flow,
			      uint32_t seq, uint32_t left, uint32_t right)
{
	uint32_t first = left ? segment_at(engine, left)->seq_next : flow->by_seq.head;
	uint32_t last =
		right ? list_before(engine, &flow->by_seq, LIST_SEQ, right) : flow->by_seq.tail;

	for (uint32_t step = 0; step < SEGMENT_SEARCH_MAX; step++) {
		if (first == right || seq_gt(segment_at(engine, first)->end, seq))
			return first;
		if (seq_leq(segment_at(engine, last)->end, seq))
			return segment_at(engine, last)->seq_next;
		first = segment_at(engine, first)->seq_next;
		last = list_before(engine, &flow->by_seq, LIST_SEQ, last);
	}
	return SEGMENT_FAR;
}

static bool search_fits(const struct snoop_engine *engine, const struct snoop_flow *flow,
			uint32_t index, uint32_t seq)
{
	uint32_t prev = list_before(engine, &flow->by_seq, LIST_SEQ, index);

	return seq_gt(segment_at(engine, index)->end, seq) &&
	       (!prev || seq_leq(segment_at(engine, prev)->end, seq));
}

uint32_t segment_find(struct snoop_engine *engine, const struct snoop_flow *flow, uint32_t seq)
{
	uint32_t index = engine->found_of == flow ? engine->found : 0;

	/* In the place of the last time, or behind it. */
	if (index && search_fits(engine, flow, index, seq))
		return index;
	if (index)
		index = segment_at(engine, index)->seq_next;
	if (index && search_fits(engine, flow, index, seq)) {
		engine->found = index;
		return index;
	}
	index = segment_find_open(engine, flow, seq);
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
