/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoop/act/deadline.h>
#include <snoop/event/ack.h>
#include <snoop/event/scoreboard.h>
#include <snoop/judge/ack_delay.h>
#include <snoop/judge/rtt.h>
#include <snoop/judge/window.h>
#include <snoop/judge/withhold.h>
#include <snoop/store/discard.h>

/* What the attention word has to be; the table in flow.h says why. */
#define ACK_NEEDED SNOOP_ATTENTION(.started = true, .acked = true, .two_way = true, .has_rtt = true)
#define ACK_NEEDED_ECHO SNOOP_ATTENTION(.echoed = true)
#define ACK_FORBIDDEN                                                                              \
	SNOOP_ATTENTION(.closed = true, .bypassed = true, .catching_up = true, .silent = true,     \
			.recovery = true, .timeout_in_doubt = true, .vetoing = true,               \
			.withhold_over = true, .bad_checksum_station = true, .has_left = true,     \
			.has_lost = true, .has_withheld = true, .has_sacked = true,                \
			.has_suspect = true, .before_hole = true)

static inline bool ack_suits_flow(const struct snoop_flow *flow, const struct wire_view *view)
{
	uint32_t needed = view->has_timestamp ? ACK_NEEDED | ACK_NEEDED_ECHO : ACK_NEEDED;

	return (flow->attention & (needed | ACK_FORBIDDEN)) == needed;
}

/*
 * Fast path for the common case: an in-order ACK of a flow with nothing SACKed, lost or in doubt,
 * which covers a few segments that were sent once. Equivalent to ack_general() with every check
 * removed that cannot fire. RACK has nothing to judge: what is still in flight was sent after what
 * is delivered now.
 */
inline bool ack_in_order(struct snoop_engine *engine, struct snoop_flow *flow,
			 const struct snoop_packet *packet, uint64_t now_us)
{
	const struct wire_view *view = packet->view;
	struct snoop_station *station = station_of(engine, flow);
	uint32_t ack = view->ack, news = ack - flow->una;
	struct segment_run run;
	struct delivery delivery;

	if (!ack_suits_flow(flow, view) || !packet->checksum_ok || view->options_malformed ||
	    view->sack_count || (flow->dup_acks | flow->stray_dup_acks) ||
	    (view->tcp_flags & (WIRE_TCP_RST | WIRE_TCP_FIN | WIRE_TCP_ACK)) != WIRE_TCP_ACK ||
	    !news || news > flow->snd_max - flow->una || !station || station->silent ||
	    station->era != flow->station_era)
		return false;
	engine->now_us = now_us;
	if (!segment_remove_run(engine, flow, ack, &run))
		return false;
	flow->last_seen_us = now_us;
	flow->returns_seen = engine->returns;
	engine->counters->acks_seen++;
	station_heard(engine, station, now_us);
	if (view->has_timestamp)
		flow->ts_echo = view->tsecr;
	ack_move_una(engine, flow, ack);
	flow->high_sack = ack;
	delivery = (struct delivery){
		.segments = run.count,
		.has_newest = true,
		.has_sent_once = true,
		.has_sample = true,
		.sent_once_us = run.sent_us,
		.sent_once_end = run.end,
		.newest_sent_us = run.sent_us,
		.newest_end = run.end,
	};
	ack_delay_note_answer(engine, flow, view, &delivery, ack - news, now_us);
	scoreboard_settle(engine, flow, &delivery, now_us);
	window_note(flow, view);
	rtt_wired_arm(flow, view, now_us);
	ack_note_sequence(flow, view);
	flow->window_raw = view->window;
	flow->ecn_last = ack_ecn_bits(view);
	deadline_set_in_order(engine, flow, run.end == ack, now_us);
	return true;
}
