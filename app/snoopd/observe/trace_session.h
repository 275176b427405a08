/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The control side of capture.h: one capture at a time, of a flow that exists. Each has a number of
 * its own, so that a client is never given the packets of another one. With the lock of link.h.
 */
#ifndef SNOOPD_CAPTURES_H
#define SNOOPD_CAPTURES_H

#include <stdint.h>

#include <snoopd/observe/report.h>
#include <snoopd/control/link.h>

/**
 * Begin; a capture that was under way ends.
 *
 * @param count  packets, 1 to TRACE_PACKETS_MAX
 * @param id     receives its number
 * @return 0, -ENOENT (no such flow), -ETIMEDOUT (a worker does not answer), -ENOMEM.
 */
int trace_session_start(const struct link *link, const struct snoop_key *key, uint32_t count,
			uint64_t *id);

/** End that one. What was captured is gone. @return 0, -ENOENT (it has ended), or -ETIMEDOUT. */
int trace_session_stop(const struct link *link, uint64_t id);

/**
 * A page of what was captured: total so far, count that it ends with, next, and a group "packets"
 * of groups that are numbered from 0; the frame is in hexadecimal digits in frame0, frame1, ...
 *
 * @return 0, or -ENOENT where no such capture is under way.
 */
int trace_session_report(uint64_t id, uint64_t position, const struct report *report);

#endif
