/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens when nothing arrives: reordering window, withholding budget, tail timer, probes. */
#include <snoop/act/reset.h>
#include <snoop/act/release.h>
#include <snoop/act/retransmit.h>
#include <snoop/event/scoreboard.h>
#include <snoop/event/syn.h>
#include <snoop/judge/ack_delay.h>
#include <snoop/judge/answers.h>
#include <snoop/judge/loss.h>
#include <snoop/judge/rack.h>
#include <snoop/store/outcomes.h>
#include <snoop/store/stations.h>

#define BACKOFF_MAX 8

/*
 * The tail timer (RFC 6298 section 5): the head of line is retransmitted, and nothing else. If more
 * is lost, the answer to the retransmit tells: by RACK with SACK, by a partial ACK without. A
 * spurious time-out costs one segment.
 */
static void tail_expired(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	struct snoop_station *station = station_of(engine, flow);

	if (station && flow->station_era != station->era) {
		flow->station_era = station->era;
		loss_revive(engine, flow, now_us);
	}
	flow->timeouts++;
	engine->counters->timeouts++;
	for (uint32_t index = flow->open.head; index;
	     index = segment_at(engine, index)->open_next) {
		if (segment_at(engine, index)->flags & SEGMENT_LEFT)
			continue;
		ack_delay_note_timeout(engine, flow, segment_at(engine, index), now_us);
		loss_suspect(engine, flow, index);
		break;
	}
	flow->recovery = true;
	flow->recovery_point = flow->snd_max;
	flow->credit = 1;
	if (flow->backoff < BACKOFF_MAX)
		flow->backoff++;
	if (station) {
		station_timeout(engine, station, now_us);
		flow->silent = station->silent;
	}
	flow->progress_us = now_us;
}

void snoop_flow_timer(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	const struct snoop_station *station = station_of(engine, flow);
	uint64_t heard_us = station && station->silent ? station->heard_us : flow->last_seen_us;

	if (now_us < flow->deadline_us)
		return;
	engine->now_us = now_us;
	/* A station that has been gone for so long will not want these bytes. Where no ACK passes,
	 * we do not help. */
	if (engine->draining || now_us - heard_us > engine->config.silence_max_us ||
	    !flow->two_way) {
		engine->counters->cache_evictions += flow->cached_count;
		reset_bytes(engine, flow);
		return;
	}
	outcome_settle_due(engine, flow, now_us);
	answers_settle(engine, flow);
	if (flow->catching_up) {
		if (scoreboard_catch_up(engine, flow, now_us) &&
		    rack_detect_losses(engine, flow, now_us))
			release_withheld(engine, flow);
		deadline_set(engine, flow, now_us);
		return;
	}
	if (flow->withheld.head && now_us >= segment_at(engine, flow->withheld.head)->sent_us) {
		flow->withhold_over = true;
		release_withheld(engine, flow);
	}
	if (now_us >= flow->reo_deadline_us && rack_detect_losses(engine, flow, now_us))
		release_withheld(engine, flow);
	if (now_us >= flow->tail_deadline_us)
		tail_expired(engine, flow, now_us);
	retransmit_lost(engine, flow, now_us);
	deadline_set(engine, flow, now_us);
}

uint64_t snoop_engine_deadline_us(const struct snoop_engine *engine)
{
	return engine->discarded ? 0 : syn_deadline_us(engine);
}

void snoop_engine_timer(struct snoop_engine *engine, uint64_t now_us)
{
	engine->now_us = now_us;
	records_free_discarded(engine, records_portion(engine));
	syn_timer(engine, now_us);
}
