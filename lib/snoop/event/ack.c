/* SPDX-License-Identifier: BSD-3-Clause */
/* ACKs from the wireless side: scoreboard, RTT, loss detection, repair, verdict. */
#include <snoop/act/release.h>
#include <snoop/act/reset.h>
#include <snoop/act/retransmit.h>
#include <snoop/event/ack.h>
#include <snoop/event/scoreboard.h>
#include <snoop/judge/ack_delay.h>
#include <snoop/judge/answers.h>
#include <snoop/judge/dsack.h>
#include <snoop/judge/dupack.h>
#include <snoop/judge/loss.h>
#include <snoop/judge/rack.h>
#include <snoop/judge/rtt.h>
#include <snoop/judge/window.h>
#include <snoop/judge/withhold.h>
#include <snoop/store/withheld.h>

/* An ACK so far below what is known is right, and what is known is wrong. */
#define RESYNC_BYTES (16U << 20)

static void ack_advance(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t ack,
			struct delivery *delivery, uint64_t now_us)
{
	struct snoop_answer_ring *ring;
	enum answers_hole hole = HOLE_UNKNOWN;

	scoreboard_find_elsewhere(engine, flow, ack, delivery);
	if (delivery->elsewhere)
		flow->progress_us = now_us; /* it has moved on, though nothing of ours answers */
	if (seq_gt(ack, flow->snd_max))
		flow->snd_max = ack; /* data that went another way, or before our time */
	ring = flow->sack ? NULL : answers_open(engine, flow);
	if (ring)
		hole = answers_hole(engine, flow, now_us);
	ack_move_una(engine, flow, ack);
	dupack_forget_strays(engine, flow);
	scoreboard_remove_acked(engine, flow, delivery, now_us);
	if (ring)
		answers_note_advance(ring, flow, hole, delivery->segments);
	/* The hole is filled: what was withheld for it says nothing any more. */
	release_as_needless(engine, flow);
}

static void ack_resync(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t ack,
		       uint64_t now_us)
{
	reset_foreign(engine, flow);
	flow->una = flow->snd_max = flow->high_sack = flow->uncached_end = ack;
	flow->has_sacked = false;
	flow->progress_us = now_us;
	flow->started = true;
}

/* What one ACK says, as far as it is known already. */
struct ack_news {
	struct delivery delivery;
	bool advanced;	    /* it moves una */
	bool duplicate;	    /* RFC 5681 */
	bool dsack;	    /* its first block reports a duplicate */
	bool dsack_is_ours; /* of a retransmit of ours */
	bool complete;	    /* the scoreboard has taken all of it */
};

/* @return false where nothing of the packet is believed, or nothing more is to be done. */
static bool ack_is_believed(struct snoop_engine *engine, struct snoop_flow *flow,
			    const struct snoop_packet *packet, uint64_t now_us)
{
	const struct wire_view *view = packet->view;

	flow->bad_checksum_station = !packet->checksum_ok;
	if (!packet->checksum_ok) {
		engine->counters->pass_bad_checksum++;
		release_and_rearm(engine, flow, now_us);
		return false;
	}
	if (view->options_malformed) {
		/* The sender may believe its window and ECN bits: until the next progress nothing
		 * is known to be the same. */
		flow->withhold_over = true;
		engine->counters->pass_bad_options++;
		release_and_rearm(engine, flow, now_us);
		return false;
	}
	if (view->tcp_flags & WIRE_TCP_RST) {
		reset_closed(engine, flow);
		return false;
	}
	if (!(view->tcp_flags & WIRE_TCP_ACK)) {
		release_and_rearm(engine, flow, now_us);
		return false;
	}
	return true;
}

static void ack_hear_station(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	struct snoop_station *station = station_of(engine, flow);

	if (!station)
		return;
	station_heard(engine, station, now_us);
	flow->silent = false;
	if (flow->station_era != station->era) {
		flow->station_era = station->era;
		loss_revive(engine, flow, now_us);
		deadline_set(engine, flow, now_us); /* this ACK may tell no more */
	}
	flow->returns_seen = engine->returns;
}

