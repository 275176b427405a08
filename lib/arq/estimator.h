/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What an end knows of its radio: the round trip D, and of what it sends the loss before repair,
 * the length of bursts, and the rate that gets through.
 */
#ifndef ARQ_ESTIMATOR_H
#define ARQ_ESTIMATOR_H

#include <stdbool.h>
#include <stdint.h>

#include <base/windowed_min.h>

#define ARQ_RTT_UNKNOWN_US 50000U /* taken for D before the first sample */

struct arq_estimator {
	struct windowed_min min_rtt;
	uint32_t srtt_us, rttvar_us; /* RFC 6298 section 2; 0 until the first sample */
	uint32_t loss_ppm;
	uint32_t frames; /* that loss_ppm was learnt from, until the slow gain */
	uint32_t run;	 /* lost frames in a row, up to now */
	uint32_t burst_x256;
	uint64_t rate_bytes_per_s, rate_since_us, rate_bytes;
	uint64_t rate_before; /* highest of the period before */
	uint32_t rate_samples;
};

void arq_estimator_init(struct arq_estimator *estimator, uint64_t now_us);
/** A control frame came back after so long, without the time that the peer had it. */
void arq_estimator_rtt(struct arq_estimator *estimator, uint32_t rtt_us, uint64_t now_us);
/** A frame is known to be delivered or lost at its first transmission. In order of sending. */
void arq_estimator_frame(struct arq_estimator *estimator, bool lost);
/** So many bytes are newly acknowledged. */
void arq_estimator_delivered(struct arq_estimator *estimator, uint64_t bytes, uint64_t now_us);

/** Mean round trip. */
static inline uint32_t arq_rtt_us(const struct arq_estimator *estimator)
{
	return estimator->srtt_us ? estimator->srtt_us : ARQ_RTT_UNKNOWN_US;
}

/** Least round trip of the last 10 to 20 s. */
static inline uint32_t arq_min_rtt_us(const struct arq_estimator *estimator)
{
	uint32_t least = windowed_min_get(&estimator->min_rtt);

	return least == UINT32_MAX ? ARQ_RTT_UNKNOWN_US : least;
}

#endif
