/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets from the wired side: what is cached, what is only forwarded. */
#include <base/seq.h>
#include <snoop/act/release.h>
#include <snoop/act/reset.h>
#include <snoop/act/shield.h>
#include <snoop/event/data.h>
#include <snoop/judge/congestion.h>
#include <snoop/judge/rtt.h>
#include <snoop/judge/window.h>
#include <snoop/store/outcomes.h>

/* A jump ahead of less than this is a hole, whatever the window. */
#define JUMP_MIN_BYTES (4U << 20)

static bool data_is_old(const struct snoop_flow *flow, const struct wire_view *view, uint32_t end)
{
	/* Old data, keep-alives and window probes make the station answer with an ACK that looks
	 * like a duplicate. */
	return seq_leq(end, flow->una) && flow->una - end <= FOREIGN_BYTES &&
	       (view->payload_bytes || seq_lt(view->seq, flow->una));
}

/*
 * Many stacks probe a closed window with data that is new, again and again: the station discards it
 * as long as the window is closed, and the radio has lost nothing. Linux takes a FIN.
 */
static bool data_is_probe(const struct snoop_flow *flow, const struct wire_view *view)
{
	return !flow->window_bytes && view->seq == flow->una && view->payload_bytes &&
	       !(view->tcp_flags & WIRE_TCP_FIN);
}

static void data_start(struct snoop_flow *flow, uint32_t seq, uint64_t now_us)
{
	flow->una = flow->snd_max = flow->high_sack = flow->uncached_end = seq;
	flow->has_sacked = false;
	flow->progress_us = now_us;
	flow->started = true;
}

/* Bytes that do not belong to what we know: an old connection, or one that went on without us. */
static bool data_is_foreign(const struct snoop_flow *flow, const struct wire_view *view,
			    uint32_t end)
{
	uint32_t limit = JUMP_MIN_BYTES;

	if (flow->window_bytes != UINT32_MAX && 2ULL * flow->window_bytes > limit &&
	    flow->window_bytes < FOREIGN_BYTES)
		limit = 2 * flow->window_bytes;
	if (seq_gt(view->seq, flow->snd_max) && view->seq - flow->snd_max > limit)
		return true;
	if (seq_lt(end, flow->una) && flow->una - end > FOREIGN_BYTES)
		return true;
	return view->has_timestamp && flow->timestamps && seq_geq(view->seq, flow->snd_max) &&
	       seq_lt(view->tsval + PAWS_REGRESSION_TICKS, flow->ts_last);
}

/* Whatever the packet was, the station may answer it. */
static void data_expect_answer(struct snoop_flow *flow)
{
	if (flow->answers_due < UINT8_MAX)
		flow->answers_due++;
}

/* @return false where nothing of the packet is believed, or nothing more is to be done. */
static bool data_is_believed(struct snoop_engine *engine, struct snoop_flow *flow,
			     const struct snoop_packet *packet, uint64_t now_us)
{
	flow->bad_checksum_wired = !packet->checksum_ok;
	if (!packet->checksum_ok || packet->view->options_malformed) {
		/* Until the next progress no ACK is ours to withhold. */
		flow->withhold_over = true;
		data_expect_answer(flow);
		release_and_rearm(engine, flow, now_us);
		if (!flow->started && (packet->view->tcp_flags & (WIRE_TCP_FIN | WIRE_TCP_RST)))
			snoop_flow_end_unseen(flow, packet->view, SNOOP_WIRED);
		if (packet->checksum_ok)
			engine->counters->pass_bad_options++;
		else
			engine->counters->pass_bad_checksum++;
		return false;
	}
	if (packet->view->tcp_flags & WIRE_TCP_RST) {
		reset_closed(engine, flow);
		return false;
	}
	return true;
}

/* What the station has acknowledged already comes again. */
static void data_note_old(struct snoop_engine *engine, struct snoop_flow *flow,
			  const struct wire_view *view)
{
	data_expect_answer(flow);
	if (view->payload_bytes > 1) {
		engine->counters->pass_old_data++;
		data_note_sender_retransmit(engine, flow, true);
	}
}

