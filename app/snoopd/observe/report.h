/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The room observe: what snoopd tells about itself. This header is what DPDK telemetry and the JSON
 * of the HTTP server share, so that both show the same.
 *
 * Who runs here: the telemetry thread and the HTTP thread; the control thread only starts and stops
 * them. They only read: counters and histograms of the workers as they are written (a few packets
 * old), and everything else of the link with its lock (control/link.h), which each answer holds
 * from its first to its last value. What changes something, they ask of control (apply.h, log.h)
 * or, by a request, of a worker (request.h). They may call control, bringup, datapath and base;
 * nothing below calls them.
 */
#ifndef SNOOPD_REPORT_H
#define SNOOPD_REPORT_H

#include <stdint.h>

#include <counters/counters.h>
#include <counters/histograms.h>
#include <snoopd/control/link.h>
#include <snoopd/datapath/request.h>

/** Where a report goes. Names are letters, digits, '_' and '/'. */
struct report {
	void *ctx;
	/* Begin a group of values within the one that is open; close() ends it. */
	void (*open)(void *ctx, const char *name);
	void (*close)(void *ctx);
	void (*number)(void *ctx, const char *name, uint64_t value);
	void (*text)(void *ctx, const char *name, const char *value); /* up to 127 characters */
};

static inline void report_open(const struct report *report, const char *name)
{
	report->open(report->ctx, name);
}

static inline void report_close(const struct report *report)
{
	report->close(report->ctx);
}

static inline void report_number(const struct report *report, const char *name, uint64_t value)
{
	report->number(report->ctx, name, value);
}

static inline void report_text(const struct report *report, const char *name, const char *value)
{
	report->text(report->ctx, name, value);
}

/** All counters since the start. */
void report_stats(const struct link *link, const struct report *report);

/**
 * One screen: ports, levels, uptime, and whether it helps, since the start, in sentences with the
 * facts they stand on (verdict.h): verdict, verdict_id, verdict_counters; in the groups also and
 * also_counters what is true as well, by id.
 */
void report_status(const struct link *link, const struct report *report);

/** What is the same for all links: version, pid, uptime. */
void report_process(const struct link *link, const struct report *report);

/** @return the id of the sentence that the status of these counters begins with. */
const char *report_verdict_id(const struct link *link, const struct counters *sum);

/** All histograms since the start. */
void report_histograms(const struct link *link, const struct report *report);

/*
 * The same three, where somebody has reset the counters with a group "since_reset": what a reset
 * affects, with reset_at (seconds since 1970) and reset_ago_s.
 */
void report_stats_both(const struct link *link, const struct report *report);
void report_status_both(const struct link *link, const struct report *report);
void report_histograms_both(const struct link *link, const struct report *report);

/** How flows find their workers, and what each worker does. */
void report_workers(const struct link *link, const struct report *report);

/** One of several links: what tells them apart at a glance, since the start. */
void report_link(const struct link *link, const struct report *report);

/** Everything about one flow, and the number of the worker that owns it. */
void report_flow(const struct request_flow *flow, uint64_t worker, const struct report *report);

/** Everything about one station as one worker knows it. */
void report_host(const struct request_station *station, const struct report *report);

/* What a page may have as text: a reply of DPDK 22.11 holds 16 KiB. */
#define REPORT_PAGE_BYTES 15500

/**
 * A page of the flow table: total, offset, next (0 = this was the last page), timed_out (1: a
 * worker did not answer, next is the worker after it), and a group "flows" of groups that are
 * numbered from 0, as many as REPORT_PAGE_BYTES hold.
 *
 * @param position  0, or next of the page before
 * @return 0, or -ENOENT with nothing reported: no worker has that position.
 */
int report_flows(const struct link *link, uint64_t position, const struct report *report);

/** The same of the stations, in a group "hosts". A station may appear once per worker. */
int report_hosts(const struct link *link, uint64_t position, const struct report *report);

/**
 * The process, and a page of its links: version, pid, uptime_s, workers, workers_stuck, total,
 * offset, next (0 = this was the last page), and a group "links" of groups that are numbered from
 * 0. With the links' lock.
 *
 * @param position  0, or next of the page before
 * @return 0, or -ENOENT with nothing reported: there are not so many.
 */
int report_links(const struct links *links, uint64_t position, const struct report *report);

/** What all workers have counted. */
struct report_totals {
	struct counters counters;
	struct histograms histograms;
};

/** Sum over the workers, since the start. */
void report_sum(const struct link *link, struct report_totals *totals);

/**
 * Report something as counted since the start, and where somebody has reset the counters once more
 * in a group "since_reset". For the functions *_both().
 *
 * @param context  handed to each()
 */
void report_both(const struct link *link, const struct report *report,
		 void (*each)(const struct link *, const struct report_totals *,
			      const struct report *, const void *context),
		 const void *context);

#endif
