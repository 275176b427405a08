/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Preloaded into snoopd. DPDK believes that the TSC has 20/29 of its frequency, as in a virtual
 * machine whose CPUID is wrong. From MOVED_S after the start CLOCK_MONOTONIC runs a quarter faster,
 * as it does by the TSC of a machine that was moved to a slower host.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>

#define MOVED_S 12
#define CLOCK_NS_PER_S 1000000000LL

static int64_t moved_ns; /* when CLOCK_MONOTONIC begins to run faster */

uint64_t rte_get_tsc_hz(void)
{
	static uint64_t (*next)(void);

	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "rte_get_tsc_hz");
	return next() / 29 * 20;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	long result = syscall(SYS_clock_gettime, id, now);
	int64_t ns = now->tv_sec * CLOCK_NS_PER_S + now->tv_nsec;

	if (result != 0 || id != CLOCK_MONOTONIC || ns < moved_ns)
		return (int)result;
	ns += (ns - moved_ns) / 4;
	now->tv_sec = ns / CLOCK_NS_PER_S;
	now->tv_nsec = ns % CLOCK_NS_PER_S;
	return 0;
}

__attribute__((constructor)) static void say(void)
{
	struct timespec now;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	moved_ns = (now.tv_sec + MOVED_S) * CLOCK_NS_PER_S;
	fputs("clock_rate: loaded\n", stderr);
}