/* Count the segment, and make sure that the flow's sequence numbers are of its connection. */
static void data_place_in_flow(struct snoop_engine *engine, struct snoop_flow *flow,
			       const struct snoop_packet *packet, uint32_t end, uint64_t now_us)
{
	const struct wire_view *view = packet->view;

	flow->data_segments++;
	flow->data_bytes += view->payload_bytes;
	congestion_wired_data(engine, flow, packet->frame_bytes, now_us);
	engine->counters->data_segments++;
	if (!flow->started) {
		data_start(flow, view->seq, now_us);
	} else if (data_is_foreign(flow, view, end)) {
		reset_foreign(engine, flow);
		data_start(flow, view->seq, now_us);
	}
	if (view->payload_bytes > flow->max_payload_bytes)
		flow->max_payload_bytes = (uint16_t)view->payload_bytes;
	if (view->tcp_flags & WIRE_TCP_FIN) {
		flow->fin_wired = true;
		flow->fin_end = end;
	}
}

/* The segment begins below what was forwarded already. @return what became of older copies. */
static enum data_place data_again(struct snoop_engine *engine, struct snoop_flow *flow,
				  const struct snoop_packet *packet, uint32_t end,
				  struct data_past *past, uint64_t now_us)
{
	const struct wire_view *view = packet->view;
	enum data_place place;

	place = data_replace(engine, flow, packet, end, past, now_us);
	/* With SACK it is known that one which the station may still use is no copy in vain. */
	if (!flow->sack ||
	    (place != REPLACED && (place != UNSEEN || seq_lt(view->seq, flow->uncached_end))))
		outcome_note_sender(engine, flow, view->seq, end, now_us);
	if (place == TWICE) {
		data_expect_answer(flow);
		return place;
	}
	congestion_sender_retransmit(flow, view->seq, end);
	if (place == UNSEEN && seq_geq(view->seq, flow->uncached_end))
		data_fill_hole(engine, flow, view, now_us);
	if (view->has_timestamp)
		shield_send(engine, flow, view->seq, view->tsval, now_us);
	/* The duplicate ACKs of what the sender has taken up are news to it. */
	release_withheld(engine, flow);
	return place;
}

/* The segment begins where the last one ended, or after a hole. */
static void data_anew(struct snoop_flow *flow, const struct wire_view *view)
{
	if (view->has_timestamp) {
		flow->ts_last = view->tsval;
		flow->timestamps = true;
	}
}

static __attribute__((noinline)) void data_general(struct snoop_engine *engine,
						   struct snoop_flow *flow,
						   const struct snoop_packet *packet,
						   uint64_t now_us)
{
	const struct wire_view *view = packet->view;
	uint32_t end = view->seq + wire_segment_bytes(view);
	enum data_place place = UNSEEN;
	struct data_past past = {0};
	bool rearm = true, delayed, again;

	engine->now_us = now_us;
	if (flow->closed)
		return;
	flow->last_seen_us = now_us;
	if (flow->bypassed || !data_is_believed(engine, flow, packet, now_us))
		return;
	rtt_wired_echo(flow, view, now_us);
	if (flow->started && data_is_old(flow, view, end)) {
		outcome_note_sender(engine, flow, view->seq, end, now_us);
		data_note_old(engine, flow, view);
		return;
	}
	if (end == view->seq)
		return;
	if (flow->started && data_is_probe(flow, view)) {
		data_expect_answer(flow);
		return;
	}

	data_place_in_flow(engine, flow, packet, end, now_us);
	again = seq_lt(view->seq, flow->snd_max);
	delayed = flow->open_count && (ack_delay_applies(engine, flow) ||
				       (again && ack_delay_applies_before_hole(engine, flow)));
	if (again) {
		place = data_again(engine, flow, packet, end, &past, now_us);
	} else {
		rearm = view->seq != flow->snd_max || !deadline_stands(engine, flow);
		data_anew(flow, view);
	}
	/* The tail timer starts anew when data leaves an idle flow. */
	if (!flow->open_count)
		flow->progress_us = now_us;
	flow->snd_max = seq_max(flow->snd_max, end);
	if (!flow->window_shift_known && flow->snd_max == end)
		rearm |= window_learn_shift(flow);
	past.sent |= seq_lt(view->seq, flow->uncached_end);
	if (place == FAR || (place != KEPT && place != TWICE &&
			     !data_cache(engine, flow, packet, end, &past, now_us)))
		flow->uncached_end = seq_max(flow->uncached_end, end);
	if (delayed && !(again && ack_delay_applies_before_hole(engine, flow)))
		data_end_delay(engine, flow, now_us);
	if (rearm)
		deadline_set(engine, flow, now_us);
}

void snoop_flow_data(struct snoop_engine *engine, struct snoop_flow *flow,
		     const struct snoop_packet *packet, uint64_t now_us)
{
	if (!SNOOP_FAST_PATH(NEXT_DATA, data_in_order(engine, flow, packet, now_us)))
		data_general(engine, flow, packet, now_us);
}
