/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The room base: clocks, log, and what differs between releases of DPDK. Every thread runs here,
 * the log apart, which workers must not use. It touches nothing of other rooms, and calls only DPDK
 * and the C library.
 *
 * This file: the clocks of the appliance. Workers read the TSC, which takes neither a division nor
 * a system call; the other threads read CLOCK_MONOTONIC. What frequency the TSC has, the control
 * thread measures (clock_watch.h).
 *
 * The time of a worker never goes back and never leaps. Where the TSC steps, because the machine
 * was paused, suspended or moved to another host, the worker leaves the step out: to its
 * connections the pause was a second long at most.
 */
#ifndef SNOOPD_CLOCK_H
#define SNOOPD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <rte_branch_prediction.h>
#include <rte_cycles.h>

#define US_PER_MS 1000u
#define CLOCK_US_PER_S 1000000u
#define CLOCK_STEP_US CLOCK_US_PER_S /* between two turns of a worker: no turn takes as long */

/** One worker's; only its lcore touches it while it runs. */
struct clock {
	uint64_t factor; /* 2^64 microseconds per tick */
	uint64_t hz;
	uint64_t base_ticks, base_us; /* an instant by both clocks */
	uint64_t last_us;	      /* the newest time that was read */
	uint32_t steps;		      /* of the TSC that were left out */
};

/** Any thread. @return the TSC's frequency as far as it is known: DPDK's, or a measured one. */
uint64_t clock_tsc_hz(void);

/** Control thread: a measured frequency, above 1 MHz. Workers take it up within some turns. */
void clock_set_tsc_hz(uint64_t hz);

static inline void clock_set_base(struct clock *clock, uint64_t hz, uint64_t ticks, uint64_t us)
{
	clock->hz = hz;
	clock->factor = (uint64_t)(((unsigned __int128)CLOCK_US_PER_S << 64) / hz);
	clock->base_ticks = ticks;
	clock->base_us = clock->last_us = us;
}

/** Begin with the time since the TSC was zero. The hz are above 1 MHz. */
static inline void clock_start(struct clock *clock, uint64_t hz, uint64_t ticks)
{
	clock->steps = 0;
	clock_set_base(clock, hz, ticks,
		       (uint64_t)((unsigned __int128)ticks * CLOCK_US_PER_S / hz));
}

/** From now on by this frequency. The time goes on from the newest that was read. */
static inline void clock_calibrate(struct clock *clock, uint64_t hz, uint64_t ticks)
{
	clock_set_base(clock, hz, ticks, clock->last_us);
}

static __attribute__((noinline, cold, unused)) uint64_t clock_leave_out(struct clock *clock,
									uint64_t ticks, uint64_t us)
{
	bool ahead = ticks > clock->base_ticks && us > clock->last_us;
	uint64_t back_us = clock->last_us - us;

	if (ticks < clock->base_ticks)
		back_us = clock->last_us - clock->base_us +
			  (uint64_t)((unsigned __int128)(clock->base_ticks - ticks) *
				     CLOCK_US_PER_S / clock->hz);
	/* A few microseconds back are two CPUs' TSCs that differ: no step. */
	clock->steps += ahead || back_us > US_PER_MS;
	clock_set_base(clock, clock->hz, ticks, clock->last_us + (ahead ? CLOCK_STEP_US : 0));
	return clock->base_us;
}

static inline uint64_t clock_read(struct clock *clock, uint64_t ticks)
{
	uint64_t us =
		clock->base_us +
		(uint64_t)(((unsigned __int128)(ticks - clock->base_ticks) * clock->factor) >> 64);

	if (unlikely(us - clock->last_us > CLOCK_STEP_US))
		us = clock_leave_out(clock, ticks, us);
	clock->last_us = us;
	return us;
}

/** Call it after rte_eal_init(), which gives the TSC its frequency. */
static inline void clock_init(struct clock *clock)
{
	clock_start(clock, clock_tsc_hz(), rte_rdtsc());
}

static inline uint64_t clock_now_us(struct clock *clock)
{
	return clock_read(clock, rte_rdtsc());
}

/** @return how far the TSC went; 0 where it went back, as that of a resumed machine may. */
static inline uint64_t clock_cycles(uint64_t begin, uint64_t end)
{
	return end > begin ? end - begin : 0;
}

/** @return microseconds of CLOCK_MONOTONIC, by a system call: not for workers. */
static inline uint64_t clock_monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CLOCK_US_PER_S + (uint64_t)now.tv_nsec / 1000;
}

#endif
