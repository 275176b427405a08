/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * `snoopctl reset-counters`: what the counters and histograms were when somebody reset them, so
 * that snoopctl can show what was counted since. Nothing else changes: the workers go on counting,
 * and telemetry's totals and Prometheus stay monotonic. Gauges say how it is now and are never
 * reset. The telemetry thread, with the link's lock.
 */
#ifndef SNOOPD_BASELINE_H
#define SNOOPD_BASELINE_H

#include <stdint.h>

#include <snoopd/observe/report.h>

struct baseline {
	struct report_totals totals;
	uint64_t reset_at_s; /* CLOCK_REALTIME */
	uint64_t reset_us;   /* CLOCK_MONOTONIC */
};

/** Take the link's totals as its baseline from now on. */
void baseline_reset(const struct link *link);

/** @return the baseline of the link, or NULL: nobody has reset its counters since it started. */
const struct baseline *baseline_of(const struct link *link);

/** Make totals of the link what was counted since the baseline. Gauges stay. */
void baseline_subtract(const struct baseline *baseline, struct report_totals *totals);

#endif
