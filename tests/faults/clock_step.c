/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Preloaded into snoopd. The system's clock, as the program sees it, is right, an hour ahead, an
 * hour behind, and right again, for a quarter of a second each. CLOCK_MONOTONIC and the TSC stay
 * as they are, because a step of the clock does not change them.
 */
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define STEP_S 3600
#define PHASES_PER_S 4

int clock_gettime(clockid_t id, struct timespec *now)
{
	static const int offset_s[] = {0, STEP_S, 0, -STEP_S};
	struct timespec monotonic;
	long result = syscall(SYS_clock_gettime, id, now);

	if (result != 0 || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE && id != CLOCK_TAI))
		return (int)result;
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &monotonic);
	now->tv_sec += offset_s[monotonic.tv_nsec / (1000000000 / PHASES_PER_S) % PHASES_PER_S];
	return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec time;
	int result = clock_gettime(CLOCK_REALTIME, &time);

	(void)zone;
	now->tv_sec = time.tv_sec;
	now->tv_usec = time.tv_nsec / 1000;
	return result;
}

time_t time(time_t *now)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	if (now != NULL)
		*now = time.tv_sec;
	return time.tv_sec;
}

__attribute__((constructor)) static void say(void)
{
	fprintf(stderr, "clock_step: loaded\n");
}