/* Where the ACK lies in what is known. @return false where nothing more is to be done. */
static bool ack_fits(struct snoop_engine *engine, struct snoop_flow *flow,
		     const struct wire_view *view, uint64_t now_us)
{
	if (!flow->started) {
		window_note(flow, view);
		flow->window_raw = view->window;
		flow->two_way = true;
		return false;
	}
	/* Far outside of what is known: another connection, or a sequence jump unseen by us. */
	if (view->ack - flow->una > 1U << 30 && flow->una - view->ack > RESYNC_BYTES)
		ack_resync(engine, flow, view->ack, now_us);
	if (seq_geq(view->ack, flow->una))
		return true;
	if (flow->acked) {
		engine->counters->acks_old++;
		release_and_rearm(engine, flow, now_us);
		return false;
	}
	flow->una = flow->high_sack =
		view->ack; /* picked up mid-stream: older data is on its way */
	return true;
}

/* Options and numbers that say something without the scoreboard. */
static void ack_read(struct snoop_flow *flow, const struct wire_view *view, struct ack_news *news)
{
	news->duplicate = flow->acked && view->ack == flow->una && !view->payload_bytes &&
			  view->window == flow->window_raw && seq_lt(flow->una, flow->snd_max);
	flow->two_way = true;
	if (view->has_timestamp) {
		flow->ts_echo = view->tsecr;
		flow->echoed = true;
	}
	news->dsack = dsack_is_reported(view);
	if (news->dsack)
		news->delivery.dsack = &view->sack[0];
	if (view->sack_count)
		flow->sack = true;
}

/*
 * It says nothing new, though each segment that the station can use is news. Without SACK that is
 * known only where nothing is under way, with it only where all that passed is in the scoreboard.
 */
static bool ack_is_bare(const struct snoop_flow *flow, const struct wire_view *view,
			const struct ack_news *news)
{
	if (!flow->acked || view->ack != flow->una || view->payload_bytes ||
	    view->window != flow->window_raw || view->seq != flow->station_next ||
	    (view->tcp_flags & WIRE_TCP_FIN))
		return false;
	if (!view->sack_count)
		return !flow->has_sacked && (flow->sack || flow->una == flow->snd_max);
	return news->complete && !news->delivery.segments && flow->uncached_end == flow->una;
}

/* What it acknowledges and SACKs leaves the lists; RTT, RACK and the veto learn of it. */
static void ack_update_scoreboard(struct snoop_engine *engine, struct snoop_flow *flow,
				  const struct wire_view *view, struct ack_news *news,
				  uint64_t now_us)
{
	struct delivery *delivery = &news->delivery;
	uint32_t una = flow->una;

	delivery->portion_left = records_portion(engine);
	if (seq_gt(view->ack, flow->una)) {
		news->advanced = true;
		if (!flow->sack)
			dupack_learn(engine, flow, now_us);
		ack_advance(engine, flow, view->ack, delivery, now_us);
	} else if (flow->catching_up) {
		scoreboard_remove_acked(engine, flow, delivery, now_us);
		answers_note_more(engine, flow, delivery->segments);
	}
	news->complete = !flow->catching_up &&
			 scoreboard_sack(engine, flow, view, news->dsack, delivery, now_us);
	/* Karn; and what a retransmit just uncovered has waited for it, as has what the scoreboard
	 * has still to take: no sample of the path. */
	delivery->has_sample &= news->complete && !delivery->newest_retransmitted;
	if (news->advanced && delivery->has_sample)
		ack_delay_note_answer(engine, flow, view, delivery, una, now_us);
	/* What it reports may have been delivered by this very ACK. */
	if (news->dsack)
		news->dsack_is_ours = dsack_judge(engine, flow, &view->sack[0]);
	else if (!news->advanced && ack_is_bare(flow, view, news))
		dsack_judge_bare(engine, flow);
	scoreboard_settle(engine, flow, delivery, now_us);
}

static void ack_count_duplicate(struct snoop_engine *engine, struct snoop_flow *flow,
				const struct wire_view *view, uint64_t now_us)
{
	engine->counters->acks_duplicate++;
	/* Not the station's keep-alives and probes, which lie below what it has sent. */
	if (view->sack_count || flow->answers_due || view->seq != flow->station_next)
		return;
	if (!flow->sack && flow->level > SNOOP_LEVEL_OBSERVE)
		answers_note(engine, flow, now_us);
	if (flow->stray_dup_acks)
		flow->stray_dup_acks--;
	else
		dupack_note(engine, flow, now_us);
	retransmit_earn_duplicate(flow);
	ack_delay_note_duplicate(engine, flow);
	flow->progress_us = now_us; /* something was delivered, though it is unknown what */
}

