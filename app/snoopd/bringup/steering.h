/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * How packets find the worker that owns their flow: RSS where both ports prove that they do it,
 * else the receiving worker's own hash.
 *
 * Control thread. Order: ports_find(), steering_choose(), ports_configure(), ports_start(),
 * steering_establish(); where that falls back to software the ports are configured and started
 * once more.
 */
#ifndef SNOOPD_DISTRIBUTION_H
#define SNOOPD_DISTRIBUTION_H

#include <stdint.h>

#include <config/config.h>
#include <snoopd/datapath/handoff.h>
#include <snoopd/bringup/ports.h>

struct steering {
	struct handoff_plan plan;
	struct handoff_plan fallback; /* the same as plan where there is none */
	char how[200];		      /* which RSS, or why not */
};

/**
 * Choose by what the ports say of themselves.
 *
 * @param workers  1 to HANDOFF_WORKERS_MAX
 * @return 0, or -1 after one line on stderr: RSS is demanded and not possible.
 */
int steering_choose(struct steering *distribution, const struct config *config,
			const struct ports *ports, uint32_t workers);

/**
 * Put RSS into effect on started ports and verify it.
 *
 * @return 0; 1 if it does not work and the plan is the fallback now; -1 after one line on stderr if
 * it does not work and is demanded.
 */
int steering_establish(struct steering *distribution, const struct config *config,
			   const struct ports *ports);

/** Rings that the plan may need, the fallback included. */
uint32_t steering_rings(const struct steering *distribution);

/** "rss", "software", or "none" with one worker. */
const char *steering_name(const struct steering *distribution);

#endif
