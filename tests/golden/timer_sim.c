/* SPDX-License-Identifier: BSD-3-Clause */
/* A plain array: the cases have a handful of flows, the captures of the oracle a thousand. */
#include "timer_sim.h"

#include <flow/timer.h>

#define TIMERS_MAX 8192

static struct {
	struct flow_record *record;
	uint64_t deadline_us;
} timers_armed[TIMERS_MAX];
static uint32_t timers_count;

static uint32_t find_first(void)
{
	uint32_t first = 0;

	for (uint32_t i = 1; i < timers_count; i++)
		if (timers_armed[i].deadline_us < timers_armed[first].deadline_us)
			first = i;
	return first;
}

uint64_t timer_sim_next_us(void)
{
	return timers_count == 0 ? SNOOP_NEVER : timers_armed[find_first()].deadline_us;
}

uint32_t timer_sim_armed(void)
{
	return timers_count;
}

void timer_source_stop(struct flow_timers *timers, struct flow_record *record)
{
	for (uint32_t i = 0; i < timers_count; i++)
		if (timers_armed[i].record == record) {
			timers_armed[i] = timers_armed[--timers_count];
			return;
		}
}

bool timer_source_start(struct flow_timers *timers, struct flow_record *record,
			uint64_t deadline_us, uint64_t now_us)
{
	timer_source_stop(timers, record);
	if (timers_count == TIMERS_MAX)
		return false;
	timers_armed[timers_count].record = record;
	timers_armed[timers_count].deadline_us = deadline_us;
	timers_count++;
	record->armed_us = (uint32_t)deadline_us;
	return true;
}

/* In order of their deadlines; one that is armed again by its own call-back waits for the next run
 * only if it is not due. */
bool timer_source_run(struct flow_timers *timers, uint64_t now_us)
{
	while (timer_sim_next_us() <= now_us && timers_count > 0) {
		uint32_t first = find_first();
		struct flow_record *record = timers_armed[first].record;

		timers_armed[first] = timers_armed[--timers_count];
		flow_timer_fired(timers, record);
	}
	return false;
}
