/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The clocks of the appliance.
 *
 * Who runs here: every thread. Workers read the TSC, which takes neither a division nor a system
 * call; the other threads read CLOCK_MONOTONIC. base calls nothing above it.
 */
#ifndef SNOOPD_CLOCK_H
#define SNOOPD_CLOCK_H

#include <stdint.h>
#include <time.h>

#include <rte_cycles.h>

#define US_PER_MS 1000u
#define CLOCK_US_PER_S 1000000u

struct clock {
	uint64_t factor; /* 2^64 microseconds per tick */
};

/** Call it after rte_eal_init(), which calibrates the TSC. */
static inline void clock_init(struct clock *clock)
{
	unsigned __int128 one = (unsigned __int128)CLOCK_US_PER_S << 64;

	clock->factor = (uint64_t)(one / rte_get_tsc_hz());
}

static inline uint64_t clock_now_us(const struct clock *clock)
{
	return (uint64_t)(((unsigned __int128)rte_rdtsc() * clock->factor) >> 64);
}

/** @return microseconds of CLOCK_MONOTONIC, by a system call: not for workers. */
static inline uint64_t clock_monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CLOCK_US_PER_S + (uint64_t)now.tv_nsec / 1000;
}

#endif
