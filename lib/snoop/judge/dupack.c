/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/judge/ack_delay.h>
#include <snoop/judge/dupack.h>
#include <snoop/judge/loss.h>
#include <snoop/judge/rtt.h>
#include <snoop/store/flow_extra.h>

void dupack_hole_sent(struct snoop_engine *engine, struct snoop_flow *flow)
{
	uint32_t answered = flow->dup_claimed_segments + 1U; /* and the hole itself */

	flow->dup_acks = 0;
	if (!flow->sack)
		extra_get(engine, flow)->dups_due =
			flow->open_count > answered ? flow->open_count - answered : 0;
}

/*
 * The hole was sent again, and duplicates come: do they answer what was sent after it? Not before
 * its own answer can have come, and not before all that was on its way ahead of it is answered. If
 * duplicates get lost, the tail timer has the last word.
 */
static bool dupack_proves_again(struct snoop_engine *engine, const struct snoop_flow *flow,
				const struct snoop_segment *hole, uint64_t now_us)
{
	const struct snoop_flow_extra *extra = extra_of(engine, flow);

	return flow->dup_acks > (extra ? extra->dups_due : 0) &&
	       now_us - hole->sent_us > rtt_answer_us(engine, flow);
}

bool dupack_detect_loss(struct snoop_engine *engine, struct snoop_flow *flow, bool advanced,
			uint64_t now_us)
{
	uint32_t index = flow->open.head;
	struct snoop_segment *segment;
	uint32_t threshold = DUP_THRESHOLD;
	bool sent_again, left = false;

	if (!index)
		return false;
	segment = segment_at(engine, index);
	if (segment->seq != flow->una || (segment->flags & (SEGMENT_LOST | SEGMENT_LEFT)))
		return false;
	if (advanced) {
		if (seq_geq(flow->una, flow->recovery_point) ||
		    (uint32_t)now_us - flow->retransmit_us < rtt_min_us(engine, flow))
			flow->recovery = false; /* over; or this answers no retransmit, as the
						   originals arrive */
		/* It may do that too: the next one is the tail timer's. */
		if (flow->recovery && ack_delay_gap_us(engine, flow, segment))
			flow->recovery = false;
		if (flow->recovery && !segment->tries)
			left = loss_mark(engine, flow, index, SNOOP_CAUSE_DUPACK, now_us);
		return left;
	}
	/* Early retransmit, RFC 5827: a small flight cannot give three duplicates. */
	if (flow->open_count <= DUP_THRESHOLD)
		threshold = flow->open_count > 2 ? flow->open_count - 1 : 1;
	sent_again = segment->tries || (segment->flags & SEGMENT_SENDER);
	if (sent_again ? dupack_proves_again(engine, flow, segment, now_us)
		       : flow->dup_acks >= threshold) {
		left = loss_mark(engine, flow, index, SNOOP_CAUSE_DUPACK, now_us);
		flow->recovery = true;
		flow->recovery_point = flow->snd_max;
	}
	return left;
}
