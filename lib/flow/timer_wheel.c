/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The appliance's source of time-outs: a timing wheel. Arming and disarming take the same few
 * instructions however many flows there are. The timer of a deadline beyond the wheel fires at the
 * wheel's end and is armed again, as is every timer whose deadline has moved.
 */
#include <flow/timer.h>

#define TICK_SHIFT 7 /* a tick is 128 us */

/* How many timers fire in one run: few, because packets wait meanwhile, and more with every tick
 * that the wheel is late. The others wait for the next run. */
#define FIRED_MIN 4u
#define FIRED_MAX 64u

static struct flow_record_list *slot_of(struct flow_timers *timers, uint64_t tick)
{
	return &timers->slots[tick % FLOW_TIMER_SLOTS];
}

/* The first tick that is certainly after a time. */
static uint64_t tick_after(uint64_t time_us)
{
	return (time_us >> TICK_SHIFT) + 1;
}

/* Of an armed record's tick only the bits that armed_us has are known. */
static bool is_armed_by(const struct flow_record *record, uint64_t tick)
{
	uint32_t ahead = (uint32_t)tick - (uint32_t)tick_after(record->armed_us);

	return record->armed && (int32_t)(ahead << TICK_SHIFT) >= 0;
}

bool timer_source_start(struct flow_timers *timers, struct flow_record *record,
			uint64_t deadline_us, uint64_t now_us)
{
	uint64_t tick = tick_after(deadline_us);

	/* Never into the slot that is being emptied, nor past it by a whole turn of the wheel. */
	tick = RTE_MAX(tick, timers->tick + 1);
	tick = RTE_MIN(tick, timers->tick + FLOW_TIMER_SLOTS - 1);
	/* One that is late stays where it is, or it would be put off with every packet. */
	if (is_armed_by(record, tick))
		return true;
	timer_source_stop(timers, record);
	flow_record_list_append(timers->records, slot_of(timers, tick), record);
	/* The deadline where it lies within the tick before. */
	deadline_us = RTE_MAX(deadline_us, (tick - 1) << TICK_SHIFT);
	record->armed_us = (uint32_t)RTE_MIN(deadline_us, (tick << TICK_SHIFT) - 1);
	return true;
}

void timer_source_stop(struct flow_timers *timers, struct flow_record *record)
{
	if (record->armed)
		flow_record_list_remove(timers->records,
					slot_of(timers, tick_after(record->armed_us)), record);
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
