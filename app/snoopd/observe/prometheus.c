/* SPDX-License-Identifier: BSD-3-Clause */
/* OpenMetrics 1.0, and the text format 0.0.4 of older Prometheus: they differ in the name that a
 * counter's head lines have, in the unit, and in the end. */
#include <snoopd/observe/content.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include <snoopd/base/clock.h>
#include <snoopd/control/supervisor.h>
#include <snoopd/bringup/port_losses.h>
#include <snoopd/observe/report.h>
#include <snoopd/datapath/worker.h>

#define PREFIX "snoopd_"
#define US_PER_SECOND 1e6

static const char *const side_names[] = {[SNOOP_WIRED] = "wired", [SNOOP_WIRELESS] = "wireless"};

struct metrics {
	FILE *out;
	bool open;
	/* The label of the link, alone and before others. */
	char alone[CONFIG_LINK_CHARS_MAX + 16], before[CONFIG_LINK_CHARS_MAX + 16];
};

static bool ends_with(const char *text, const char *end)
{
	size_t chars = strlen(text), end_chars = strlen(end);

	return chars > end_chars && strcmp(text + chars - end_chars, end) == 0;
}

/* The head of a metric family; its name is without _total. */
static void print_head(const struct metrics *metrics, const char *name, const char *type,
		       const char *unit, const char *help)
{
	const char *total = strcmp(type, "counter") == 0 && !metrics->open ? "_total" : "";
	char ending[32];

	snprintf(ending, sizeof(ending), "_%s", unit);
	fprintf(metrics->out, "# TYPE " PREFIX "%s%s %s\n", name, total, type);
	/* OpenMetrics wants a unit to end the name. */
	if (metrics->open && unit[0] != '\0' && ends_with(name, ending))
		fprintf(metrics->out, "# UNIT " PREFIX "%s %s\n", name, unit);
	fprintf(metrics->out, "# HELP " PREFIX "%s%s %s%s%s%s.\n", name, total, help,
		unit[0] != '\0' ? " (" : "", unit, unit[0] != '\0' ? ")" : "");
}

static void print_counter(const struct metrics *metrics, const char *id, const char *type,
			  const char *unit, const char *help, uint64_t value)
{
	bool counts = strcmp(type, "counter") == 0;
	char name[64];

	snprintf(name, sizeof(name), "%s", id);
	if (counts && ends_with(name, "_total"))
		name[strlen(name) - strlen("_total")] = '\0';
	print_head(metrics, name, type, unit, help);
	fprintf(metrics->out, PREFIX "%s%s%s %" PRIu64 "\n", name, counts ? "_total" : "",
		metrics->alone, value);
}

static void print_histogram(const struct metrics *metrics, const char *id, const char *unit,
			    const char *help, const struct histogram *histogram)
{
	bool time = strcmp(unit, "us") == 0;
	double factor = time ? 1 / US_PER_SECOND : 1;
	uint64_t below = 0;
	char name[64];

	snprintf(name, sizeof(name), "%s_%s", id, time ? "seconds" : unit);
	print_head(metrics, name, "histogram", time ? "seconds" : unit, help);
	for (unsigned int i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		below += histogram->bucket[i];
		fprintf(metrics->out, PREFIX "%s_bucket{%sle=\"%.9g\"} %" PRIu64 "\n", name,
			metrics->before, (double)(1ull << i) * factor, below);
	}
	below += histogram->bucket[HISTOGRAM_BUCKETS - 1];
	fprintf(metrics->out, PREFIX "%s_bucket{%sle=\"+Inf\"} %" PRIu64 "\n", name,
		metrics->before, below);
	fprintf(metrics->out, PREFIX "%s_sum%s %.9g\n", name, metrics->alone,
		(double)histogram->sum * factor);
	fprintf(metrics->out, PREFIX "%s_count%s %" PRIu64 "\n", name, metrics->alone, below);
}

/* A side has no line where nobody counts. */
static void print_losses(const struct metrics *metrics, const struct link *link)
{
	struct port_losses of[2];

	for (int side = 0; side < 2; side++)
		port_losses_read(&link->ports.port[side], &of[side]);
#define EACH_SIDE(name, unit, help, known, value)                                                  \
	print_head(metrics, name, "counter", unit, help);                                          \
	for (int side = 0; side < 2; side++)                                                       \
		if (known)                                                                         \
			fprintf(metrics->out, PREFIX name "_total{%sside=\"%s\"} %" PRIu64 "\n",   \
				metrics->before, side_names[side], value);

	EACH_SIDE("missed_packets", "packets",
		  "packets that the port dropped before snoopd saw them", of[side].missed_known,
		  of[side].missed)
	EACH_SIDE("port_rx_errors", "", "packets that the port refused as damaged or too long",
		  of[side].known, of[side].rx_errors)
	EACH_SIDE("port_tx_errors", "", "packets that the driver took and did not send",
		  of[side].known, of[side].tx_errors)
#undef EACH_SIDE
}

