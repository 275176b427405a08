/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <base/seq.h>
#include <snoop/judge/congestion.h>
#include <snoop/judge/rtt.h>
#include <snoop/store/flow_extra.h>
#include <snoop/store/stations.h>

/*
 * Radio loss or queue overflow? A loss that the sender does not hear of is a promise that it was
 * not congestion.
 *
 * Signs of congestion, beside our own TX queue being full:
 *  1. The queueing delay is at least one path RTT, or will be when the sender has reacted (in slow
 * start the queue grows by a path RTT in a path RTT). A cut of the sender's window costs no
 * throughput then (Reno halves: (RTT + delay) / 2 >= RTT), so that a wrong veto costs nothing.
 *  2. The delay is inflated and the share of losses among the last segments is well above the share
 * while the queue was short. Radio loss does not care about the queue; overflow happens only when
 * it is full.
 *
 * A veto leaves one loss, the signal, to the sender: its duplicate ACKs pass and nothing of ours
 * fills the hole, so that the sender cuts its window once and has no reason to undo it (Linux does,
 * if the hole is filled by a copy with an old timestamp). Everything that the sender had sent
 * before it retransmitted the signal belongs to the same recovery of the sender; losses among it
 * are retransmitted as far as the radio's own loss share explains them, and no further. What it
 * sends later is repaired as ever: left alone it would cost the sender a second cut for one event.
 */

#define LOW_MEMORY 65536U /* outcomes after which the radio's share is halved */
#define HIGH_MEMORY 256U
#define PRIOR_WEIGHT 100U /* outcomes that the prior share stands for */
#define WIRED_RTT_GUESS_US 40000U
#define BUDGET_FACTOR 2U /* retransmits in a veto's window: this many times the radio's share */
#define CLEAN_DELIVERIES 1000U
#define CLEAN_DELIVERIES_PER_LOSS 2000U
#define EVIDENCE_LOSSES 3U	/* losses under a short queue that prove a lossy radio */
#define FILLED_SPANS 5U		/* of SNOOP_SPANS */
#define FILLED_MIN_SEGMENTS 32U /* in a round trip; fewer overrun no queue that matters */
#define PEAK_DECAY 16U
#define SAMPLE_LIFE_RTTS 1U
#define RANGE_PERIOD_US (10 * USEC_PER_SEC)

/*
 * Squared standard deviations that an excess must exceed. Radio losses come in bursts: with a mean
 * run of 4 their variance is about 4 times that of independent ones, and three deviations squared
 * are 9.
 */
#define EXCESS_VARIANCES 36U

static uint32_t delay_floor_us(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	/* On a long radio path a quarter of its RTT is still jitter. */
	return (uint32_t)max_u64(engine->config.veto_delay_floor_us, rtt_min_us(engine, flow) / 4);
}

static uint32_t wired_rtt_us(const struct snoop_flow *flow)
{
	uint32_t wired_us = windowed_min_get(&flow->wired_rtt);

	return wired_us == UINT32_MAX ? WIRED_RTT_GUESS_US : wired_us;
}

/*
 * The queueing delay when the sender has reacted to a loss that it hears of now. Before its first
 * cut it is in slow start: its window doubles every path RTT, and it takes up the signal after one
 * to two of them.
 */
static uint64_t expected_delay_us(struct snoop_engine *engine, const struct snoop_flow *flow,
				  uint64_t now_us)
{
	uint64_t delay_us = flow->queue_delay_us;

	/* While holes are filled nothing may be sent that gives a sample; the queue has drained
	 * since. */
	if ((uint32_t)now_us - flow->sample_us > SAMPLE_LIFE_RTTS * (uint64_t)flow->srtt_us)
		return 0;
	if (!flow->vetoes && flow->delay_growth_ppm > 0 && delay_us >= delay_floor_us(engine, flow))
		delay_us += 2 * (uint64_t)(uint32_t)flow->delay_growth_ppm *
			    (wired_rtt_us(flow) + flow->srtt_us) / PPM;
	return delay_us;
}

uint32_t congestion_threshold_us(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	if (engine->config.veto_delay_us)
		return engine->config.veto_delay_us;
	return (uint32_t)max_u64((uint64_t)wired_rtt_us(flow) + rtt_min_us(engine, flow),
				 2ULL * delay_floor_us(engine, flow));
}

bool congestion_is_near(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	uint64_t delay_us = flow->queue_delay_us;

	if (flow->delay_growth_ppm > 0 && delay_us >= delay_floor_us(engine, flow))
		delay_us += (uint64_t)(uint32_t)flow->delay_growth_ppm *
			    congestion_path_rtt_us(engine, flow) / PPM;
	return delay_us > congestion_threshold_us(engine, flow) / 2;
}

