/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <snoop/engine.h>

/*
 * Multiply and fold, 8 bytes a step: for the engine's own small tables only. The multiplier is secret too: with a known
 * one, differences between keys could be chosen so that they cancel whatever the seed is.
 */
uint64_t hash_bytes(const void *data, size_t bytes, uint64_t seed)
{
	const uint8_t *at = data;
	uint64_t hash = seed ^ (bytes * 0x9e3779b97f4a7c15ULL);
	uint64_t multiplier = (seed ^ 0xd6e8feb86659fd93ULL) | 1;

	while (bytes) {
		uint64_t word = 0;
		size_t step = bytes < sizeof(word) ? bytes : sizeof(word);
		__uint128_t product;

		memcpy(&word, at, step);
		product = (__uint128_t)(hash ^ word) * multiplier;
		hash = (uint64_t)product ^ (uint64_t)(product >> 64);
		at += step;
		bytes -= step;
	}
	return hash ^ (hash >> 32);
}

void windowed_min_init(struct snoop_windowed_min *min)
{
	*min = (struct snoop_windowed_min){ .now_us = UINT32_MAX, .before_us = UINT32_MAX };
}

void windowed_min_add(struct snoop_windowed_min *min, uint32_t sample_us, uint64_t period_us, uint64_t now_us)
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
