/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/totals.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <snoopd/base/log.h>
#include <snoopd/datapath/worker.h>

static void add(struct counters *sum, const struct counters *counters)
{
#define STATS_ADD(id, type, unit, help) sum->id += __atomic_load_n(&counters->id, __ATOMIC_RELAXED);
	COUNTERS(STATS_ADD)
#undef STATS_ADD
}

void totals_sum(struct counters *sum, struct worker *const *workers, uint32_t count, uint32_t link)
{
	memset(sum, 0, sizeof(*sum));
	for (uint32_t i = 0; i < count; i++) {
		add(sum, &workers[i]->link[link]->counters);
		add(sum, &workers[i]->counters);
	}
}

void totals_sum_all(struct counters *sum, struct worker *const *workers, uint32_t count)
{
	memset(sum, 0, sizeof(*sum));
	for (uint32_t i = 0; i < count; i++) {
		const struct worker_link *link;

		WORKER_FOR_EACH_LINK (workers[i], link)
			add(sum, &link->counters);
		add(sum, &workers[i]->counters);
	}
}

FILE *totals_open(const char *path)
{
	FILE *file = fopen(path, "we");

	if (file == NULL)
		log_error("--stats-file %s: %s", path, strerror(errno));
	return file;
}

int totals_write(const struct counters *counters, FILE *file, const char *path)
{
	const char *separator = "{\n";
	int failed = 0;

#define STATS_PRINT(id, type, unit, help)                                                          \
	failed |= fprintf(file, "%s\t\"%s\": %" PRIu64, separator, #id, counters->id) < 0;         \
	separator = ",\n";
	COUNTERS(STATS_PRINT)
#undef STATS_PRINT
	failed |= fputs("\n}\n", file) < 0;
	failed |= fclose(file) != 0;
	if (failed) {
		log_error("--stats-file %s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}
