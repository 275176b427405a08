/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Does every worker move, how busy is it, and what do links carry? Pure: what a worker says of
 * itself goes in with the time; what to log, and whether to feed systemd's watchdog, comes out.
 *
 * Who runs here: the control thread looks at each worker's struct worker_health a few times a
 * second and owns struct health. Any thread may read that; it is as old as the last look.
 */
#ifndef SNOOPD_HEALTH_H
#define SNOOPD_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include <snoopd/datapath/worker_report.h>

#define HEALTH_WINDOW_US 1000000u /* what the busy share is of, at least */
#define HEALTH_WORKERS_MAX 32

enum health_event {
	HEALTH_STEADY,
	HEALTH_STUCK,	/* it has started to stall; reported once */
	HEALTH_STALLED, /* it stalled since the last look, and moves again */
};

struct health_worker {
	uint64_t turns, stalls; /* as last seen */
	uint64_t moved_us;	/* when turns was last seen to grow */
	uint64_t fed_turns;	/* turns at the last health_all_moved() */
	uint64_t window_us;	/* start of the window of the busy share, and values then: */
	uint64_t cycles, busy_cycles;
	uint32_t busy_permille; /* in the last full window */
	bool stuck;
};

struct health {
	uint32_t count;
	struct health_worker worker[HEALTH_WORKERS_MAX];
};

/** What a link has sent to either side, by enum snoop_side. */
struct health_load {
	uint64_t window_us; /* start of the window, and bytes sent until then: */
	uint64_t bytes[2];
	uint64_t bits_per_s[2]; /* in the last full window */
};

void health_init(struct health *health, uint32_t workers, uint64_t now_us);

/** Look at one worker. @return what to log. */
enum health_event health_look(struct health *health, uint32_t worker,
			      const struct worker_health *now, uint64_t now_us);

/**
 * Look at what a link has sent since it started.
 *
 * @param bytes  by enum snoop_side
 */
void health_load(struct health_load *load, const uint64_t bytes[2], uint64_t now_us);

/** @return true if every worker has moved since the last call that returned true. */
bool health_all_moved(struct health *health);

/** @return how many workers are stuck. */
uint32_t health_stuck(const struct health *health);

#endif
