/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/minmax.h>

#include <arq/estimator.h>

#define MIN_RTT_PERIOD_US 10000000U
#define RTT_MAX_US 10000000U
#define BURST_ONE 256
#define SLOW_GAIN 256U
#define ALL_PPM 1000000
#define RATE_SAMPLES 16U /* rounds after which an old maximum is forgotten */

void arq_estimator_init(struct arq_estimator *estimator, uint64_t now_us)
{
	*estimator = (struct arq_estimator){.burst_x256 = BURST_ONE, .rate_since_us = now_us};
	windowed_min_init(&estimator->min_rtt);
}

void arq_estimator_rtt(struct arq_estimator *estimator, uint32_t rtt_us, uint64_t now_us)
{
	int32_t error;

	if (rtt_us > RTT_MAX_US)
		return;
	rtt_us += !rtt_us; /* 0 means unknown */
	windowed_min_add(&estimator->min_rtt, rtt_us, MIN_RTT_PERIOD_US, now_us);
	if (!estimator->srtt_us) {
		estimator->srtt_us = rtt_us;
		estimator->rttvar_us = rtt_us / 2;
		return;
	}
	error = (int32_t)(rtt_us - estimator->srtt_us);
	estimator->srtt_us = (uint32_t)((int32_t)estimator->srtt_us + error / 8);
	estimator->rttvar_us =
		(uint32_t)((int32_t)estimator->rttvar_us +
			   ((error < 0 ? -error : error) - (int32_t)estimator->rttvar_us) / 4);
	estimator->srtt_us += !estimator->srtt_us;
}

void arq_estimator_frame(struct arq_estimator *estimator, bool lost)
{
	int32_t loss = (int32_t)estimator->loss_ppm;
	int32_t gain;

	/* The mean of the first frames, then a moving one. */
	if (estimator->frames < SLOW_GAIN)
		estimator->frames++;
	gain = (int32_t)estimator->frames;
	loss += ((lost ? ALL_PPM : 0) - loss) / gain;
	estimator->loss_ppm = (uint32_t)loss;
	if (lost) {
		estimator->run += estimator->run < UINT16_MAX;
	} else if (estimator->run) {
		int32_t burst = (int32_t)estimator->burst_x256;

		burst += ((int32_t)(estimator->run * BURST_ONE) - burst) / 16;
		estimator->burst_x256 = (uint32_t)(burst < BURST_ONE ? BURST_ONE : burst);
		estimator->run = 0;
	}
}

void arq_estimator_delivered(struct arq_estimator *estimator, uint64_t bytes, uint64_t now_us)
{
	uint64_t elapsed_us = now_us - estimator->rate_since_us, rate;

	estimator->rate_bytes += bytes;
	/* Two round trips: a status tells of a burst what arrived over some time. */
	if (elapsed_us < 2 * (uint64_t)arq_rtt_us(estimator))
		return;
	rate = estimator->rate_bytes * ALL_PPM / elapsed_us;
	estimator->rate_bytes = 0;
	estimator->rate_since_us = now_us;
	if (++estimator->rate_samples > RATE_SAMPLES) {
		estimator->rate_samples = 1;
		estimator->rate_bytes_per_s = max_u64(rate, estimator->rate_before);
		estimator->rate_before = rate;
	}
	estimator->rate_before = max_u64(estimator->rate_before, rate);
	estimator->rate_bytes_per_s = max_u64(estimator->rate_bytes_per_s, rate);
}