/* Find losses, and retransmit them. */
static void ack_repair(struct snoop_engine *engine, struct snoop_flow *flow,
		       const struct ack_news *news, uint64_t now_us)
{
	bool left = rack_detect_losses(engine, flow, now_us);

	if (!flow->sack && (news->advanced || news->duplicate))
		left |= dupack_detect_loss(engine, flow, news->advanced, now_us);
	/* Duplicate ACKs of a loss that is the sender's are news to it. */
	if (left)
		release_withheld(engine, flow);
	retransmit_lost(engine, flow, now_us);
}

/* @return true if the ACK is withheld: its reference is ours. */
static bool ack_withhold(struct snoop_engine *engine, struct snoop_flow *flow,
			 const struct snoop_packet *packet, const struct ack_news *news,
			 uint64_t now_us)
{
	bool withhold = false;

	/*
	 * A duplicate that is none of ours is news of the sender's own retransmits. One that says
	 * nothing new at all answers something that did not pass here: a challenge ACK (RFC 5961).
	 */
	if (news->duplicate && news->complete && (!news->dsack || news->dsack_is_ours) &&
	    (!flow->sack || news->delivery.segments || news->dsack_is_ours))
		withhold =
			withhold_allowed(engine, flow, packet->view, news->dsack_is_ours, now_us);
	if (news->duplicate && flow->answers_due && !news->dsack_is_ours)
		flow->answers_due--;
	if (!withhold ||
	    !withheld_append(engine, flow, packet, now_us + withhold_limit_us(engine, flow)))
		return false;
	flow->acks_withheld++;
	engine->counters->acks_withheld++;
	return true;
}

static __attribute__((noinline)) enum snoop_verdict ack_general(struct snoop_engine *engine,
								struct snoop_flow *flow,
								const struct snoop_packet *packet,
								uint64_t now_us)
{
	const struct wire_view *view = packet->view;
	struct ack_news news = {0};
	bool withheld;

	engine->now_us = now_us;
	if (flow->closed)
		return SNOOP_FORWARD;
	flow->last_seen_us = now_us;
	if (flow->bypassed || !ack_is_believed(engine, flow, packet, now_us))
		return SNOOP_FORWARD;
	engine->counters->acks_seen++;
	if (view->tcp_flags & WIRE_TCP_FIN)
		flow->fin_station = true;
	ack_hear_station(engine, flow, now_us);
	if (!ack_fits(engine, flow, view, now_us))
		return SNOOP_FORWARD;
	ack_read(flow, view, &news);
	ack_update_scoreboard(engine, flow, view, &news, now_us);
	if (news.duplicate)
		ack_count_duplicate(engine, flow, view, now_us);
	/* Before anything is retransmitted; the raw window was compared first. */
	window_note(flow, view);
	if (!flow->acked && !flow->window_shift_known) {
		flow->window_raw = view->window;
		window_learn_shift(flow);
	}
	if (news.complete)
		ack_repair(engine, flow, &news, now_us);
	withheld = ack_withhold(engine, flow, packet, &news, now_us);
	if (!withheld) {
		release_withheld(engine, flow);
		rtt_wired_arm(flow, view, now_us);
	}
	ack_note_sequence(flow, view);
	flow->window_raw = view->window;
	flow->ecn_last = ack_ecn_bits(view);
	flow->acked = true;
	deadline_set(engine, flow, now_us);
	return withheld ? SNOOP_WITHHOLD : SNOOP_FORWARD;
}

enum snoop_verdict snoop_flow_ack(struct snoop_engine *engine, struct snoop_flow *flow,
				  const struct snoop_packet *packet, uint64_t now_us)
{
	if (SNOOP_FAST_PATH(NEXT_ACK, ack_in_order(engine, flow, packet, now_us)))
		return SNOOP_FORWARD;
	return ack_general(engine, flow, packet, now_us);
}