/* A queue that overflows is full; less than half of what was seen lately is far from that. */
static bool queue_is_short(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	const struct snoop_station *station = station_of(engine, flow);
	uint64_t short_us = delay_floor_us(engine, flow);

	if (station)
		short_us = max_u64(short_us,
				   max_u64(station->delay_max_us[0], station->delay_max_us[1]) / 2);
	return flow->queue_delay_us < short_us;
}

static void note_range(struct snoop_station *station, uint32_t delay_us, uint64_t now_us)
{
	if ((uint32_t)now_us - station->delay_since_us >= RANGE_PERIOD_US) {
		station->delay_max_us[1] = station->delay_max_us[0];
		station->delay_max_us[0] = 0;
		station->delay_since_us = (uint32_t)now_us;
	}
	if (delay_us > station->delay_max_us[0])
		station->delay_max_us[0] = delay_us;
}

static void count_outcome(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t delivered,
			  uint32_t lost)
{
	struct snoop_station *station = station_of(engine, flow);

	if (queue_is_short(engine, flow)) {
		if (!station)
			return;
		station->low_delivered += delivered;
		station->low_lost += lost;
		if (station->low_delivered > LOW_MEMORY) {
			station->low_delivered /= 2;
			station->low_lost /= 2;
		}
		return;
	}
	delivered += flow->high_delivered;
	lost += flow->high_lost;
	if (delivered + lost > HIGH_MEMORY) {
		delivered = (uint32_t)min_u64(delivered / 2, UINT16_MAX);
		lost /= 2;
	}
	flow->high_delivered = (uint16_t)delivered;
	flow->high_lost = (uint16_t)lost;
}

void congestion_delivered(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t segments,
			  uint64_t now_us)
{
	struct snoop_station *station = station_of(engine, flow);

	if (station)
		note_range(station, flow->queue_delay_us, now_us);
	count_outcome(engine, flow, segments, 0);
}

void congestion_note_lost(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t segments)
{
	count_outcome(engine, flow, 0, segments);
}

static uint64_t assumed_share_ppm(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	struct snoop_station *station = station_of(engine, flow);
	uint64_t lost = station ? station->low_lost : 0;
	uint64_t all = station ? (uint64_t)station->low_delivered + station->low_lost : 0;

	return (lost * PPM + (uint64_t)PRIOR_WEIGHT * engine->config.veto_prior_ppm) /
	       (all + PRIOR_WEIGHT);
}

uint64_t congestion_radio_share_ppm(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	const struct snoop_station *station = station_of(engine, flow);

	if (!station || station->low_lost < EVIDENCE_LOSSES)
		return 0;
	return station->low_lost * PPM / ((uint64_t)station->low_delivered + station->low_lost);
}

/* More losses under an inflated delay than the radio explains. */
static bool share_is_excessive(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	uint64_t seen = (uint64_t)flow->high_delivered + flow->high_lost;
	uint64_t expected_ppm = seen * assumed_share_ppm(engine, flow);
	uint64_t lost_ppm = flow->high_lost * PPM;
	uint64_t excess_ppm;

	if (lost_ppm <= expected_ppm + PPM)
		return false;
	excess_ppm = lost_ppm - expected_ppm;
	return excess_ppm / 1000 * (excess_ppm / 1000) > EXCESS_VARIANCES * expected_ppm;
}

/* So few losses under a short queue that what is lost under a longer one is overflow. */
static bool radio_is_clean(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	const struct snoop_station *station = station_of(engine, flow);

	return station && station->low_delivered >= CLEAN_DELIVERIES &&
	       (uint64_t)station->low_lost * CLEAN_DELIVERIES_PER_LOSS < station->low_delivered;
}

uint64_t congestion_path_rtt_us(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	return (uint64_t)wired_rtt_us(flow) + rtt_min_us(engine, flow);
}

void congestion_wired_data(struct snoop_engine *engine, struct snoop_flow *flow,
			   uint32_t frame_bytes, uint64_t now_us)
{
	struct snoop_flow_extra *extra;
	uint64_t span_us;

	/* Picked up later, a flow is not in slow start: see wired_queue_fills(). */
	if (flow->sack || flow->midstream)
		return;
	extra = extra_get(engine, flow);
	span_us = congestion_path_rtt_us(engine, flow) / SNOOP_SPANS + 1;
	if (now_us - extra->span_start_us >= SNOOP_SPANS * span_us) {
		memset(extra->span_bytes, 0, sizeof(extra->span_bytes));
		extra->span_start_us = now_us;
	}
	while (now_us - extra->span_start_us >= span_us) {
		extra->span_start_us += span_us;
		extra->span_peak_bytes -=
			extra->span_peak_bytes / PEAK_DECAY; /* a burst once is no rate */
		extra->span_now = (uint8_t)((extra->span_now + 1) % SNOOP_SPANS);
		extra->span_bytes[extra->span_now] = 0;
	}
	extra->span_bytes[extra->span_now] += frame_bytes;
	if (extra->span_bytes[extra->span_now] > extra->span_peak_bytes)
		extra->span_peak_bytes = extra->span_bytes[extra->span_now];
}

