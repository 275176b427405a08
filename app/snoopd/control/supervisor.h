/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the control thread looks at while the workers of a link forward: whether they move, the
 * carriers, the cache, whether repairs help; and what systemd is told. The decisions are pure and
 * have files of their own (health.h, carrier_policy.h, guard.h); this is their glue.
 *
 * Who runs here: the control thread. It reads what the workers publish and writes struct
 * supervisor. It calls link.h, apply.h, carrier.h, systemd.h and what is below them.
 */
#ifndef SNOOPD_SUPERVISOR_H
#define SNOOPD_SUPERVISOR_H

#include <stdint.h>

#include <config/links.h>
#include <snoopd/base/clock_watch.h>
#include <snoopd/control/carrier.h>
#include <snoopd/control/checksums.h>
#include <snoopd/control/guard.h>
#include <snoopd/control/health.h>
#include <snoopd/control/interfaces.h>
#include <snoopd/control/port_watch.h>
#include <snoopd/datapath/handoff.h>

struct link;
struct links;

/** What is looked at of one link. Written by the control thread. */
struct supervised {
	struct link *link;
	/* Written under the link's lock, read under it. */
	struct guard guard;

	struct port_watch watch;
	struct carrier carrier;
	struct interfaces interfaces;
	struct health_load load;	     /* read atomically */
	struct checksums_watch checksums[2]; /* by enum snoop_side */
	uint64_t configured_us;		     /* of the link, when the guard started or acted */
	enum snoop_level wanted;	     /* the level that an operator chose */
	bool pressed[HANDOFF_WORKERS_MAX];
};

/** Written by the control thread. Other threads read three fields, by way of struct link. */
struct supervisor {
	/* Written without a lock: a reader sees each number as of one of the last looks. */
	struct health health; /* by index of the worker in the process */

	struct worker *const *workers; /* of the process */
	uint32_t link_count;
	struct supervised link[CONFIG_LINKS_MAX]; /* by number */
	struct clock_watch clock;
	uint32_t standbys;	      /* ready to take over; other threads read it atomically */
	uint64_t watchdog_us, fed_us; /* WATCHDOG=1: interval, 0 = none; when it was sent last */
	uint64_t second_us;	      /* when the once-a-second looks are due */
	char status[160];	      /* as systemd was told last */
};

/**
 * The workers run. Links and workers outlive the supervisor.
 *
 * @param workers  all of the process, worker_count of them
 */
void supervisor_start(struct supervisor *supervisor, struct links *links,
		      struct worker *const *workers, uint32_t worker_count, uint64_t now_us);

/**
 * Look at everything. Call it a few times a second.
 *
 * @return false if a port is gone and snoopd has to end for that.
 */
bool supervisor_tick(struct supervisor *supervisor, uint64_t now_us);

/** Undo what must not outlive the process. The ports are still open. */
void supervisor_stop(struct supervisor *supervisor);

#endif
