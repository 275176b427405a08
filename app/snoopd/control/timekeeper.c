/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/timekeeper.h>

#include <inttypes.h>
#include <time.h>

#include <snoopd/base/clock.h>
#include <snoopd/base/log.h>

#define SETTLE_NAPS 10
#define PERCENT 100.0

void timekeeper_start(struct clock_watch *watch)
{
	clock_watch_start(watch, clock_tsc_hz(), clock_sample());
}

void timekeeper_look(struct clock_watch *watch)
{
	uint64_t before = clock_tsc_hz();

	switch (clock_watch_look(watch, clock_sample())) {
	case CLOCK_CHANGED:
		clock_set_tsc_hz(watch->hz);
		log_warning("event=clock state=calibrated tsc_hz=%" PRIu64 " believed_hz=%" PRIu64
			    " off=%+.1f%% message=\"by CLOCK_MONOTONIC the TSC has another "
			    "frequency than DPDK or an earlier look said; all times go by the "
			    "measured one\"",
			    watch->hz, before, ((double)before / (double)watch->hz - 1) * PERCENT);
		break;
	case CLOCK_STEPPED:
		log_warning("event=clock state=stepped tsc_ahead_ms=%" PRId64
			    " message=\"the TSC stepped against CLOCK_MONOTONIC, as when a machine "
			    "is paused, suspended or moved; connections do not notice\"",
			    watch->step_us / (int64_t)US_PER_MS);
		break;
	case CLOCK_STEADY:
		break;
	}
}

void timekeeper_settle(struct clock_watch *watch)
{
	const struct timespec nap = {.tv_nsec = CLOCK_WATCH_MIN_NS};
	uint64_t first_ns = watch->last.ns;

	for (int i = 0; i < SETTLE_NAPS; i++) {
		timekeeper_look(watch);
		if (watch->agreeing == 0 && watch->last.ns != first_ns)
			return;
		nanosleep(&nap, NULL);
	}
}
