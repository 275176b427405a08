/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What snoopd tells about itself, for whatever format: DPDK telemetry and the JSON of the HTTP
 * server both take it from here, so that they show the same. With the lock of link.h.
 */
#ifndef SNOOPD_REPORT_H
#define SNOOPD_REPORT_H

#include <stdint.h>

#include <counters/histograms.h>
#include <snoopd/datapath/request.h>
#include <snoopd/control/link.h>

/** Where a report goes. Names are letters, digits, '_' and '/'. */
struct report {
	void *ctx;
	void (*open)(void *ctx,
		     const char *name); /* a group of values within the one that is open */
	void (*close)(void *ctx);
	void (*number)(void *ctx, const char *name, uint64_t value);
	void (*text)(void *ctx, const char *name, const char *value); /* up to 127 characters */
};

void report_stats(const struct link *link, const struct report *report);

/** One screen: ports, levels, uptime, and whether it helps. */
void report_status(const struct link *link, const struct report *report);

void report_histograms(const struct link *link, const struct report *report);

/** How flows find their workers, and what each worker does. */
void report_workers(const struct link *link, const struct report *report);

/** Everything about one flow, and the number of the worker that owns it. */
void report_flow(const struct request_flow *flow, uint64_t worker, const struct report *report);

/* What a page may have as text: a reply of DPDK 22.11 holds 16 KiB. */
#define REPORT_PAGE_BYTES 15500

/**
 * A page of the flow table: total, offset, next (0 = this was the last page), timed_out (1: a worker
 * did not answer, next is the worker after it), and a group "flows" of groups that are numbered from
 * 0, as many as REPORT_PAGE_BYTES hold.
 *
 * @param position  0, or next of the page before
 * @return 0, or -ENOENT with nothing reported: no worker has that position.
 */
int report_flows(const struct link *link, uint64_t position, const struct report *report);

/** The same of the stations, in a group "hosts". A station may appear once per worker. */
int report_hosts(const struct link *link, uint64_t position, const struct report *report);

void report_sum_histograms(const struct link *link, struct histograms *sum);

#endif
