/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/appliance.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <snoopd/appliance_log.h>
#include <snoopd/base/clock.h>
#include <snoopd/base/log.h>
#include <snoopd/bringup/memory.h>
#include <snoopd/bringup/pool.h>
#include <snoopd/bringup/port_checks.h>
#include <snoopd/bringup/port_interfaces.h>
#include <snoopd/bringup/port_switch.h>
#include <snoopd/bringup/privileges.h>
#include <snoopd/control/handover.h>
#include <snoopd/control/link.h>
#include <snoopd/control/loop.h>
#include <snoopd/control/standby.h>
#include <snoopd/control/supervisor.h>
#include <snoopd/control/systemd.h>
#include <snoopd/control/timekeeper.h>
#include <snoopd/datapath/totals.h>
#include <snoopd/datapath/worker.h>
#include <snoopd/observe/http.h>
#include <snoopd/worker_set.h>

/* How long the workers may forward what has arrived: where nothing more does, and where it does. */
#define EMPTY_US CLOCK_US_PER_S
#define EMPTY_LATE_US 2000

struct appliance {
	const struct config_links *configs;
	const struct config *config; /* of the first link: for what is the process's */
	const struct options *options;
	struct links *links;
	struct worker_set workers;
	int socket; /* where pool and tables go: the node of the first link */
	struct standby *standby;
	struct handover handover;
	struct pool pool;
	FILE *stats; /* --stats-file, opened while root may */
	struct handoff *handoff[CONFIG_LINKS_MAX];
	struct memory_need memory;
	bool handed; /* to a standby */
	bool left;   /* by whoever looks at the link */
	struct supervisor supervisor;
	struct clock_watch clock; /* until the supervisor has one */
	struct http_server *http;
};

static int create_handoff(struct appliance *appliance, struct link *link)
{
	const struct config *config = appliance->configs->link[link->number];
	struct handoff *handoff = handoff_create(&link->steering.plan, link->number,
						 config->handoff_packets, appliance->socket);

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
	worker_set_launch(&appliance->workers);
	standby_forwards(appliance->standby);
	supervisor_start(supervisor, links, appliance->workers.worker, appliance->workers.count,
			 clock_monotonic_us());
	for (uint32_t i = 0; i < links->count; i++)
		link_attach(&links->link[i], appliance->configs->link[i], supervisor);
}

static int start_http(void *context)
{
	struct appliance *appliance = context;

	return http_server_start(&appliance->http, appliance->config, appliance->links);
}

/* Nobody looks at the links any more. */
static void leave(struct appliance *appliance)
{
	if (appliance->left)
		return;
	appliance->left = true;
	supervisor_stop(&appliance->supervisor);
	http_server_stop(appliance->http);
	for (uint32_t i = 0; i < appliance->links->count; i++)
		link_detach(&appliance->links->link[i]);
}

static void close_ports(struct links *links)
{
	for (uint32_t i = 0; i < links->count; i++)
		ports_close(&links->link[i].ports);
}

/* Only one process can have the ports: the standby opens them when they are free. */
static void give_ports(struct appliance *appliance)
{
	struct links *links = appliance->links;

	leave(appliance);
	worker_set_stop(&appliance->workers);
	close_ports(links);
	for (uint32_t i = 0; i < links->count; i++)
		port_interfaces_release(&links->link[i].ports);
}

/*
 * If a standby is there, it forwards from now on, without a gap.
 *
 * @return false where none is, or none answers: this process is as it was.
 */
static bool hand_over(struct appliance *appliance)
{
	const struct port_switch *ports = &appliance->handover.ports_switch;
	struct handover_peer *peer = handover_begin(&appliance->handover);
	uint64_t since_us;
	bool sent = false;

	if (peer == NULL)
		return false;
	if (!peer->late && port_switch_shut(ports) != 0) {
		handover_refuse(&appliance->handover, peer, "the ports cannot be given to it");
		return false;
	}
	worker_set_empty(&appliance->workers, peer->late ? EMPTY_LATE_US : EMPTY_US);
	since_us = clock_monotonic_us();
	if (peer->late)
		give_ports(appliance);
	else
		sent = port_switch_flush(ports);
	if (handover_go(&appliance->handover, peer, since_us) != 0)
		return true;
	log_line("event=handover pid=%d state=handed sent=%s", peer->pid, sent ? "all" : "part");
	systemd_main_pid(peer->pid);
	appliance->handed = true;
	return true;
}

/* Until this process is to end. @return whether it gave its ports away, to whom they should go. */
static bool forward(struct appliance *appliance, enum loop_end *end)
{
	for (;;) {
		*end = loop_run(appliance->links, &appliance->supervisor, &appliance->handover,
				appliance->options->exit_when_idle_us);
		if (hand_over(appliance))
			return true;
		if (*end != LOOP_ASKED)
			return false;
		log_warning("event=handover state=refused message=\"what asked to take over does "
			    "not answer: this process goes on\"");
	}
}

