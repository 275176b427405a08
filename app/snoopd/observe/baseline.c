/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/baseline.h>

#include <stddef.h>
#include <time.h>

#include <snoopd/base/clock.h>

/* By number of the link. started_us tells it from one that was attached before. */
static struct {
	const struct link *link; /* NULL = nobody has reset anything */
	uint64_t started_us;
	struct baseline baseline;
} last[CONFIG_LINKS_MAX];

void baseline_reset(const struct link *link)
{
	last[link->number].link = link;
	last[link->number].started_us = link->started_us;
	report_sum(link, &last[link->number].baseline.totals);
	last[link->number].baseline.reset_at_s = (uint64_t)time(NULL);
	last[link->number].baseline.reset_us = clock_monotonic_us();
}

const struct baseline *baseline_of(const struct link *link)
{
	return last[link->number].link == link && last[link->number].started_us == link->started_us
		       ? &last[link->number].baseline
		       : NULL;
}

static void subtract_histogram(struct histogram *histogram, const struct histogram *before)
{
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		histogram->bucket[i] -= before->bucket[i];
	histogram->sum -= before->sum;
}

void baseline_subtract(const struct baseline *baseline, struct report_totals *totals)
{
	const struct report_totals *before = &baseline->totals;

#define SUBTRACT_counter(id) totals->counters.id -= before->counters.id;
#define SUBTRACT_gauge(id)
#define SUBTRACT(id, type, unit, help) SUBTRACT_##type(id)
	COUNTERS(SUBTRACT)
#undef SUBTRACT
#undef SUBTRACT_gauge
#undef SUBTRACT_counter
#define SUBTRACT(id, unit, help) subtract_histogram(&totals->histograms.id, &before->histograms.id);
	HISTOGRAMS(SUBTRACT)
#undef SUBTRACT
}
