/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The appliance's clock: microseconds of the TSC, without a division or a system call. Any thread.
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

/** Call after rte_eal_init(), which calibrates the TSC. */
static inline void clock_init(struct clock *clock)
{
	unsigned __int128 one = (unsigned __int128)CLOCK_US_PER_S << 64;

	clock->factor = (uint64_t)(one / rte_get_tsc_hz());
}

static inline uint64_t clock_now_us(const struct clock *clock)
{
	return (uint64_t)(((unsigned __int128)rte_rdtsc() * clock->factor) >> 64);
}

/** Microseconds of CLOCK_MONOTONIC, by a system call: the clock of all threads but the workers. */
static inline uint64_t clock_monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CLOCK_US_PER_S + (uint64_t)now.tv_nsec / 1000;
}

#endif