/* A driver does not give all buffers back: then what is missing says nothing. */
static bool keeps_buffers(const struct links *links)
{
	for (uint32_t i = 0; i < links->count; i++)
		for (int side = 0; side < 2; side++)
			if (links->link[i].ports.port[side].traits->flags & DRIVER_KEEPS_BUFFERS)
				return true;
	return false;
}

/* The workers let go of every packet, then the ports do; then the pool must be full. */
static int drain(struct appliance *appliance)
{
	int failed = worker_set_stop(&appliance->workers);
	struct counters sum;
	uint32_t missing;

	totals_sum_all(&sum, appliance->workers.worker, appliance->workers.count);
	if (appliance->stats != NULL)
		failed |= totals_write(&sum, appliance->stats, appliance->options->stats_path) != 0;
	appliance->stats = NULL;
	close_ports(appliance->links);
	missing = pool_missing(&appliance->pool);
	appliance_log_end(&sum, missing, &appliance->pool);
	if (missing == 0 || keeps_buffers(appliance->links))
		return failed;
	appliance_log_leak(appliance->links, missing);
	return 1;
}

/* The standby has become what the other process was. @return 0, or -1 after one line on stderr. */
static int settle(struct appliance *appliance)
{
	struct links *links = appliance->links;

	if (!standby_settle(appliance->standby))
		return 0;
	for (uint32_t i = 0; i < links->count; i++)
		if (port_interfaces_claim(&links->link[i].ports) != 0)
			return -1;
	return 0;
}

static int run(struct appliance *appliance)
{
	struct links *links = appliance->links;
	enum loop_end end = LOOP_STOPPED;
	int failed;

	launch_workers(appliance);
	failed = settle(appliance) != 0 || privileges_call_without(start_http, appliance) != 0;
	if (!failed) {
		for (uint32_t i = 0; i < links->count; i++)
			appliance_log_start(&links->link[i], &appliance->pool);
		systemd_ready();
		for (uint32_t i = 0; i < links->count; i++)
			port_switch_add(&appliance->handover.ports_switch, &links->link[i].ports);
		handover_start(&appliance->handover, appliance->standby->listener);
		if (forward(appliance, &end))
			failed = !appliance->handed;
	}
	if (!appliance->handed)
		systemd_stopping();
	leave(appliance);
	failed |= drain(appliance);
	/* A driver whose interface is gone may not give its buffers back: that is no other failure.
	 */
	if (end == LOOP_PORT_LOST)
		return EXIT_PORT_LOST;
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* @return 0, or the exit status after one line on stderr. */
static int configure_ports(struct appliance *appliance, struct link *link)
{
	const struct config *config = appliance->configs->link[link->number];
	uint32_t workers = config_link_workers(config, appliance->workers.count);
	int result = ports_find(&link->ports, config);

	if (result != 0)
		return result == -ENODEV ? EXIT_PORT_LOST : EXIT_USAGE;
	for (uint32_t i = 0; i < link->number; i++)
		if (port_check_links(&link->ports, config, &appliance->links->link[i].ports,
				     appliance->configs->link[i]) != 0)
			return EXIT_USAGE;
	if (appliance->standby->connection >= 0 && !appliance->standby->late)
		link->ports.beside = appliance->standby->pid;
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

	if (worker_set_choose(&appliance->workers, appliance->configs) != 0)
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
	if (worker_set_create(&appliance->workers, links, appliance->configs, &appliance->pool,
			      appliance->socket) != 0)
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
	worker_set_destroy(&appliance->workers);
	for (uint32_t i = 0; i < links->count; i++)
		handoff_free(appliance->handoff[i]);
	pool_free(&appliance->pool);
}

int appliance_run(struct links *links, const struct config_links *configs,
		  const struct options *options, struct standby *standby)
{
	static struct appliance appliance;
	enum standby_end end;
	int status;

	appliance.links = links;
	appliance.configs = configs;
	appliance.config = configs->link[0];
	appliance.options = options;
	appliance.standby = standby;
	timekeeper_start(&appliance.clock);
	end = standby_wait_late(standby);
	status = end == STANDBY_FORWARDS ? bring_up(&appliance) : EXIT_SUCCESS;
	if (end == STANDBY_FORWARDS && status == 0) {
		for (uint32_t i = 0; i < links->count; i++)
			port_switch_add(&standby->ports_switch, &links->link[i].ports);
		end = standby_wait(standby);
		status = end == STANDBY_FORWARDS ? run(&appliance) : EXIT_SUCCESS;
	}
	take_down(&appliance);
	return end == STANDBY_FAILED ? EXIT_FAILURE : status;
}
