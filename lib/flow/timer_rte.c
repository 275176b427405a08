/* SPDX-License-Identifier: BSD-3-Clause */
/* The source of time-outs of the appliance: rte_timer, which reads the TSC by itself. */
#include <flow/timer.h>

#include <rte_cycles.h>
#include <rte_lcore.h>

#define US_PER_SECOND 1000000u

int timer_source_init(void)
{
	return rte_timer_subsystem_init();
}

static void fired(struct rte_timer *timer, void *timers)
{
	flow_timer_fired(timers, container_of(timer, struct flow_record, timer));
}

/*
 * Fails only while another lcore has the timer in its hands, or while a callback other than the
 * timer's own is running: neither happens here, and the next packet of the flow would try again.
 */
bool timer_source_start(struct flow_timers *timers, struct flow_record *record,
			uint64_t deadline_us, uint64_t now_us)
{
	uint64_t delay_us = deadline_us > now_us ? deadline_us - now_us : 0;
	uint64_t ticks = delay_us * rte_get_timer_hz() / US_PER_SECOND + 1;

	return rte_timer_reset(&record->timer, ticks, SINGLE, rte_lcore_id(), fired, timers) == 0;
}

void timer_source_stop(struct flow_record *record)
{
	rte_timer_stop(&record->timer);
}

void timer_source_run(struct flow_timers *timers, uint64_t now_us)
{
	rte_timer_manage();
}
