/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The machine under the bench: what reading the clock costs, cache misses where they can be
 * counted, and the share of the CPU that the hypervisor took away.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

struct machine {
	uint64_t tsc_cost; /* cycles between two readings in a row */
	double tsc_ghz;
	int miss_counter; /* perf event, -1 where the machine has none */
	uint64_t steal_start, total_start;
};

/** Call after rte_eal_init(). */
void machine_init(struct machine *machine);

/** Count cache misses from here on ... */
void machine_misses_start(const struct machine *machine);
/** ... to here. */
void machine_misses_stop(const struct machine *machine);
/** @return those counted since the last call, -1 where the machine has no counter. */
int64_t machine_misses_take(const struct machine *machine);

/** @return how often the scheduler gave this CPU to somebody else: what was measured meanwhile is
 * void. */
uint64_t machine_interruptions(void);

void machine_steal_start(struct machine *machine);
/** @return percent of all CPUs' time stolen since then. */
double machine_steal_percent(const struct machine *machine);

#endif
