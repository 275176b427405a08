/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/event/scoreboard.h>
#include <snoop/judge/answers.h>
#include <snoop/store/search.h>

/* high_sack or una has moved. */
static void scoreboard_note_sacked(struct snoop_flow *flow)
{
	flow->has_sacked = seq_gt(flow->high_sack, flow->una);
}

void scoreboard_find_elsewhere(const struct snoop_engine *engine, const struct snoop_flow *flow,
			       uint32_t ack, struct delivery *delivery)
{
	uint32_t passed_end = seq_max(flow->una, flow->uncached_end);
	uint32_t left = delivery->portion_left;

	if (!flow->gaps && seq_leq(ack, flow->snd_max))
		return;
	for (uint32_t index = flow->by_seq.head; index;) {
		const struct snoop_segment *segment = segment_at(engine, index);

		if (seq_geq(segment->seq, ack))
			break;
		if (!left--)
			return;
		if (seq_gt(segment->seq, passed_end)) {
			delivery->elsewhere = true;
			delivery->known_from = segment->seq;
		}
		passed_end = seq_max(passed_end, segment->end);
		index = segment->seq_next;
	}
	if (seq_gt(ack, passed_end)) {
		delivery->elsewhere = true;
		delivery->known_from = ack;
	}
}

void scoreboard_remove_acked(struct snoop_engine *engine, struct snoop_flow *flow,
			     struct delivery *delivery, uint64_t now_us)
{
	while (flow->by_seq.head) {
		uint32_t index = flow->by_seq.head;
		struct snoop_segment *segment = segment_at(engine, index);

		if (seq_gt(segment->end, flow->una))
			break;
		if (!delivery_use_portion(engine, delivery)) {
			flow->catching_up = true;
			scoreboard_note_sacked(flow);
			return;
		}
		if (!(segment->flags & SEGMENT_SACKED) &&
		    !(delivery->elsewhere && seq_lt(segment->seq, delivery->known_from)))
			delivery_add(engine, flow, segment, delivery, now_us);
		segment_remove(engine, flow, index);
	}
	flow->catching_up = false;
	flow->high_sack = seq_max(flow->high_sack, flow->una);
	scoreboard_note_sacked(flow);
}

/* @return false if some of what the block covers has to wait: the next ACK repeats it. */
static bool scoreboard_sack_block(struct snoop_engine *engine, struct snoop_flow *flow,
				  const struct wire_sack *block, struct delivery *delivery,
				  uint64_t now_us)
{
	uint32_t index = segment_find_open(engine, flow, block->start);
	uint32_t before = delivery->segments;

	if (index == SEGMENT_FAR)
		return false;
	/* A segment is SACKed only if the block covers it whole. */
	if (index && seq_lt(segment_at(engine, index)->seq, block->start))
		index = segment_at(engine, index)->open_next;
	while (index) {
		struct snoop_segment *segment = segment_at(engine, index);
		uint32_t next = segment->open_next;

		if (seq_gt(segment->end, block->end))
			break;
		if (!delivery_use_portion(engine, delivery))
			return false;
		delivery_add(engine, flow, segment, delivery, now_us);
		segment_sacked(engine, flow, index);
		index = next;
	}
	if (delivery->segments != before && index)
		flow->sack_hint = index;
	return true;
}

bool scoreboard_sack(struct snoop_engine *engine, struct snoop_flow *flow,
		     const struct wire_view *view, uint8_t first, struct delivery *delivery,
		     uint64_t now_us)
{
	uint32_t high_sack = flow->high_sack, news = 0;

	for (uint8_t i = first; i < view->sack_count; i++) {
		const struct wire_sack *block = &view->sack[i];
		uint32_t before = delivery->segments;

		if (seq_leq(block->end, flow->una) || seq_gt(block->end, flow->snd_max))
			continue;
		if (!scoreboard_sack_block(engine, flow, block, delivery, now_us))
			return false;
		high_sack = seq_max(high_sack, block->end);
		news += delivery->segments != before;
	}
	/* The newest come first (RFC 2018 section 4): if none is old, there may be more. */
	if (view->sack_count >= SACK_BLOCKS_MIN && news + first == view->sack_count)
		flow->partial_end = flow->snd_max;
	/* Only now: the blocks of one ACK come newest first, which is no reordering. */
	flow->high_sack = high_sack;
	scoreboard_note_sacked(flow);
	return true;
}

bool scoreboard_catch_up(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	struct delivery delivery = {.portion_left = records_portion(engine)};

	scoreboard_remove_acked(engine, flow, &delivery, now_us);
	answers_note_more(engine, flow, delivery.segments);
	delivery.has_sample = false; /* no packet has come just now */
	scoreboard_settle(engine, flow, &delivery, now_us);
	return !flow->catching_up;
}
