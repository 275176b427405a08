/* SPDX-License-Identifier: BSD-3-Clause */
/** @file A minimum over a sliding window of one to two periods, in two buckets. */
#ifndef BASE_WINDOWED_MIN_H
#define BASE_WINDOWED_MIN_H

#include <stdint.h>

struct windowed_min {
	uint32_t now_us;    /* minimum of the running period, UINT32_MAX if it has no sample */
	uint32_t before_us; /* minimum of the period before */
	uint32_t since_us;  /* start of the running period, low half of the clock */
};

static inline void windowed_min_init(struct windowed_min *min)
{
	*min = (struct windowed_min){.now_us = UINT32_MAX, .before_us = UINT32_MAX};
}

static inline void windowed_min_add(struct windowed_min *min, uint32_t sample_us,
				    uint64_t period_us, uint64_t now_us)
{
	if ((uint32_t)now_us - min->since_us >= period_us) {
		/* A period without samples says nothing: keep the older minimum then. */
		if (min->now_us != UINT32_MAX)
			min->before_us = min->now_us;
		min->now_us = UINT32_MAX;
		min->since_us = (uint32_t)now_us;
	}
	if (sample_us < min->now_us)
		min->now_us = sample_us;
}

/** @return UINT32_MAX while there is no sample. */
static inline uint32_t windowed_min_get(const struct windowed_min *min)
{
	return min->now_us < min->before_us ? min->now_us : min->before_us;
}

#endif
