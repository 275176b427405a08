/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What a worker writes for the rooms above: plain data, without a function.
 *
 * struct worker_health: the worker's lcore is the only writer. Any thread may read a field,
 * atomically and a turn old; the control thread judges it (control/health.h).
 *
 * struct guard_station: part of an answer (queries.h), read by who asked; the guard
 * (control/guard.h) lets the stations vote with it.
 */
#ifndef SNOOPD_WORKER_REPORT_H
#define SNOOPD_WORKER_REPORT_H

#include <stdint.h>

#define HEALTH_STALL_US 100000u /* a worker that does not move for longer than this stalls */

/** Does the worker move, and how busy is it? */
struct worker_health {
	uint64_t turns;		  /* grows as long as the worker moves: its heartbeat */
	uint64_t busy_cycles;	  /* TSC cycles of turns that had packets */
	uint64_t cycles;	  /* TSC cycles since the worker started */
	uint64_t turn_cycles_max; /* of the longest turn */
	uint64_t stalls;	  /* that are over */
	uint64_t stall_cycles;	  /* length of the latest stall */
};

#define GUARD_STATIONS 256 /* votes; stations whose hashes collide share one */

/** What repairs achieved: sums over the flows in the table, by a keyed hash of their station. */
struct guard_station {
	uint64_t retransmits, spurious, confirmed;
};

#endif
