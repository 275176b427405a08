/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the log says of the appliance at its start and at its end.
 *
 * Who runs here: the control thread.
 */
#ifndef SNOOPD_APPLIANCE_LOG_H
#define SNOOPD_APPLIANCE_LOG_H

#include <counters/counters.h>
#include <snoopd/bringup/pool.h>

struct link;
struct links;

/** The workers run, and the link is attached. */
void appliance_log_start(const struct link *link, const struct pool *pool);

/**
 * @param sum      of all workers
 * @param missing  buffers that did not come back
 */
void appliance_log_end(const struct counters *sum, uint32_t missing, const struct pool *pool);

/** Buffers did not come back. */
void appliance_log_leak(const struct links *links, uint32_t missing);

#endif
