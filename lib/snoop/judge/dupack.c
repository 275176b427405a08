/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/judge/dupack.h>
#include <snoop/judge/loss.h>
#include <snoop/judge/rtt.h>

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
		if (flow->recovery && !segment->tries)
			left = loss_mark(engine, flow, index, SNOOP_CAUSE_DUPACK, now_us);
		return left;
	}
	/* Early retransmit, RFC 5827: a small flight cannot give three duplicates. */
	if (flow->open_count <= DUP_THRESHOLD)
		threshold = flow->open_count > 2 ? flow->open_count - 1 : 1;
	sent_again = segment->tries || (segment->flags & SEGMENT_SENDER);
	if (sent_again ? flow->dup_acks && now_us - segment->sent_us >
						   flow->srtt_us + max_u64(4ULL * flow->rttvar_us,
									   flow->srtt_us / 4)
		       : flow->dup_acks >= threshold) {
		/* If duplicates still come after a retransmit, it was lost too: they answer what
		 * was sent after it. */
		left = loss_mark(engine, flow, index, SNOOP_CAUSE_DUPACK, now_us);
		flow->recovery = true;
		flow->recovery_point = flow->snd_max;
	}
	return left;
}
