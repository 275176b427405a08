/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The workers of the process, each on its lcore, with the links that they serve.
 *
 * Who runs here: the control thread.
 */
#ifndef SNOOPD_WORKER_SET_H
#define SNOOPD_WORKER_SET_H

#include <stdint.h>

#include <config/links.h>
#include <snoopd/bringup/pool.h>
#include <snoopd/datapath/handoff.h>

struct links;
struct worker;

/** All zero is empty. */
struct worker_set {
	struct worker *worker[HANDOFF_WORKERS_MAX];
	unsigned int lcore[HANDOFF_WORKERS_MAX];
	uint32_t count;
};

/** Choose the lcores. @return 0, or -1 after one line on stderr: they do not fit the EAL or the
 * links. */
int worker_set_choose(struct worker_set *set, const struct config_links *configs);

/**
 * Make the workers, and enter each into the links that it serves, whose ports are configured.
 *
 * @return 0, or -1 after one line on stderr; what was made is in the set.
 */
int worker_set_create(struct worker_set *set, struct links *links,
		      const struct config_links *configs, const struct pool *pool, int socket);

void worker_set_launch(const struct worker_set *set);

/** Stop them and wait. @return 0, or -1 if one failed. */
int worker_set_stop(const struct worker_set *set);

/** Everything that has arrived is forwarded, and they sleep until worker_set_stop(); or the time is
 * over. */
void worker_set_empty(const struct worker_set *set, uint64_t limit_us);

/** They do not run. */
void worker_set_destroy(struct worker_set *set);

#endif
