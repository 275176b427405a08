/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/report.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <snoopd/control/supervisor.h>
#include <snoopd/datapath/totals.h>

#define POSITION_WORKER_SHIFT 32 /* a position is a record of a worker's table */

static void measure_name(void *ctx, const char *name)
{
	*(size_t *)ctx += strlen(name) + strlen("\"\":{},");
}

static void measure_end(void *ctx)
{
}

static void measure_number(void *ctx, const char *name, uint64_t value)
{
	*(size_t *)ctx += strlen(name) + (size_t)snprintf(NULL, 0, "\"\":%" PRIu64 ",", value);
}

static void measure_text(void *ctx, const char *name, const char *value)
{
	*(size_t *)ctx += strlen(name) + strlen(value) + strlen("\"\":\"\",");
}

/* Ask one worker for the page at a position. */
static struct request *ask_page(const struct link *link, enum request_kind kind, uint64_t position)
{
	struct request *request = link_ask(link, (uint32_t)(position >> POSITION_WORKER_SHIFT));

	if (request == NULL)
		return NULL;
	request->kind = kind;
	request->position = (uint32_t)position;
	return link_wait(request);
}

static void report_entry(const struct request *request, uint32_t entry, uint64_t worker,
			 const struct report *report)
{
	if (request->kind == REQUEST_FLOWS)
		report_flow(&request->flows[entry], worker, report);
	else
		report_host(&request->stations[entry], report);
}

static uint32_t position_of(const struct request *request, uint32_t entry)
{
	return request->kind == REQUEST_FLOWS ? request->flows[entry].position
					      : request->stations[entry].position;
}

/* How many entries of the answer fit into the page; at least one. */
static uint32_t count_fitting(const struct request *request, uint64_t worker)
{
	size_t bytes = 0;
	const struct report measure = {&bytes, measure_name, measure_end, measure_number,
				       measure_text};
	uint32_t entry = 0;

	while (entry < request->count) {
		measure_name(&bytes, "number");
		report_entry(request, entry, worker, &measure);
		if (bytes > REPORT_PAGE_BYTES && entry > 0)
			break;
		entry++;
	}
	return entry;
}

/* The page after this one, 0 = this was the last. */
static uint64_t next_position(const struct link *link, uint64_t worker, uint32_t next)
{
	if (next != 0)
		return worker << POSITION_WORKER_SHIFT | next;
	return worker + 1 < link->worker_count ? (worker + 1) << POSITION_WORKER_SHIFT : 0;
}

static int report_page(const struct link *link, enum request_kind kind, uint64_t position,
		       const struct report *report)
{
	uint64_t worker = position >> POSITION_WORKER_SHIFT;
	bool flows = kind == REQUEST_FLOWS;
	struct request *request;
	uint32_t count = 0, next = 0;
	struct counters sum;
	char number[12];

	if (worker >= link->worker_count)
		return -ENOENT;
	request = ask_page(link, kind, position);
	if (request != NULL) {
		count = count_fitting(request, worker);
		next = count < request->count ? position_of(request, count) : request->next;
	}
	totals_sum(&sum, link->workers, link->worker_count, link->number);
	report_number(report, "total", flows ? sum.flows_active : sum.stations_active);
	report_number(report, "offset", position);
	report_number(report, "next", next_position(link, worker, next));
	report_number(report, "timed_out", request == NULL);
	report_open(report, flows ? "flows" : "hosts");
	for (uint32_t i = 0; i < count; i++) {
		snprintf(number, sizeof(number), "%u", i);
		report_open(report, number);
		report_entry(request, i, worker, report);
		report_close(report);
	}
	report_close(report);
	return 0;
}

int report_flows(const struct link *link, uint64_t position, const struct report *report)
{
	return report_page(link, REQUEST_FLOWS, position, report);
}

int report_hosts(const struct link *link, uint64_t position, const struct report *report)
{
	return report_page(link, REQUEST_STATIONS, position, report);
}

/* How many links fit into the page from that one on; at least one. */
static uint32_t count_fitting_links(const struct links *links, uint32_t first)
{
	size_t bytes = 0;
	const struct report measure = {&bytes, measure_name, measure_end, measure_number,
				       measure_text};
	uint32_t count = 0;

	report_process(&links->link[0], &measure);
	while (first + count < links->count) {
		measure_name(&bytes, "number");
		report_link(&links->link[first + count], &measure);
		if (bytes > REPORT_PAGE_BYTES && count > 0)
			break;
		count++;
	}
	return count;
}

int report_links(const struct links *links, uint64_t position, const struct report *report)
{
	const struct health *health = &links->link[0].supervisor->health;
	uint32_t first = (uint32_t)position, count;
	char number[12];

	if (position >= links->count)
		return -ENOENT;
	count = count_fitting_links(links, first);
	report_process(&links->link[0], report);
	report_number(report, "workers", health->count);
	report_number(report, "workers_stuck", health_stuck(health));
	report_number(report, "total", links->count);
	report_number(report, "offset", first);
	report_number(report, "next", first + count < links->count ? first + count : 0);
	report_open(report, "links");
	for (uint32_t i = 0; i < count; i++) {
		snprintf(number, sizeof(number), "%u", i);
		report_open(report, number);
		report_link(&links->link[first + i], report);
		report_close(report);
	}
	report_close(report);
	return 0;
}
