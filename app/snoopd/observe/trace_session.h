/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The observing side of datapath/trace.h: one capture at a time, of a flow that exists. Each has a
 * number of its own, so that a client never gets the packets of another capture. The telemetry
 * thread, with the link's lock.
 */
#ifndef SNOOPD_TRACE_SESSION_H
#define SNOOPD_TRACE_SESSION_H

#include <stdint.h>

#include <snoopd/observe/report.h>
#include <snoopd/control/link.h>

/**
 * Start a capture. One that was under way ends.
 *
 * @param count  packets, 1 to TRACE_PACKETS_MAX
 * @param id     receives its number
 * @return 0, -ENOENT (no such flow), -ETIMEDOUT (a worker does not answer), -ENOMEM.
 */
int trace_session_start(const struct link *link, const struct snoop_key *key, uint32_t count,
			uint64_t *id);

/** End it; its packets are gone. @return 0, -ENOENT (it has ended), or -ETIMEDOUT. */
int trace_session_stop(const struct link *link, uint64_t id);

/**
 * Report a page of it: total so far, count at which it ends, next, and a group "packets" of groups
 * that are numbered from 0. A frame stands in hexadecimal digits in frame0, frame1, ...
 *
 * @return 0, or -ENOENT where no such capture is under way.
 */
int trace_session_report(uint64_t id, uint64_t position, const struct report *report);

#endif
