/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/base/clock_watch.h>

#include <stdbool.h>
#include <time.h>

#include <rte_cycles.h>

#define CLOCK_NS_PER_S 1000000000u
#define PPM 1000000u
#define SAMPLE_TRIES 8
#define SAMPLE_TICKS_MAX 200000u /* between the two clocks: some 100 us */

struct clock_sample clock_sample(void)
{
	struct clock_sample best = {0};
	uint64_t least = SAMPLE_TICKS_MAX;

	for (int i = 0; i < SAMPLE_TRIES; i++) {
		uint64_t before = rte_rdtsc(), took;
		struct timespec now;

		clock_gettime(CLOCK_MONOTONIC, &now);
		took = rte_rdtsc() - before;
		if (took >= least)
			continue;
		least = took;
		best.ticks = before + took / 2;
		best.ns = (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
	}
	return best;
}

static bool within(uint64_t hz, uint64_t other, uint32_t ppm)
{
	uint64_t difference = hz > other ? hz - other : other - hz;

	return (unsigned __int128)difference * PPM <= (unsigned __int128)other * ppm;
}

void clock_watch_start(struct clock_watch *watch, uint64_t hz, struct clock_sample now)
{
	*watch = (struct clock_watch){.hz = hz, .last = now};
}

/* @return 0 where the TSC went back, or did not move. */
static uint64_t frequency(const struct clock_sample *from, const struct clock_sample *to)
{
	unsigned __int128 ticks = to->ticks > from->ticks ? to->ticks - from->ticks : 0;
	unsigned __int128 hz = ticks * CLOCK_NS_PER_S / (to->ns - from->ns);

	return hz > UINT64_MAX ? UINT64_MAX : (uint64_t)hz;
}

static int64_t step_us(const struct clock_watch *watch, const struct clock_sample *now)
{
	__int128 ticks = (int64_t)(now->ticks - watch->last.ticks);

	return (int64_t)(ticks * PPM / (__int128)watch->hz) -
	       (int64_t)((now->ns - watch->last.ns) / (CLOCK_NS_PER_S / PPM));
}

static enum clock_event judge_off(struct clock_watch *watch, uint64_t hz)
{
	if (hz < CLOCK_WATCH_HZ_MIN) {
		watch->candidate_hz = 0;
		watch->agreeing = 1;
		return CLOCK_STEADY;
	}
	if (watch->candidate_hz == 0 || !within(hz, watch->candidate_hz, CLOCK_WATCH_AGREE_PPM)) {
		watch->candidate_hz = hz;
		watch->agreeing = 0;
	}
	if (++watch->agreeing < CLOCK_WATCH_INTERVALS)
		return CLOCK_STEADY;
	watch->hz = hz;
	watch->agreeing = 0;
	watch->candidate_hz = 0;
	return CLOCK_CHANGED;
}

enum clock_event clock_watch_look(struct clock_watch *watch, struct clock_sample now)
{
	uint64_t hz;

	if (now.ns == 0)
		return CLOCK_STEADY;
	if (watch->last.ns == 0 || now.ns < watch->last.ns) {
		watch->last = now;
		return CLOCK_STEADY;
	}
	if (now.ns - watch->last.ns < CLOCK_WATCH_MIN_NS)
		return CLOCK_STEADY;
	hz = frequency(&watch->last, &now);
	if (!within(hz, watch->hz, CLOCK_WATCH_OFF_PPM)) {
		if (watch->agreeing == 0)
			watch->step_us = step_us(watch, &now);
		watch->last = now;
		return judge_off(watch, hz);
	}
	watch->last = now;
	watch->candidate_hz = 0;
	if (watch->agreeing == 0)
		return CLOCK_STEADY;
	watch->agreeing = 0;
	return CLOCK_STEPPED;
}
