/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/act/retransmit.h>
#include <snoop/act/shield.h>
#include <snoop/judge/congestion.h>
#include <snoop/judge/loss.h>
#include <snoop/judge/window.h>
#include <snoop/store/stations.h>

#define SHIELD_MAX_SEGMENTS 128U
#define SHIELD_MAX_NO_SACK 512U
/* The same while the radio has no queue, where a copy displaces nothing. */
#define SHIELD_COST_UNQUEUED 64U
/* Loss share above which one copy is too likely to be lost as well. */
#define SHIELD_TWICE_PPM 30000U
/* Expected losses on the air below which a shield is not worth its copies. */
#define SHIELD_MIN_LOSSES_PPM 50000U

/* @return true if the sender has sent the segment once, and this shield `round` times. */
static bool shield_suits(const struct snoop_flow *flow, const struct snoop_segment *segment,
			 uint32_t tsval, uint32_t round)
{
	return segment->tries == round && !(segment->flags & SEGMENT_SENDER) &&
	       (!round || segment->cause == SNOOP_CAUSE_SHIELD) &&
	       seq_lt(segment->tsval + PAWS_SLACK_TICKS, tsval) && window_admits(flow, segment);
}

static void shield_round(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t tsval,
			 uint32_t round, uint64_t now_us)
{
	uint32_t last = flow->in_flight.tail;

	if (round >= engine->config.tries_max)
		return;
	for (uint32_t at = flow->in_flight.head, next; at; at = next) {
		struct snoop_segment *segment = segment_at(engine, at);

		next = at == last ? 0 : segment->send_next;
		if (shield_suits(flow, segment, tsval, round) &&
		    (!round || segment->sent_us == now_us)) {
			segment->cause = SNOOP_CAUSE_SHIELD;
			retransmit_segment(engine, flow, at, now_us);
		}
	}
}

void shield_send(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t tsval,
		 uint64_t now_us)
{
	const struct snoop_station *station = station_of(engine, flow);
	uint64_t share_ppm = congestion_radio_share_ppm(engine, flow);
	bool queued = flow->queue_delay_us >= engine->config.veto_delay_floor_us;
	uint32_t copies = share_ppm > SHIELD_TWICE_PPM && !queued ? 2 : 1;
	/* Without SACK it is not known what has arrived since. */
	uint32_t limit = flow->sack ? SHIELD_MAX_SEGMENTS : SHIELD_MAX_NO_SACK;
	uint32_t count = 0, looked_at = 0, cost = queued ? SHIELD_COST : SHIELD_COST_UNQUEUED;

	if (flow->level == SNOOP_LEVEL_OBSERVE || flow->catching_up ||
	    (station && station->silent) || now_us < engine->backlog_until_us ||
	    flow->queue_delay_us > congestion_threshold_us(engine, flow) / 2)
		return;
	/* Before any segment is read: can a shield of the most copies be worth it, one of the least
	 * be paid? */
	if (limit * share_ppm < SHIELD_MIN_LOSSES_PPM || cost * copies > flow->shield_credit)
		return;
	for (uint32_t at = flow->in_flight.head; at; at = segment_at(engine, at)->send_next)
		if ((shield_suits(flow, segment_at(engine, at), tsval, 0) && ++count > limit) ||
		    ++looked_at > 4 * limit)
			return;
	/* A BBR sender counts every copy that arrives as delivered, and takes it for bandwidth: so
	 * be sparing. */
	cost *= copies * count;
	if (count * share_ppm < SHIELD_MIN_LOSSES_PPM || cost > flow->shield_credit)
		return;
	flow->shield_credit -= cost;
	/* A second round, not two copies in a row: a burst of losses would take both. */
	for (uint32_t round = 0; round < copies; round++)
		shield_round(engine, flow, tsval, round, now_us);
}
