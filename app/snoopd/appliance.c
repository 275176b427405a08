/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/appliance.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <rte_launch.h>
#include <rte_lcore.h>

#include <snoopd/appliance_log.h>
#include <snoopd/base/clock.h>
#include <snoopd/base/log.h>
#include <snoopd/bringup/lcores.h>
#include <snoopd/bringup/memory.h>
#include <snoopd/bringup/pool.h>
#include <snoopd/bringup/port_interfaces.h>
#include <snoopd/bringup/privileges.h>
#include <snoopd/control/link.h>
#include <snoopd/control/loop.h>
#include <snoopd/control/supervisor.h>
#include <snoopd/control/systemd.h>
#include <snoopd/control/timekeeper.h>
#include <snoopd/datapath/totals.h>
#include <snoopd/datapath/worker.h>
#include <snoopd/observe/http.h>

struct appliance {
	const struct config_links *configs;
	const struct config *config; /* of the first link: for what is the process's */
	const struct options *options;
	struct links *links;
	struct worker *workers[HANDOFF_WORKERS_MAX];
	uint32_t worker_count;
	int socket; /* where pool and tables go: the node of the first link */
	struct pool pool;
	FILE *stats; /* --stats-file, opened while root may */
	struct handoff *handoff[CONFIG_LINKS_MAX];
	struct memory_need memory;
	struct supervisor supervisor;
	struct clock_watch clock; /* until the supervisor has one */
	struct http_server *http;
	unsigned int lcores[HANDOFF_WORKERS_MAX];
};

