/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/worker_set.h>

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <rte_launch.h>
#include <rte_pause.h>

#include <snoopd/base/clock.h>
#include <snoopd/base/log.h>
#include <snoopd/bringup/lcores.h>
#include <snoopd/bringup/memory.h>
#include <snoopd/control/link.h>
#include <snoopd/datapath/worker.h>

int worker_set_choose(struct worker_set *set, const struct config_links *configs)
{
	char error[512];

	if (lcores_choose(set->lcore, &set->count) != 0)
		return -1;
	if (config_links_check_workers(configs, set->count, error, sizeof(error)) == 0)
		return 0;
	log_error("%s", error);
	return -1;
}

static struct worker_link_setup part_of(const struct link *link, const struct config *config,
					uint32_t rank)
{
	struct worker_link_setup part = {
		.config = config,
		.workers = link->steering.plan.workers,
		.rank = rank,
	};

	for (int side = 0; side < 2; side++) {
		part.port[side].port_id = link->ports.port[side].id;
		part.port[side].queue_id = (uint16_t)rank;
		part.port[side].sharing = link->ports.port[side].traits->sharing;
		part.port[side].carriage = &link->ports.port[side].carriage;
	}
	return part;
}

/* The worker enters the links that it serves, as the next of their workers. */
static int create_worker(struct worker_set *set, uint32_t index, struct links *links,
			 const struct config_links *configs, const struct worker_setup *base)
{
	struct worker_link_setup parts[CONFIG_LINKS_MAX];
	struct worker_setup setup = *base;
	struct worker *worker;

	setup.index = index;
	setup.lcore = set->lcore[index];
	setup.shares_cpu = lcores_share_cpu(set->lcore, set->count, index);
	for (uint32_t i = 0; i < links->count; i++) {
		const struct config *config = configs->link[i];

		if (!config_link_served(config, index))
			continue;
		parts[i] = part_of(&links->link[i], config, links->link[i].worker_count);
		setup.link[i] = &parts[i];
	}
	memory_warn_remote(setup.lcore, setup.socket);
	worker = worker_create(&setup);
	if (worker == NULL)
		return -1;
	set->worker[index] = worker;
	for (uint32_t i = 0; i < links->count; i++)
		if (setup.link[i] != NULL)
			links->link[i].workers[links->link[i].worker_count++] = worker;
	return 0;
}

int worker_set_create(struct worker_set *set, struct links *links,
		      const struct config_links *configs, const struct pool *pool, int socket)
{
	struct worker_setup setup = {
		.pool = pool->mempool,
		.segments_per_frame = pool->segments_per_frame,
		.socket = socket,
	};

	if (getrandom(&setup.secret, sizeof(setup.secret), 0) != (ssize_t)sizeof(setup.secret)) {
		log_error("getrandom: %s", strerror(errno));
		return -1;
	}
	for (uint32_t i = 0; i < set->count; i++)
		if (create_worker(set, i, links, configs, &setup) != 0)
			return -1;
	return 0;
}

void worker_set_launch(const struct worker_set *set)
{
	for (uint32_t i = 0; i < set->count; i++)
		rte_eal_remote_launch(worker_main, set->worker[i], set->lcore[i]);
}

int worker_set_stop(const struct worker_set *set)
{
	int failed = 0;

	for (uint32_t i = 0; i < set->count; i++)
		worker_stop(set->worker[i], WORKER_STOPS);
	for (uint32_t i = 0; i < set->count; i++)
		failed |= rte_eal_wait_lcore(set->lcore[i]);
	return failed != 0 ? -1 : 0;
}

void worker_set_empty(const struct worker_set *set, uint64_t limit_us)
{
	uint64_t end_us = clock_monotonic_us() + limit_us;

	for (uint32_t i = 0; i < set->count; i++)
		worker_stop(set->worker[i], WORKER_EMPTIES);
	for (uint32_t i = 0; i < set->count; i++)
		while (!worker_is_empty(set->worker[i]) && clock_monotonic_us() < end_us)
			rte_pause();
}

void worker_set_destroy(struct worker_set *set)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (set->worker[i] != NULL)
			worker_destroy(set->worker[i]);
}
