/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What a worker says of its own turns: whether it moves, and how busy it is.
 *
 * The worker's lcore is the only writer. Any thread may read a field, atomically and a turn old;
 * the control thread judges them (control/health.h).
 */
#ifndef SNOOPD_WORKER_HEALTH_H
#define SNOOPD_WORKER_HEALTH_H

#include <stdint.h>

#define HEALTH_STALL_US 100000u /* a worker that does not move for longer than this stalls */

struct worker_health {
	uint64_t turns;		  /* grows as long as the worker moves: its heartbeat */
	uint64_t busy_cycles;	  /* TSC cycles of turns that had packets */
	uint64_t cycles;	  /* TSC cycles since the worker started */
	uint64_t turn_cycles_max; /* of the longest turn */
	uint64_t stalls;	  /* that are over */
	uint64_t stall_cycles;	  /* length of the latest stall */
};

#endif