static void print_ports(const struct metrics *metrics, const struct link *link)
{
	print_head(metrics, "link_up", "gauge", "", "whether the port reports a carrier");
	for (int side = 0; side < 2; side++)
		fprintf(metrics->out, PREFIX "link_up{%sside=\"%s\"} %d\n", metrics->before,
			side_names[side],
			__atomic_load_n(&link->ports.port[side].link_up, __ATOMIC_RELAXED));
	print_head(metrics, "port_gone", "gauge", "",
		   "whether the interface or device of the port has vanished");
	for (int side = 0; side < 2; side++)
		fprintf(metrics->out, PREFIX "port_gone{%sside=\"%s\"} %d\n", metrics->before,
			side_names[side],
			__atomic_load_n(&link->ports.port[side].gone, __ATOMIC_RELAXED));
	print_head(metrics, "port_mtu_bytes", "gauge", "bytes", "MTU of the port now");
	for (int side = 0; side < 2; side++)
		fprintf(metrics->out, PREFIX "port_mtu_bytes{%sside=\"%s\"} %d\n", metrics->before,
			side_names[side],
			__atomic_load_n(&link->ports.port[side].mtu_now_bytes, __ATOMIC_RELAXED));
	print_head(metrics, "link_taken", "gauge", "",
		   "whether snoopd took the port down because the other side has no carrier");
	for (int side = 0; side < 2; side++)
		fprintf(metrics->out, PREFIX "link_taken{%sside=\"%s\"} %d\n", metrics->before,
			side_names[side],
			__atomic_load_n(&link->ports.port[side].link_taken, __ATOMIC_RELAXED));
	print_losses(metrics, link);
}

static void print_service(const struct metrics *metrics, const struct link *link)
{
	print_head(metrics, metrics->open ? "build" : "build_info",
		   metrics->open ? "info" : "gauge", "",
		   "version of snoopd, and level of the link");
	fprintf(metrics->out, PREFIX "build_info{%sversion=\"%s\",mode=\"%s\"} 1\n",
		metrics->before, SNOOPD_VERSION, snoop_level_name(link->config->mode));
	print_head(metrics, "uptime_seconds", "gauge", "seconds", "time since the start");
	fprintf(metrics->out, PREFIX "uptime_seconds%s %.3f\n", metrics->alone,
		(double)(clock_monotonic_us() - link->started_us) / US_PER_SECOND);
	print_counter(metrics, "reloads", "counter", "",
		      "times that a configuration file took effect after the start", link->reloads);
	print_counter(metrics, "workers", "gauge", "", "worker lcores", link->worker_count);
}

static double seconds_of(const uint64_t *cycles)
{
	return (double)__atomic_load_n(cycles, __ATOMIC_RELAXED) / (double)clock_tsc_hz();
}

/* Of the process: with the first link, and without its label. */
static void print_workers(const struct metrics *metrics, const struct link *link)
{
	uint32_t count = link->number == 0 ? link->supervisor->health.count : 0;

#define EACH_WORKER(name, format, value)                                                           \
	for (uint32_t i = 0; i < count; i++) {                                                     \
		const struct worker_health *health = &link->supervisor->workers[i]->health;        \
                                                                                                   \
		fprintf(metrics->out, PREFIX name "{worker=\"%u\"} " format "\n", i, value);       \
	}

	print_head(metrics, "worker_turns", "counter", "", "turns of the worker: its heartbeat");
	EACH_WORKER("worker_turns_total", "%" PRIu64,
		    __atomic_load_n(&health->turns, __ATOMIC_RELAXED))
	print_head(metrics, "worker_run_seconds", "counter", "seconds",
		   "time since the worker started");
	EACH_WORKER("worker_run_seconds_total", "%.6f", seconds_of(&health->cycles))
	print_head(metrics, "worker_busy_seconds", "counter", "seconds",
		   "time of turns that had packets");
	EACH_WORKER("worker_busy_seconds_total", "%.6f", seconds_of(&health->busy_cycles))
	print_head(metrics, "worker_turn_max_seconds", "gauge", "seconds", "longest turn");
	EACH_WORKER("worker_turn_max_seconds", "%.6f", seconds_of(&health->turn_cycles_max))
#undef EACH_WORKER
	print_head(metrics, "standbys", "gauge", "", "processes that are ready to take over");
	if (link->number == 0)
		fprintf(metrics->out, PREFIX "standbys %u\n",
			__atomic_load_n(&link->supervisor->standbys, __ATOMIC_RELAXED));
	print_head(metrics, "workers_stuck", "gauge", "", "workers that do not move now");
	if (link->number == 0)
		fprintf(metrics->out, PREFIX "workers_stuck %u\n",
			health_stuck(&link->supervisor->health));
}

