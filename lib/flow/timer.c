/* SPDX-License-Identifier: BSD-3-Clause */
#include <flow/timer.h>

#include <string.h>

#define ARMED_AHEAD_MAX_US (1u << 30) /* the timer's time has the low half of the clock */

void flow_timers_init(struct flow_timers *timers, struct flow_record *records)
{
	memset(timers, 0, sizeof(*timers));
	timers->records = records;
}

void flow_timer_arm(struct flow_timers *timers, struct flow_record *record, uint64_t deadline_us,
		    uint64_t now_us)
{
	record->armed = timer_source_start(
		timers, record, RTE_MIN(deadline_us, now_us + ARMED_AHEAD_MAX_US), now_us);
}

void flow_timer_cancel(struct flow_timers *timers, struct flow_record *record)
{
	if (record->armed) {
		timer_source_stop(timers, record);
		record->armed = false;
	}
	if (record->due) {
		flow_record_list_remove(timers->records, &timers->due, record);
		record->due = false;
	}
}

bool flow_timers_run(struct flow_timers *timers, uint64_t now_us)
{
	timers->now_us = now_us;
	return timer_source_run(timers, now_us);
}

void flow_timer_fired(struct flow_timers *timers, struct flow_record *record)
{
	uint64_t deadline_us = snoop_flow_deadline_us(&record->flow);

	record->armed = false;
	if (deadline_us == SNOOP_NEVER || record->due)
		return;
	if (deadline_us > timers->now_us) {
		flow_timer_arm(timers, record, deadline_us, timers->now_us);
		return;
	}
	record->due = true;
	flow_record_list_append(timers->records, &timers->due, record);
}

struct flow_record *flow_timers_pop(struct flow_timers *timers)
{
	struct flow_record *record = flow_record_list_first(timers->records, &timers->due);

	if (record != NULL) {
		flow_record_list_remove(timers->records, &timers->due, record);
		record->due = false;
	}
	return record;
}
