/* SPDX-License-Identifier: BSD-3-Clause */
/* Hints to the CPU's cache: no state changes here. */
#include <snoop/judge/rtt.h>
#include <snoop/store/records.h>

void snoop_data_prefetch(const struct snoop_engine *engine, const struct snoop_flow *flow)
{
	__builtin_prefetch(segment_at(engine, flow->by_seq.tail), 1);
	/* The deadline of what leaves an idle flow depends on the RTT. */
	if (flow->open_count <= 1)
		__builtin_prefetch(&flow->srtt_us, 1);
	if (flow->echo_sent_us)
		__builtin_prefetch(&flow->wired_rtt, 1);
	if (engine->silent_stations || flow->returns_seen != engine->returns) {
		__builtin_prefetch(&flow->station_era);
		__builtin_prefetch(&engine->stations[flow->station]);
	}
}

bool snoop_ack_prefetch(const struct snoop_engine *engine, const struct snoop_flow *flow,
			bool sacks)
{
	uint32_t head = flow->by_seq.head;

	__builtin_prefetch(&flow->reo_deadline_us, 1);
	__builtin_prefetch(&flow->ts_echo, 1);
	__builtin_prefetch(segment_at(engine, head), 1);
	__builtin_prefetch(&engine->stations[flow->station], 1);
	if (!sacks && flow->in_flight.head == head)
		return false;
	/* Something is SACKed or lost, or will be: ACKs touch more then. */
	__builtin_prefetch(&flow->sacked_count, 1);
	__builtin_prefetch(segment_at(engine, flow->in_flight.head), 1);
	if (flow->sack_hint)
		__builtin_prefetch(segment_at(engine, flow->sack_hint), 1);
	return true;
}

uint32_t snoop_ack_prefetch_next(const struct snoop_engine *engine, const struct snoop_flow *flow)
{
	uint32_t second = segment_at(engine, flow->by_seq.head)->seq_next;

	if ((uint32_t)engine->now_us - flow->delay_mark_us >= RTT_GROWTH_SPAN_US)
		__builtin_prefetch(&flow->delay_growth_ppm, 1);
	__builtin_prefetch(segment_at(engine, second), 1); /* mostly an ACK covers two segments */
	return second;
}

uint32_t snoop_ack_prefetch_more(const struct snoop_engine *engine, uint32_t segment)
{
	uint32_t next = segment_at(engine, segment)->seq_next;

	__builtin_prefetch(segment_at(engine, next), 1);
	return next;
}
