/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The source of time-outs of the appliance: a timing wheel. Arming and disarming take the same few
 * instructions however many flows there are. A deadline beyond the wheel fires at its end and is
 * armed again there, as every deadline that has moved is.
 */
#include <flow/timer.h>

#define TICK_SHIFT 7	  /* a tick is 128 us */

/* Fired in one run: few, as packets wait meanwhile, and more with every tick that the wheel is late. The rest waits for
 * the next run. */
#define FIRED_MIN 2u
#define FIRED_MAX 64u

static struct flow_record_list *slot_of(struct flow_timers *timers, uint64_t tick)
{
	return &timers->slots[tick % FLOW_TIMER_SLOTS];
}

uint64_t timer_source_start(struct flow_timers *timers, struct flow_record *record,
			    uint64_t deadline_us, uint64_t now_us)
{
	uint64_t tick = (deadline_us >> TICK_SHIFT) + 1;

	/* Never into the slot that is being emptied, nor past it by a whole turn of the wheel. */
	tick = RTE_MAX(tick, timers->tick + 1);
	tick = RTE_MIN(tick, timers->tick + FLOW_TIMER_SLOTS - 1);
	timer_source_stop(timers, record);
	flow_record_list_append(timers->records, slot_of(timers, tick), record);
	return tick << TICK_SHIFT;
}

void timer_source_stop(struct flow_timers *timers, struct flow_record *record)
{
	if (record->armed)
		flow_record_list_remove(timers->records,
					slot_of(timers, record->armed_us >> TICK_SHIFT), record);
}

bool timer_source_run(struct flow_timers *timers, uint64_t now_us)
{
	uint64_t now_tick = now_us >> TICK_SHIFT, late, limit;

	/* After a pause every slot is looked at once. */
	if (timers->tick + FLOW_TIMER_SLOTS < now_tick)
		timers->tick = now_tick - FLOW_TIMER_SLOTS;
	late = now_tick - RTE_MIN(timers->tick, now_tick);
	limit = RTE_MIN(FIRED_MIN + FIRED_MIN * late, FIRED_MAX);
	for (uint64_t fired = 0; fired < limit;) {
		struct flow_record_list *slot = slot_of(timers, timers->tick);
		struct flow_record *record = flow_record_list_first(timers->records, slot);

		if (record != NULL) {
			flow_record_list_remove(timers->records, slot, record);
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