static int choose_lcores(struct appliance *appliance)
{
	char error[512];

	if (lcores_choose(appliance->lcores, &appliance->worker_count) != 0)
		return -1;
	if (config_links_check_workers(appliance->configs, appliance->worker_count, error,
				       sizeof(error)) == 0)
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
static int create_worker(struct appliance *appliance, uint32_t index, uint64_t secret)
{
	struct worker_link_setup parts[CONFIG_LINKS_MAX];
	struct links *links = appliance->links;
	struct worker_setup setup = {
		.index = index,
		.lcore = appliance->lcores[index],
		.pool = appliance->pool.mempool,
		.segments_per_frame = appliance->pool.segments_per_frame,
		.socket = appliance->socket,
		.shares_cpu = lcores_share_cpu(appliance->lcores, appliance->worker_count, index),
		.secret = secret,
	};
	struct worker *worker;

	for (uint32_t i = 0; i < links->count; i++) {
		const struct config *config = appliance->configs->link[i];

		if (!config_link_served(config, index))
			continue;
		parts[i] = part_of(&links->link[i], config, links->link[i].worker_count);
		setup.link[i] = &parts[i];
	}
	memory_warn_remote(appliance->lcores[index], appliance->socket);
	worker = worker_create(&setup);
	if (worker == NULL)
		return -1;
	appliance->workers[index] = worker;
	for (uint32_t i = 0; i < links->count; i++)
		if (setup.link[i] != NULL)
			links->link[i].workers[links->link[i].worker_count++] = worker;
	return 0;
}

static int create_workers(struct appliance *appliance)
{
	uint64_t secret;

	if (getrandom(&secret, sizeof(secret), 0) != (ssize_t)sizeof(secret)) {
		log_error("getrandom: %s", strerror(errno));
		return -1;
	}
	for (uint32_t i = 0; i < appliance->worker_count; i++)
		if (create_worker(appliance, i, secret) != 0)
			return -1;
	return 0;
}

static int create_handoff(struct appliance *appliance, struct link *link)
{
	struct handoff *handoff =
		handoff_create(&link->steering.plan, link->number,
			       appliance->config->handoff_packets, appliance->socket);

	if (handoff == NULL) {
		memory_explain(&appliance->memory, appliance->socket);
		return -1;
	}
	appliance->handoff[link->number] = handoff;
	for (uint32_t i = 0; i < link->worker_count; i++)
		worker_link_join(link_part(link, i), handoff);
	return 0;
}

static int create_pool(struct appliance *appliance)
{
	struct pool_link users[CONFIG_LINKS_MAX];
	uint32_t count = appliance->links->count;
	struct pool *pool = &appliance->pool;

	for (uint32_t i = 0; i < count; i++) {
		struct link *link = &appliance->links->link[i];

		users[i] = (struct pool_link){appliance->configs->link[i], &link->ports,
					      &link->steering};
	}
	if (pool_size(pool, users, count) != 0)
		return -1;
	appliance->memory = memory_need_of(pool, users, count);
	if (memory_check(&appliance->memory, appliance->socket) != 0)
		return -1;
	if (pool_create(pool, appliance->socket) == 0)
		return 0;
	memory_explain(&appliance->memory, appliance->socket);
	return -1;
}

/* @return 0, or the exit status after one line on stderr. */
static int start_ports(struct appliance *appliance, struct link *link)
{
	const struct config *config = appliance->configs->link[link->number];
	struct ports *ports = &link->ports;
	struct rte_mempool *mempool = appliance->pool.mempool;
	int result;

	if (ports_start(ports, mempool) != 0)
		return EXIT_FAILURE;
	result = steering_establish(&link->steering, config, ports);
	if (result <= 0)
		return result < 0 ? EXIT_USAGE : 0;
	ports_stop(ports);
	if (ports_configure(ports, config, &link->steering.plan) != 0 ||
	    ports_start(ports, mempool) != 0)
		return EXIT_FAILURE;
	return 0;
}

/* Everything is open, root is given up: launch the workers, then what looks at them. */
static void launch_workers(struct appliance *appliance)
{
	struct supervisor *supervisor = &appliance->supervisor;
	struct links *links = appliance->links;

	for (uint32_t i = 0; i < links->count; i++)
		links->link[i].lost = appliance->configs->link[i]->lost;
	for (uint32_t i = 0; i < appliance->worker_count; i++)
		rte_eal_remote_launch(worker_main, appliance->workers[i], appliance->lcores[i]);
	supervisor_start(supervisor, links, appliance->workers, appliance->worker_count,
			 clock_monotonic_us());
	for (uint32_t i = 0; i < links->count; i++)
		link_attach(&links->link[i], appliance->configs->link[i], supervisor);
}

static int start_http(void *context)
{
	struct appliance *appliance = context;

	return http_server_start(&appliance->http, appliance->config, &appliance->links->link[0]);
}

static int stop_workers(struct appliance *appliance)
{
	int failed = 0;

	for (uint32_t i = 0; i < appliance->worker_count; i++)
		worker_stop(appliance->workers[i]);
	for (uint32_t i = 0; i < appliance->worker_count; i++)
		failed |= rte_eal_wait_lcore(appliance->lcores[i]) != 0;
	return failed;
}

static void close_ports(struct links *links)
{
	for (uint32_t i = 0; i < links->count; i++)
		ports_close(&links->link[i].ports);
}

/* "net_tap, net_pcap" */
static void name_drivers(const struct links *links, char *out, size_t out_bytes)
{
	size_t used = 0;

	for (uint32_t i = 0; i < links->count && used < out_bytes; i++)
		used += (size_t)snprintf(out + used, out_bytes - used, "%s%s, %s",
					 i > 0 ? ", " : "",
					 links->link[i].ports.port[SNOOP_WIRED].driver,
					 links->link[i].ports.port[SNOOP_WIRELESS].driver);
}

/* The workers let go of every packet, then the ports do; then the pool must be full. */
static int drain(struct appliance *appliance)
{
	int failed = stop_workers(appliance);
	struct counters sum;
	char drivers[256];
	uint32_t missing;

	totals_sum_all(&sum, appliance->workers, appliance->worker_count);
	if (appliance->stats != NULL)
		failed |= totals_write(&sum, appliance->stats, appliance->options->stats_path) != 0;
	appliance->stats = NULL;
	name_drivers(appliance->links, drivers, sizeof(drivers));
	close_ports(appliance->links);
	missing = pool_missing(&appliance->pool);
	appliance_log_end(&sum, missing, &appliance->pool);
	if (missing == 0)
		return failed;
	log_error("event=leak buffers=%u message=\"packet buffers did not come back: a leak, or a "
		  "peer of a port (%s) still holds them\"",
		  missing, drivers);
	return 1;
}

static int run(struct appliance *appliance)
{
	struct links *links = appliance->links;
	bool lost = false;
	int failed;

	launch_workers(appliance);
	failed = privileges_call_without(start_http, appliance) != 0;
	if (!failed) {
		for (uint32_t i = 0; i < links->count; i++)
			appliance_log_start(&links->link[i], &appliance->pool);
		systemd_ready();
		lost = !loop_run(links, &appliance->supervisor,
				 appliance->options->exit_when_idle_us);
	}
	systemd_stopping();
	supervisor_stop(&appliance->supervisor);
	http_server_stop(appliance->http);
	for (uint32_t i = 0; i < links->count; i++)
		link_detach(&links->link[i]);
	failed |= drain(appliance);
	/* A driver whose interface is gone may not give its buffers back: that is no other failure.
	 */
	if (lost)
		return EXIT_PORT_LOST;
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* @return 0, or the exit status after one line on stderr. */
static int configure_ports(struct appliance *appliance, struct link *link)
{
	const struct config *config = appliance->configs->link[link->number];
	uint32_t workers = config_link_workers(config, appliance->worker_count);
	int result = ports_find(&link->ports, config);

	if (result != 0)
		return result == -ENODEV ? EXIT_PORT_LOST : EXIT_USAGE;
	if (port_interfaces_take(&link->ports, config) != 0)
		return EXIT_FAILURE;
	if (steering_choose(&link->steering, config, &link->ports, workers) != 0 ||
	    ports_configure(&link->ports, config, &link->steering.plan) != 0)
		return EXIT_USAGE;
	return 0;
}

static int for_each_link(struct appliance *appliance,
			 int (*step)(struct appliance *appliance, struct link *link))
{
	int status = 0;

	for (uint32_t i = 0; i < appliance->links->count && status == 0; i++)
		status = step(appliance, &appliance->links->link[i]);
	return status;
}

/* @return 0, or the exit status after one line on stderr. */
static int bring_up(struct appliance *appliance)
{
	const char *stats_path = appliance->options->stats_path;
	struct links *links = appliance->links;
	int status;

	if (choose_lcores(appliance) != 0)
		return EXIT_USAGE;
	status = for_each_link(appliance, configure_ports);
	if (status != 0)
		return status;
	appliance->socket = links->link[0].ports.socket;
	if (stats_path != NULL) {
		appliance->stats = totals_open(stats_path);
		if (appliance->stats == NULL)
			return EXIT_FAILURE;
	}
	if (create_pool(appliance) != 0)
		return EXIT_FAILURE;
	timekeeper_settle(&appliance->clock);
	if (create_workers(appliance) != 0)
		return EXIT_FAILURE;
	status = for_each_link(appliance, start_ports);
	if (status != 0)
		return status;
	for (uint32_t i = 0; i < links->count; i++)
		privileges_keep_for(appliance->configs->link[i], &links->link[i].ports);
	if (for_each_link(appliance, create_handoff) != 0 ||
	    privileges_drop(appliance->config) != 0)
		return EXIT_FAILURE;
	return 0;
}

/* In reverse. Also after a bring_up() that failed half-way. */
static void take_down(struct appliance *appliance)
{
	struct links *links = appliance->links;

	if (appliance->stats != NULL)
		fclose(appliance->stats);
	close_ports(links);
	for (uint32_t i = 0; i < links->count; i++)
		port_interfaces_release(&links->link[i].ports);
	for (uint32_t i = 0; i < appliance->worker_count; i++)
		if (appliance->workers[i] != NULL)
			worker_destroy(appliance->workers[i]);
	for (uint32_t i = 0; i < links->count; i++)
		handoff_free(appliance->handoff[i]);
	pool_free(&appliance->pool);
}

int appliance_run(struct links *links, const struct config_links *configs,
		  const struct options *options)
{
	static struct appliance appliance;
	int status;

	appliance.links = links;
	appliance.configs = configs;
	appliance.config = configs->link[0];
	appliance.options = options;
	timekeeper_start(&appliance.clock);
	status = bring_up(&appliance);
	if (status == 0)
		status = run(&appliance);
	take_down(&appliance);
	return status;
}
