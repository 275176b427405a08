/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The workers' counters as one: summed, and written as JSON. For any thread but a worker; it reads
 * what the workers write, a few packets old. Not part of the packet path.
 */
#ifndef SNOOPD_TOTALS_H
#define SNOOPD_TOTALS_H

#include <stdint.h>
#include <stdio.h>

#include <counters/counters.h>

struct worker;

/**
 * The sum of what the workers counted for a link, and of what no link has: their turns and clocks.
 *
 * @param link  its number; all of the workers serve it
 */
void totals_sum(struct counters *sum, struct worker *const *workers, uint32_t count, uint32_t link);

/** The sum of all that the workers counted, for whatever link. */
void totals_sum_all(struct counters *sum, struct worker *const *workers, uint32_t count);

/** Open the file for totals_write(). @return NULL after one line on stderr. */
FILE *totals_open(const char *path);

/**
 * Write every counter as one JSON object, {"name": value, ...}, and close the file.
 *
 * @param path  its name, for messages
 * @return 0, or -1 after one line on stderr.
 */
int totals_write(const struct counters *counters, FILE *file, const char *path);

#endif
