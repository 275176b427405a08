/* SPDX-License-Identifier: BSD-3-Clause */
#include <flow/periodic.h>

#include <errno.h>

#include <rte_cycles.h>
#include <rte_lcore.h>

static unsigned int users; /* of rte_timer, which counts processes only */

int periodic_subsystem_init(void)
{
	int result = users > 0 ? 0 : rte_timer_subsystem_init();

	if (result == -EALREADY) /* by somebody else in this process */
		result = 0;
	users += result == 0;
	return result;
}

void periodic_subsystem_free(void)
{
	if (--users == 0)
		rte_timer_subsystem_finalize();
}

void periodic_init(struct periodic *job, uint32_t period_us, void (*run)(void *owner), void *owner)
{
	*job = (struct periodic){.run = run, .owner = owner, .period_us = period_us};
	rte_timer_init(&job->timer);
}

static void fired(struct rte_timer *timer, void *argument)
{
	struct periodic *job = argument;

	job->run(job->owner);
}

void periodic_start(struct periodic *job, uint64_t tsc_hz)
{
	uint64_t ticks = tsc_hz / US_PER_S * job->period_us;

	rte_timer_reset_sync(&job->timer, ticks, PERIODICAL, rte_lcore_id(), fired, job);
}

void periodic_stop(struct periodic *job)
{
	rte_timer_stop_sync(&job->timer);
}
