/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Compares the TSC, by which workers tell the time, with the system's clock: before they start, and
 * every second while they run. What clock_watch.h decides is logged, and a new frequency published.
 *
 * Control thread.
 */
#ifndef SNOOPD_TIMEKEEPER_H
#define SNOOPD_TIMEKEEPER_H

#include <snoopd/base/clock_watch.h>

/** Begin to measure, after rte_eal_init(). */
void timekeeper_start(struct clock_watch *watch);

/**
 * Before workers are created: is the frequency right? Waits until it is known, which takes 20 ms if
 * it is, less what passed since the start, and some times that if it is not.
 */
void timekeeper_settle(struct clock_watch *watch);

/** While workers run, every second. */
void timekeeper_look(struct clock_watch *watch);

#endif
