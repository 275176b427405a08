/* SPDX-License-Identifier: BSD-3-Clause */
#include <flow/timer.h>

#include <string.h>

void flow_timers_init(struct flow_timers *timers)
{
	memset(timers, 0, sizeof(*timers));
	TAILQ_INIT(&timers->due);
}

void flow_timer_arm(struct flow_timers *timers, struct flow_record *record, uint64_t deadline_us,
		    uint64_t now_us)
{
	if (timer_source_start(timers, record, deadline_us, now_us))
		record->armed_us = deadline_us;
}

void flow_timer_cancel(struct flow_timers *timers, struct flow_record *record)
{
	if (record->armed_us != SNOOP_NEVER) {
		timer_source_stop(record);
		record->armed_us = SNOOP_NEVER;
	}
	if (record->due) {
		TAILQ_REMOVE(&timers->due, record, due_link);
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

	record->armed_us = SNOOP_NEVER;
	if (deadline_us == SNOOP_NEVER || record->due)
		return;
	if (deadline_us > timers->now_us) {
		flow_timer_arm(timers, record, deadline_us, timers->now_us);
		return;
	}
	record->due = true;
	TAILQ_INSERT_TAIL(&timers->due, record, due_link);
}

struct flow_record *flow_timers_pop(struct flow_timers *timers)
{
	struct flow_record *record = TAILQ_FIRST(&timers->due);

	if (record != NULL) {
		TAILQ_REMOVE(&timers->due, record, due_link);
		record->due = false;
	}
	return record;
}
