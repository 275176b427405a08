/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoop/act/deadline.h>
#include <snoop/event/ack.h>
#include <snoop/event/scoreboard.h>
#include <snoop/judge/rtt.h>
#include <snoop/judge/window.h>
#include <snoop/judge/withhold.h>
#include <snoop/store/discard.h>

static inline bool ack_is_untroubled(const struct snoop_flow *flow)
{
	return flow->started && flow->acked && flow->two_way && flow->has_rtt && !flow->closed &&
	       !flow->silent && !flow->behind && !flow->recovery && !flow->doubted &&
	       !flow->vetoing && !flow->withhold_over && !flow->bad_checksum_station &&
	       flow->level != SNOOP_LEVEL_BYPASS && !flow->left_count && !flow->lost.head &&
	       !flow->withheld.head && flow->reo_deadline_us == SNOOP_NEVER &&
	       !seq_gt(flow->high_sack, flow->una);
}

/*
 * Nearly every ACK is the next one of a flow that nothing is the matter with: it covers a few
 * segments, all sent once, and nothing is SACKed, lost or in doubt. It is treated as ack_general()
 * does, of whose questions these are the ones that are left. RACK has nothing to judge: what is in
 * flight still was sent after what is delivered now.
 *
 * @return false where the others have to be asked: nothing was done.
 */
inline bool ack_in_order(struct snoop_engine *engine, struct snoop_flow *flow,
		  const struct snoop_packet *packet, uint64_t now_us)
{
	const struct wire_view *view = packet->view;
	struct snoop_station *station = station_of(engine, flow);
	uint32_t ack = view->ack, news = ack - flow->una;
	struct segment_run run;

	if (!ack_is_untroubled(flow) || (view->has_timestamp && !flow->echoed) ||
	    !packet->checksum_ok || view->options_malformed || view->sack_count ||
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
	scoreboard_settle(engine, flow,
			  &(struct delivery){
				  .segments = run.count,
				  .any = true,
				  .once = true,
				  .has_sample = true,
				  .once_sent_us = run.sent_us,
				  .once_end = run.end,
				  .newest_sent_us = run.sent_us,
				  .newest_end = run.end,
			  },
			  now_us);
	window_note(flow, view);
	rtt_wired_arm(flow, view, now_us);
	ack_note_sequence(flow, view);
	flow->window_raw = view->window;
	flow->ecn_last = ack_ecn_bits(view);
	deadline_set_in_order(engine, flow, run.end == ack, now_us);
	return true;
}
