/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The source of time-outs of the appliance: a timing wheel. Arming and disarming take the same few
 * instructions however many flows there are. A deadline beyond the wheel fires at its end and is
 * armed again there, as every deadline that has moved is.
 */
#include <flow/timer.h>

#define TICK_SHIFT 7	  /* a tick is 128 us */
#define FIRED_PER_RUN 64u /* the rest waits for the next run */

bool timer_source_start(struct flow_timers *timers, struct flow_record *record,
			uint64_t deadline_us, uint64_t now_us)
{
	uint64_t tick = (deadline_us >> TICK_SHIFT) + 1;

	/* Never into the slot that is being emptied, nor past it by a whole turn of the wheel. */
	tick = RTE_MAX(tick, timers->tick + 1);
	tick = RTE_MIN(tick, timers->tick + FLOW_TIMER_SLOTS - 1);
	timer_source_stop(record);
	LIST_INSERT_HEAD(&timers->slots[tick % FLOW_TIMER_SLOTS], record, timer_link);
	return true;
}

void timer_source_stop(struct flow_record *record)
{
	if (record->armed_us != SNOOP_NEVER)
		LIST_REMOVE(record, timer_link);
}

bool timer_source_run(struct flow_timers *timers, uint64_t now_us)
{
	uint64_t now_tick = now_us >> TICK_SHIFT;

	/* After a pause every slot is looked at once. */
	if (timers->tick + FLOW_TIMER_SLOTS < now_tick)
		timers->tick = now_tick - FLOW_TIMER_SLOTS;
	for (uint32_t fired = 0; fired < FIRED_PER_RUN;) {
		struct flow_record *record =
			LIST_FIRST(&timers->slots[timers->tick % FLOW_TIMER_SLOTS]);

		if (record != NULL) {
			LIST_REMOVE(record, timer_link);
			flow_timer_fired(timers, record);
			fired++;
		} else if (timers->tick < now_tick) {
			timers->tick++;
		} else {
			return false;
		}
	}
	return true;
}
