/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * How packets find the worker that owns their flow: by RSS if both ports prove that they can do it,
 * else by a hash that the receiving worker computes.
 *
 * Who runs here: the control thread. Order: ports_find(), steering_choose(), ports_configure(),
 * ports_start(), steering_establish(). If that falls back to software, the ports are configured and
 * started once more. It calls rss.h and handoff.h.
 */
#ifndef SNOOPD_STEERING_H
#define SNOOPD_STEERING_H

#include <stdint.h>

#include <config/config.h>
#include <snoopd/datapath/handoff.h>
#include <snoopd/bringup/ports.h>

struct steering {
	struct handoff_plan plan;
	struct handoff_plan fallback; /* equal to plan if there is none */
	char how[200];		      /* which RSS, or why not */
};

/**
 * Choose from what the ports claim.
 *
 * @param workers  1 to HANDOFF_WORKERS_MAX
 * @return 0, or -1 after one line on stderr: RSS is demanded and not possible.
 */
int steering_choose(struct steering *steering, const struct config *config,
		    const struct ports *ports, uint32_t workers);

/**
 * Set up RSS on started ports and verify it.
 *
 * @return 0; 1 if RSS does not work and the plan is now the fallback; -1 after one line on stderr
 * if it does not work but the configuration demands it.
 */
int steering_establish(struct steering *steering, const struct config *config,
		       const struct ports *ports);

/** @return rings that the plan or its fallback needs. */
uint32_t steering_rings(const struct steering *steering);

/** @return "rss", "software", or "none" with one worker. */
const char *steering_name(const struct steering *steering);

#endif