/* @return what the sender sends within one round trip. */
static uint64_t wired_path_bytes(const struct snoop_flow_extra *extra)
{
	uint64_t bytes = 0;

	for (int i = 0; i < SNOOP_SPANS; i++)
		bytes += extra->span_bytes[i];
	return bytes;
}

/*
 * Without SACK a sender retransmits one segment per RTT, so that it pays with seconds for a queue
 * that it overran, be it one on the wired side. It has to hear of congestion earlier: in slow start
 * when what it sends within one round trip fills half of it (the train length of HyStart), and
 * later when the wired queue holds three quarters of the path: a cut costs little throughput then,
 * and CUBIC is one or two round trips away from filling a queue as long as the path. A sender that
 * sends little fills neither, however late it echoes a timestamp.
 */
static bool wired_queue_fills(struct snoop_engine *engine, const struct snoop_flow *flow)
{
	/* It has not cut its window, or has taken back a cut that our repair made needless. */
	bool slow_start = !flow->vetoes && flow->sender_retransmits == flow->sender_needless;
	bool late = 4ULL * flow->wired_delay_us >= 3 * congestion_path_rtt_us(engine, flow);
	const struct snoop_flow_extra *extra = extra_of(engine, flow);
	uint64_t bytes;

	if (flow->sack || windowed_min_get(&flow->wired_rtt) == UINT32_MAX)
		return false;
	if (flow->midstream || !extra)
		return late;
	bytes = wired_path_bytes(extra);
	return bytes >= (uint64_t)FILLED_MIN_SEGMENTS * flow->max_payload_bytes &&
	       (late || (slow_start && bytes >= (uint64_t)FILLED_SPANS * extra->span_peak_bytes));
}

bool congestion_judge_loss(struct snoop_engine *engine, struct snoop_flow *flow,
			   const struct snoop_segment *segment, uint64_t now_us)
{
	bool clean = radio_is_clean(engine, flow), congested;

	count_outcome(engine, flow, 0, 1);
	if (flow->vetoing &&
	    (clean || !flow->veto_answered || seq_leq(segment->end, flow->veto_end))) {
		if (flow->veto_budget_ppm >= PPM) {
			flow->veto_budget_ppm -= (uint32_t)PPM;
			return false;
		}
		engine->counters->veto_holdback++;
		return true;
	}
	if (!clean && (flow->vetoing || now_us < flow->veto_quiet_us))
		return false;

	congested =
		now_us < engine->backlog_until_us || wired_queue_fills(engine, flow) ||
		expected_delay_us(engine, flow, now_us) >= congestion_threshold_us(engine, flow) ||
		(!queue_is_short(engine, flow) && (clean || share_is_excessive(engine, flow)));
	if (!congested)
		return false;

	flow->vetoing = true;
	flow->veto_answered = false;
	flow->veto_signal = segment->seq;
	flow->veto_budget_ppm = (uint32_t)min_u64(
		BUDGET_FACTOR * congestion_radio_share_ppm(engine, flow) * flow->open_count,
		UINT32_MAX / 2);
	flow->high_delivered = flow->high_lost = 0;
	flow->vetoes++;
	engine->counters->vetoes++;
	station_totals(engine, flow)->vetoes++;
	return true;
}

void congestion_sender_retransmit(struct snoop_flow *flow, uint32_t seq, uint32_t end)
{
	if (!flow->vetoing || flow->veto_answered || seq_gt(seq, flow->veto_signal) ||
	    seq_leq(end, flow->veto_signal))
		return;
	flow->veto_answered = true;
	flow->veto_end = flow->snd_max;
}

void congestion_progress(struct snoop_flow *flow, uint64_t now_us)
{
	if (!flow->vetoing || seq_leq(flow->una, flow->veto_signal))
		return;
	if (!flow->veto_answered) {
		flow->vetoing = false; /* filled without the sender: the station had it after all */
	} else if (seq_geq(flow->una, flow->veto_end)) {
		/*
		 * The sender leaves its recovery now and sends a burst up to its smaller window.
		 * The queue of that burst is no second event.
		 */
		flow->vetoing = false;
		flow->veto_quiet_us = now_us + flow->srtt_us + wired_rtt_us(flow);
	}
}
