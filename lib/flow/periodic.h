/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Jobs that a worker does periodically: the tick of its flow timers, ageing, housekeeping.
 *
 * In the appliance each job is an rte_timer in the list of the worker's own lcore: the worker
 * starts and stops its jobs, and calls rte_timer_manage() in every turn. While nothing is due, that
 * costs one reading of the TSC and a comparison. A harness has a clock of its own and calls
 * periodic_run_due() instead. Both run the same jobs.
 *
 * rte_timer drives a few jobs per worker and not a timer per flow: its lists are skip lists, where
 * moving a timer takes time that grows with the number of timers. The flow timers are on a wheel
 * (timer.h), which a job ticks; `snoopd-bench --timers` compares the two.
 */
#ifndef FLOW_PERIODIC_H
#define FLOW_PERIODIC_H

#include <stdint.h>

#include <rte_timer.h>

struct periodic {
	/* Constant after periodic_init(). */
	void (*run)(void *owner);
	void *owner;
	uint32_t period_us;

	/* By whoever runs the jobs: the owner's lcore, or a harness. */
	uint64_t next_us; /* by the harness's clock */
	struct rte_timer
		timer; /* the EAL's; pending between periodic_start() and periodic_stop() */
};

/** Control thread. @return 0, or a negative errno value where rte_timer has no memory. */
int periodic_subsystem_init(void);
/** Control thread: once for each successful periodic_subsystem_init(). */
void periodic_subsystem_free(void);

/** Control thread. The job is due at once by a harness's clock. */
void periodic_init(struct periodic *job, uint32_t period_us, void (*run)(void *owner), void *owner);

/**
 * On the owner's lcore: rte_timer_manage() on this lcore runs the job from now on.
 *
 * @param tsc_hz  frequency of the TSC, by which rte_timer goes; to change it stop and start again
 */
void periodic_start(struct periodic *job, uint64_t tsc_hz);

/** On the same lcore: no more. */
void periodic_stop(struct periodic *job);

/** A harness: run the job if it is due at now_us. */
static inline void periodic_run_due(struct periodic *job, uint64_t now_us)
{
	if (now_us < job->next_us)
		return;
	job->next_us = now_us + job->period_us;
	job->run(job->owner);
}

#endif
