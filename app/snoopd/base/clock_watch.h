/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Whether the TSC runs at the frequency that it is believed to have, by CLOCK_MONOTONIC: not
 * CLOCK_MONOTONIC_RAW, because what NTP takes out of the former, 0.05 % at most, makes it better.
 *
 * In some virtual machines the frequency that DPDK derives is wrong by a factor, and a machine that
 * moves to another host may get another TSC. A machine that was paused has a TSC that stepped: its
 * frequency is the same before and after. So a new frequency counts only when several intervals in
 * a row agree on it.
 *
 * Control thread. The decision is pure, clock_sample() apart.
 */
#ifndef SNOOPD_CLOCK_WATCH_H
#define SNOOPD_CLOCK_WATCH_H

#include <stdint.h>

#define CLOCK_WATCH_OFF_PPM 10000u   /* from here on the frequency is wrong */
#define CLOCK_WATCH_AGREE_PPM 5000u  /* within this two intervals have the same */
#define CLOCK_WATCH_INTERVALS 3u     /* that have to agree */
#define CLOCK_WATCH_MIN_NS 20000000u /* a shorter interval is not judged */
#define CLOCK_WATCH_HZ_MIN 2000000u  /* what is slower is no TSC that runs */

struct clock_sample {
	uint64_t ticks;
	uint64_t ns; /* CLOCK_MONOTONIC; 0 = the two could not be read at one instant */
};

enum clock_event {
	CLOCK_STEADY,
	CLOCK_STEPPED, /* one interval was off, those after it are right */
	CLOCK_CHANGED, /* watch->hz is another now */
};

struct clock_watch {
	uint64_t hz; /* in effect */
	struct clock_sample last;
	uint64_t candidate_hz;
	uint32_t agreeing; /* intervals that have the candidate; 0 = all is right */
	int64_t step_us;   /* CLOCK_STEPPED: how far the TSC went ahead of the system's clock */
};

/** Read both clocks. */
struct clock_sample clock_sample(void);

void clock_watch_start(struct clock_watch *watch, uint64_t hz, struct clock_sample now);

/** Judge the interval since the last call, unless it is too short: then it goes on. */
enum clock_event clock_watch_look(struct clock_watch *watch, struct clock_sample now);

#endif
