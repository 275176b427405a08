/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/act/deadline.h>
#include <snoop/judge/ack_delay.h>
#include <snoop/judge/rtt.h>
#include <snoop/judge/window.h>
#include <snoop/store/outcomes.h>

#define ONE_WAY_US USEC_PER_SEC /* without any ACK in this time the cache is not held */

/* The timer, which would start at since_us, allows for the delay of an ACK that it waits for. */
static __attribute__((noinline)) uint64_t
deadline_with_hole_us(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t since_us)
{
	if (!ack_delay_applies_before_hole(engine, flow))
		return since_us + ack_delay_allowance_us(engine, flow);
	flow->before_hole = true;
	return since_us + ack_delay_wait_us(engine, flow);
}

static uint64_t deadline_of_tail_us(struct snoop_engine *engine, struct snoop_flow *flow,
				    uint64_t now_us)
{
	/* Mostly the station's record need not be read to know that it is not silent. */
	const struct snoop_station *station =
		engine->silent_stations ? station_of(engine, flow) : NULL;
	const struct snoop_segment *head;
	uint32_t oldest = flow->in_flight.head;
	uint64_t since_us = flow->progress_us;

	if (flow->before_hole)
		flow->before_hole = false;
	if (!flow->two_way)
		return flow->cached_count ? now_us + ONE_WAY_US : SNOOP_NEVER;
	if (flow->open_count == flow->left_count || flow->level == SNOOP_LEVEL_BYPASS)
		return SNOOP_NEVER;
	/* Fast path, with news and all in the window: no segment has to be read. */
	if (SNOOP_FAST_PATH(TAIL, flow->sack && since_us == now_us && !station &&
					  flow->snd_max - flow->una <= flow->window_bytes))
		return now_us + rtt_rto_us(engine, flow) + ack_delay_allowance_us(engine, flow);
	/* Without SACK nothing can be known after a hole that is the sender's to fill, until it is
	 * filled. */
	head = segment_at(engine, flow->open.head);
	if (!flow->sack && (head->seq != flow->una || (head->flags & SEGMENT_LEFT)))
		return SNOOP_NEVER;
	/* A closed window is opened by the sender's probes, not by ours. */
	if (!window_admits(flow, head))
		return SNOOP_NEVER;
	if (station && station->silent)
		return max_u64(station->probe_us, since_us + engine->config.rto_min_us);
	if (oldest)
		since_us = max_u64(since_us, segment_at(engine, oldest)->sent_us);
	/* The head of line may have been retransmitted, by us or by the sender, long after what
	 * follows it. */
	since_us = max_u64(since_us, head->sent_us) + rtt_rto_us(engine, flow);
	if (flow->gaps)
		return deadline_with_hole_us(engine, flow, since_us);
	return since_us + ack_delay_allowance_us(engine, flow);
}

void deadline_set(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t now_us)
{
	uint64_t deadline_us;

	if (flow->catching_up) {
		flow->deadline_us = now_us;
		return;
	}
	flow->tail_deadline_us = deadline_of_tail_us(engine, flow, now_us);
	deadline_us = min_u64(flow->tail_deadline_us, flow->reo_deadline_us);
	if (flow->withheld.head)
		deadline_us =
			min_u64(deadline_us, segment_at(engine, flow->withheld.head)->sent_us);
	/* Losses may wait for nothing but our own TX queue. */
	if (flow->lost.head && flow->credit && now_us < engine->backlog_until_us)
		deadline_us = min_u64(deadline_us, engine->backlog_until_us);
	if (flow->unsettled)
		deadline_us = min_u64(deadline_us, outcome_due_us(flow, now_us));
	flow->deadline_us = deadline_us;
}

void deadline_set_in_order(struct snoop_engine *engine, struct snoop_flow *flow, bool at_border,
			   uint64_t now_us)
{
	if (!flow->open_count || flow->open_bytes > flow->window_bytes ||
	    !(flow->sack || at_border)) {
		deadline_set(engine, flow, now_us);
		return;
	}
	flow->deadline_us = flow->tail_deadline_us =
		now_us + rtt_rto_us(engine, flow) + ack_delay_allowance_us(engine, flow);
	if (flow->unsettled)
		flow->deadline_us = min_u64(flow->deadline_us, outcome_due_us(flow, now_us));
}

/* The station is not silent, nor was it since the flow last looked. Mostly its record need not be
 * read for that. */
static inline bool deadline_station_answers(const struct snoop_engine *engine,
					    const struct snoop_flow *flow)
{
	const struct snoop_station *station;

	if (!engine->silent_stations && engine->returns == flow->returns_seen)
		return true;
	station = station_of(engine, flow);
	return !station || (!station->silent && station->era == flow->station_era);
}

#define DEADLINE_NEEDED SNOOP_ATTENTION(.two_way = true, .has_rtt = true)
#define DEADLINE_FORBIDDEN                                                                         \
	SNOOP_ATTENTION(.has_left = true, .has_lost = true, .catching_up = true,                   \
			.before_hole = true)

/*
 * Data in order, after enough that is in flight, changes nothing that deadline_set(), rtt_rto_us()
 * and ack_delay_allowance_us() use.
 */
inline bool deadline_stands(const struct snoop_engine *engine, const struct snoop_flow *flow)
{
	return SNOOP_FAST_PATH(DEADLINE,
			       (flow->attention & (DEADLINE_NEEDED | DEADLINE_FORBIDDEN)) ==
					       DEADLINE_NEEDED &&
				       flow->open_count && ack_delay_is_over(engine, flow) &&
				       deadline_station_answers(engine, flow));
}
