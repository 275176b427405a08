/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/seq.h>
#include <snoop/judge/rtt.h>

#define MIN_RTT_PERIOD_US (10 * USEC_PER_SEC) /* as BBR's min_rtt filter */

/* RFC 6298 section 2. */
static void rtt_smooth(uint32_t *srtt_us, uint32_t *rttvar_us, uint32_t sample_us, bool first)
{
	uint32_t error;

	if (first) {
		*srtt_us = sample_us;
		*rttvar_us = sample_us / 2;
		return;
	}
	error = *srtt_us > sample_us ? *srtt_us - sample_us : sample_us - *srtt_us;
	*rttvar_us = (uint32_t)((3ULL * *rttvar_us + error) / 4);
	*srtt_us = (uint32_t)((7ULL * *srtt_us + sample_us) / 8);
}

void rtt_station_sample(struct snoop_station *station, uint32_t rtt_us, uint64_t now_us)
{
	rtt_smooth(&station->srtt_us, &station->rttvar_us, rtt_us, !station->srtt_us);
	windowed_min_add(&station->min_rtt, rtt_us, MIN_RTT_PERIOD_US, now_us);
}

/* Measure how fast the queue grows: the smaller of two spans in a row, as one burst is no trend. */
static void rtt_track_growth(struct snoop_flow *flow, uint64_t now_us)
{
	uint32_t span_us = (uint32_t)now_us - flow->delay_mark_us;
	int64_t slope_ppm = 0;

	if (span_us < max_u64(RTT_GROWTH_SPAN_US, flow->srtt_us / 2))
		return;
	if (span_us < USEC_PER_SEC)
		slope_ppm = ((int64_t)flow->queue_delay_us - flow->delay_before_us) * (int64_t)PPM /
			    (int64_t)span_us;
	flow->delay_growth_ppm =
		(int32_t)(slope_ppm < flow->last_slope_ppm ? slope_ppm : flow->last_slope_ppm);
	flow->last_slope_ppm = (int32_t)slope_ppm;
	flow->delay_before_us = flow->queue_delay_us;
	flow->delay_mark_us = (uint32_t)now_us;
}

void rtt_sample(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t rtt_us,
		bool may_be_delayed, uint64_t now_us)
{
	struct snoop_station *station = station_of(engine, flow);
	uint32_t low_us = UINT32_MAX, min_us;

	/*
	 * A lone segment may wait for the station's delayed-ACK timer. Such a sample would pass for
	 * queueing delay, and its variance would slow the tail timer down for a long time.
	 */
	if (may_be_delayed) {
		uint32_t known_us = rtt_smoothed_us(engine, flow);

		if (known_us && rtt_us > known_us + max_u64(4ULL * rtt_variation_us(engine, flow),
							    known_us / 2))
			return;
	}
	if (rtt_is_vague(engine, 0)) {
		uint32_t known_us = rtt_smoothed_us(engine, flow);

		if (known_us && rtt_is_vague(engine, known_us))
			return;
	}
	engine->counters->rtt_samples++;
	histogram_add(&engine->histograms.wireless_rtt, rtt_us);
	rtt_smooth(&flow->srtt_us, &flow->rttvar_us, rtt_us, !flow->has_rtt);
	windowed_min_add(&flow->min_rtt, rtt_us, MIN_RTT_PERIOD_US, now_us);
	if (station)
		rtt_station_sample(station, rtt_us, now_us);

	if (!flow->has_rtt) {
		for (int i = 0; i < SNOOP_RTT_WINDOW; i++)
			flow->rtt_window_us[i] = rtt_us;
		flow->has_rtt = true;
	}
	flow->rtt_window_us[flow->rtt_next] = rtt_us;
	flow->rtt_next = (uint8_t)((flow->rtt_next + 1) % SNOOP_RTT_WINDOW);
	for (int i = 0; i < SNOOP_RTT_WINDOW; i++)
		low_us = flow->rtt_window_us[i] < low_us ? flow->rtt_window_us[i] : low_us;
	min_us = rtt_min_us(engine, flow);
	flow->queue_delay_us = low_us > min_us ? low_us - min_us : 0;
	flow->sample_us = (uint32_t)now_us;
	rtt_track_growth(flow, now_us);
}

uint64_t rtt_rto_us(const struct snoop_engine *engine, const struct snoop_flow *flow)
{
	const struct snoop_station *station = station_of(engine, flow);
	uint32_t srtt_us = flow->srtt_us, rttvar_us = flow->rttvar_us;
	uint64_t rto_us;

	if (!flow->has_rtt && station && station->srtt_us) {
		srtt_us = station->srtt_us;
		rttvar_us = station->rttvar_us;
	}
	if (srtt_us)
		/* Never below two RTTs: the probe time-out of RFC 8985 section 7.2. */
		rto_us = max_u64(srtt_us + 4ULL * rttvar_us, 2ULL * srtt_us);
	else
		rto_us = engine->config.rto_initial_us;
	rto_us = max_u64(rto_us, engine->config.rto_min_us) + flow->rto_widen_us;
	if (!flow->backoff)
		return rto_us;
	/* The ceiling limits the backoff only: nothing is known before a round trip. */
	return min_u64(rto_us << flow->backoff, max_u64(engine->config.rto_max_us, rto_us));
}

/*
 * The wired RTT is the time from an ACK that we forward to the first data that echoes its
 * timestamp. The sender may add idle time, so that only the minimum means something.
 */
void rtt_wired_arm(struct snoop_flow *flow, const struct wire_view *view, uint64_t now_us)
{
	if (!view->has_timestamp)
		return;
	if (flow->echo_sent_us && now_us - flow->echo_sent_us < 2 * USEC_PER_SEC)
		return;
	if (flow->echo_tsval == view->tsval)
		return; /* the echo may belong to an earlier ACK with the same value */
	flow->echo_tsval = view->tsval;
	flow->echo_sent_us = now_us;
}

void rtt_wired_echo(struct snoop_flow *flow, const struct wire_view *view, uint64_t now_us)
{
	uint32_t rtt_us, delay_us;

	if (!flow->echo_sent_us || !view->has_timestamp || seq_lt(view->tsecr, flow->echo_tsval))
		return;
	rtt_us = (uint32_t)min_u64(now_us - flow->echo_sent_us, UINT32_MAX - 1);
	windowed_min_add(&flow->wired_rtt, rtt_us, 3 * MIN_RTT_PERIOD_US, now_us);
	delay_us = rtt_us - windowed_min_get(&flow->wired_rtt);
	/* The smaller of two in a row: a sender that has cut its window waits before it sends
	 * again. */
	flow->wired_delay_us = (uint32_t)min_u64(delay_us, flow->wired_delay_last_us);
	flow->wired_delay_last_us = delay_us;
	flow->echo_sent_us = 0;
}
