/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the control thread looks after while the workers forward: whether they move, the links, and
 * what systemd is told. The decisions are in files of their own (health.h), this is their glue.
 *
 * Control thread; telemetry and the HTTP thread read struct supervisor by way of link.h.
 */
#ifndef SNOOPD_MONITOR_H
#define SNOOPD_MONITOR_H

#include <stdint.h>

#include <snoopd/control/guard.h>
#include <snoopd/datapath/handoff.h>
#include <snoopd/control/health.h>
#include <snoopd/control/carrier.h>
#include <snoopd/bringup/ports.h>

struct worker;

struct supervisor {
	struct health health;
	struct worker *const *workers;
	struct ports *ports;
	struct carrier links;
	struct guard guard;
	uint64_t configured_us;	  /* of struct link, when the guard began or acted */
	enum snoop_level wanted;  /* the level that somebody chose */
	bool pressed[HANDOFF_WORKERS_MAX];
	uint64_t watchdog_us, fed_us; /* WATCHDOG=1: interval, 0 = none; when it was sent last */
	uint64_t second_us;	      /* when what is done once a second is due */
	char status[160];	      /* as systemd was told last */
};

/** The workers run. They and the ports outlive the supervisor. */
void supervisor_start(struct supervisor *supervisor, struct worker *const *workers, uint32_t worker_count,
		   struct ports *ports, uint64_t now_us);

/** Look at everything. A few times a second. */
void supervisor_tick(struct supervisor *supervisor, uint64_t now_us);

/** Undo what must not outlive the process. The ports are still open. */
void supervisor_stop(struct supervisor *supervisor);

#endif
