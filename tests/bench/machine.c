/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/perf_event.h>
#include <rte_common.h>
#include <rte_cycles.h>

#define TSC_READINGS 1000
#define STEAL_FIELD 8 /* of the line "cpu" in /proc/stat, proc(5) */

static int open_miss_counter(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_CACHE_MISSES,
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

void machine_init(struct machine *machine)
{
	machine->tsc_cost = UINT64_MAX;
	for (int i = 0; i < TSC_READINGS; i++) {
		uint64_t start = rte_rdtsc();

		machine->tsc_cost = RTE_MIN(machine->tsc_cost, rte_rdtsc() - start);
	}
	machine->tsc_ghz = (double)rte_get_tsc_hz() / 1e9;
	machine->miss_counter = open_miss_counter();
	machine_steal_start(machine);
}

void machine_misses_start(const struct machine *machine)
{
	if (machine->miss_counter >= 0)
		ioctl(machine->miss_counter, PERF_EVENT_IOC_ENABLE, 0);
}

void machine_misses_stop(const struct machine *machine)
{
	if (machine->miss_counter >= 0)
		ioctl(machine->miss_counter, PERF_EVENT_IOC_DISABLE, 0);
}

int64_t machine_misses_take(const struct machine *machine)
{
	int64_t misses = -1;

	if (machine->miss_counter < 0 ||
	    read(machine->miss_counter, &misses, sizeof(misses)) != (ssize_t)sizeof(misses))
		return -1;
	ioctl(machine->miss_counter, PERF_EVENT_IOC_RESET, 0);
	return misses;
}

uint64_t machine_interruptions(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (uint64_t)usage.ru_nivcsw;
}

static void read_times(uint64_t *steal, uint64_t *total)
{
	unsigned long long times[STEAL_FIELD] = {0};
	FILE *file = fopen("/proc/stat", "r");

	*steal = *total = 0;
	if (file == NULL)
		return;
	if (fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &times[0], &times[1],
		   &times[2], &times[3], &times[4], &times[5], &times[6],
		   &times[7]) == STEAL_FIELD) {
		*steal = times[STEAL_FIELD - 1];
		for (int i = 0; i < STEAL_FIELD; i++)
			*total += times[i];
	}
	fclose(file);
}

void machine_steal_start(struct machine *machine)
{
	read_times(&machine->steal_start, &machine->total_start);
}

double machine_steal_percent(const struct machine *machine)
{
	uint64_t steal, total;

	read_times(&steal, &total);
	return total > machine->total_start ? 100.0 * (double)(steal - machine->steal_start) /
						      (double)(total - machine->total_start)
					    : 0;
}
