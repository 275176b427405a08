/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * RTT between box and station, and between box and wired host.
 */
#ifndef SNOOP_JUDGE_RTT_H
#define SNOOP_JUDGE_RTT_H

#include <snoop/store/stations.h>

#define RTT_WAITED_US 5000U /* what waits no longer is measured */
#define RTT_JITTER_MIN_US 1000U
#define RTT_GROWTH_SPAN_US 10000U /* shortest span over which the queue's growth is measured */
void rtt_sample(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t rtt_us,
		bool may_be_delayed, uint64_t now_us);
void rtt_station_sample(struct snoop_station *station, uint32_t rtt_us, uint64_t now_us);
/**
 * The answer may have waited for the worker, not for the station: a time taken from it would pass
 * for queueing delay, and slow the timers down.
 */
static inline bool rtt_is_vague(const struct snoop_engine *engine, uint32_t known_us)
{
	return engine->waited_us > max_u64(RTT_WAITED_US, known_us / 2);
}
/** @return the tail timer's length without delayed-ACK allowance, backoff included. */
uint64_t rtt_rto_us(const struct snoop_engine *engine, const struct snoop_flow *flow);
/** @return the flow's smoothed RTT; before its first sample the station's; 0 while both are
 * unknown.
 */
static inline uint32_t rtt_smoothed_us(const struct snoop_engine *engine,
				       const struct snoop_flow *flow)
{
	return flow->has_rtt || !flow->station ? flow->srtt_us
					       : engine->stations[flow->station].srtt_us;
}
/** @return its mean deviation, of the same. */
static inline uint32_t rtt_variation_us(const struct snoop_engine *engine,
					const struct snoop_flow *flow)
{
	return flow->has_rtt || !flow->station ? flow->rttvar_us
					       : engine->stations[flow->station].rttvar_us;
}
/** @return how long after a transmission its answer is overdue. */
static inline uint64_t rtt_answer_us(const struct snoop_engine *engine,
				     const struct snoop_flow *flow)
{
	uint32_t srtt_us = rtt_smoothed_us(engine, flow);

	if (!srtt_us)
		return engine->config.rto_initial_us;
	return srtt_us + max_u64(4ULL * rtt_variation_us(engine, flow), srtt_us / 4);
}
/** @return base RTT between box and station; 0 while it is unknown. */
static inline uint32_t rtt_min_us(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	const struct snoop_station *station = station_of(engine, flow);
	uint32_t own_us = windowed_min_get(&flow->min_rtt);
	uint32_t shared_us = station ? windowed_min_get(&station->min_rtt) : UINT32_MAX;

	if (shared_us < own_us)
		own_us = shared_us;
	return own_us == UINT32_MAX ? 0 : own_us;
}
/** @return how much later than expected an answer still comes by chance. */
static inline uint64_t rtt_jitter_us(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	return max_u64(rtt_min_us(engine, flow) / 4, RTT_JITTER_MIN_US);
}
void rtt_wired_echo(struct snoop_flow *flow, const struct wire_view *view, uint64_t now_us);
void rtt_wired_arm(struct snoop_flow *flow, const struct wire_view *view, uint64_t now_us);

#endif