static void print_guard(const struct metrics *metrics, const struct link *link)
{
	print_counter(metrics, "guard_demoted", "gauge", "",
		      "whether the guard lets the link only observe",
		      link->supervisor->link[link->number].guard.demoted);
	print_counter(metrics, "guard_demotions", "counter", "", "times that the link was demoted",
		      link->supervisor->link[link->number].guard.demotions);
	print_counter(metrics, "guard_promotions", "counter", "",
		      "times that a demoted link got its level back",
		      link->supervisor->link[link->number].guard.promotions);
}

/* The one sentence that the status begins with, as a label, so that a table can show it. */
static void print_verdict(const struct metrics *metrics, const struct link *link,
			  const struct counters *sum)
{
	print_head(metrics, "verdict", "gauge", "",
		   "verdict_id of what snoopctl status says first; always 1");
	fprintf(metrics->out, PREFIX "verdict{%sverdict=\"%s\"} 1\n", metrics->before,
		report_verdict_id(link, sum));
}

/* @return the metrics of one link, for free(), or NULL: no memory. */
static char *print_link(const struct link *link, bool openmetrics)
{
	struct metrics metrics = {.open = openmetrics};
	struct report_totals totals;
	char *text = NULL;
	size_t bytes = 0;

	metrics.out = open_memstream(&text, &bytes);
	if (metrics.out == NULL)
		return NULL;
	snprintf(metrics.alone, sizeof(metrics.alone), "{link=\"%s\"}", link->name);
	snprintf(metrics.before, sizeof(metrics.before), "link=\"%s\",", link->name);
	report_sum(link, &totals);

	print_service(&metrics, link);
	print_ports(&metrics, link);
	print_workers(&metrics, link);
	print_guard(&metrics, link);
	print_verdict(&metrics, link, &totals.counters);
#define PRINT_COUNTER(id, type, unit, help)                                                        \
	print_counter(&metrics, #id, #type, #unit, help, totals.counters.id);
	COUNTERS(PRINT_COUNTER)
#undef PRINT_COUNTER
#define PRINT_HISTOGRAM(id, unit, help)                                                            \
	print_histogram(&metrics, #id, #unit, help, &totals.histograms.id);
	HISTOGRAMS(PRINT_HISTOGRAM)
#undef PRINT_HISTOGRAM
	if (fclose(metrics.out) == 0)
		return text;
	free(text);
	return NULL;
}

/* Copy the lines of one family, or only its samples. @return what comes after them. */
static const char *copy_family(FILE *out, const char *at, bool head)
{
	bool samples = false;

	while (*at != '\0' && !(samples && *at == '#')) {
		size_t bytes = strcspn(at, "\n") + 1;

		samples |= *at != '#';
		if (head || *at != '#')
			fwrite(at, 1, bytes, out);
		at += bytes;
		/* A family without a sample ends where the next one begins. */
		if (strncmp(at, "# TYPE", 6) == 0)
			break;
	}
	return at;
}

/* All links have the same families in the same order: the samples of each belong together. */
static void merge(FILE *out, char *const texts[], uint32_t count)
{
	const char *at[CONFIG_LINKS_MAX] = {NULL};

	for (uint32_t i = 0; i < count; i++)
		at[i] = texts[i];
	while (*at[0] != '\0')
		for (uint32_t i = 0; i < count; i++)
			at[i] = copy_family(out, at[i], i == 0);
}

int content_metrics(const struct links *links, const struct link *chosen, bool openmetrics,
		    struct content *content)
{
	char *texts[CONFIG_LINKS_MAX] = {NULL}, *text = NULL;
	bool failed = false;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	for (uint32_t i = 0; i < links->count; i++) {
		texts[i] = print_link(&links->link[i], openmetrics);
		failed |= texts[i] == NULL;
	}
	if (out != NULL && !failed)
		merge(out, texts, links->count);
	for (uint32_t i = 0; i < links->count; i++)
		free(texts[i]);
	if (out != NULL && openmetrics)
		fputs("# EOF\n", out);
	if (out == NULL || (fclose(out) != 0) | failed) {
		free(text);
		return -1;
	}
	*content = (struct content){
		text, bytes,
		openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
			    : "text/plain; version=0.0.4; charset=utf-8",
		true};
	return 0;
}
