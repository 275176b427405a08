/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINKEMU_PRNG_H
#define LINKEMU_PRNG_H

#include <stdint.h>

/**
 * @file
 * A tiny seeded generator (splitmix64). Each impairment of each direction owns one, so that the
 * pattern of one impairment depends on its seed and on the count of frames alone: switching
 * jitter on does not move the losses, and neither does the clock.
 */
struct prng {
	uint64_t state;
};

static inline uint64_t prng_next(struct prng *prng)
{
	uint64_t z = (prng->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline void prng_seed(struct prng *prng, uint64_t seed, uint64_t stream)
{
	prng->state = seed * UINT64_C(0xd1342543de82ef95) + stream;
	/* Neighbouring seeds must not give neighbouring states. */
	prng->state = prng_next(prng);
}

/** @return a uniform number in [0, 1) */
static inline double prng_unit(struct prng *prng)
{
	return (double)(prng_next(prng) >> 11) * 0x1.0p-53;
}

#endif
