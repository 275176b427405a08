/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/appliance.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_pause.h>

#include <snoopd/appliance_log.h>
#include <snoopd/base/clock.h>
#include <snoopd/base/log.h>
#include <snoopd/bringup/memory.h>
#include <snoopd/bringup/pool.h>
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

/* How long the workers may forward what has arrived: where nothing more does, and where it does. */
#define EMPTY_US CLOCK_US_PER_S
#define EMPTY_LATE_US 2000

struct appliance {
	const struct config *config;
	const struct options *options;
	struct standby *standby;
	struct handover handover;
	struct link *link;
	struct pool pool;
	FILE *stats; /* --stats-file, opened while root may */
	struct handoff *handoff;
	struct memory_need memory;
	bool handed; /* to a standby */
	bool left;   /* by whoever looks at the link */
	struct supervisor supervisor;
	struct clock_watch clock; /* until the supervisor has one */
	struct http_server *http;
	unsigned int lcores[HANDOFF_WORKERS_MAX];
};

static int choose_lcores(struct appliance *appliance)
{
	unsigned int lcore = rte_get_next_lcore(UINT_MAX, 1, 0);
	struct link *link = appliance->link;

	if (rte_lcore_count() < 2) {
		log_error("the EAL has one lcore, but snoopd needs two: the first controls, the "
			  "second forwards; give two, for example -l 0,1");
		return -1;
	}
	if (rte_lcore_count() - 1 > HANDOFF_WORKERS_MAX) {
		log_error("the EAL has %u lcores, but snoopd takes at most %u: one that controls "
			  "and %u that forward",
			  rte_lcore_count(), HANDOFF_WORKERS_MAX + 1, HANDOFF_WORKERS_MAX);
		return -1;
	}
	while (lcore < RTE_MAX_LCORE) {
		appliance->lcores[link->worker_count++] = lcore;
		lcore = rte_get_next_lcore(lcore, 1, 0);
	}
	return 0;
}

/* May another worker run on the CPU that this one polls? */
static bool shares_cpu(const struct appliance *appliance, uint32_t worker)
{
	rte_cpuset_t own = rte_lcore_cpuset(appliance->lcores[worker]);

	for (uint32_t i = 0; i < appliance->link->worker_count; i++) {
		rte_cpuset_t other = rte_lcore_cpuset(appliance->lcores[i]);

		CPU_AND(&other, &other, &own);
		if (i != worker && CPU_COUNT(&other) > 0)
			return true;
	}
	return false;
}

static int create_workers(struct appliance *appliance)
{
	struct link *link = appliance->link;
	uint64_t secret;

	if (getrandom(&secret, sizeof(secret), 0) != (ssize_t)sizeof(secret)) {
		log_error("getrandom: %s", strerror(errno));
		return -1;
	}
	for (uint32_t i = 0; i < link->worker_count; i++) {
		struct worker_setup setup = {
			.index = i,
			.lcore = appliance->lcores[i],
			.workers = link->worker_count,
			.config = appliance->config,
			.pool = appliance->pool.mempool,
			.segments_per_frame = appliance->pool.segments_per_frame,
			.socket = link->ports.socket,
			.shares_cpu = shares_cpu(appliance, i),
			.secret = secret,
		};

		for (int side = 0; side < 2; side++) {
			setup.port[side].port_id = link->ports.port[side].id;
			setup.port[side].queue_id = (uint16_t)i;
			setup.port[side].sharing = link->ports.port[side].traits->sharing;
			setup.port[side].carriage = &link->ports.port[side].carriage;
		}
		memory_warn_remote(appliance->lcores[i], link->ports.socket);
		link->workers[i] = worker_create(&setup);
		if (link->workers[i] == NULL)
			return -1;
	}
	return 0;
}

static int create_handoff(struct appliance *appliance)
{
	struct link *link = appliance->link;

	appliance->handoff = handoff_create(&link->steering.plan,
					    appliance->config->handoff_packets, link->ports.socket);
	if (appliance->handoff == NULL) {
		memory_explain(&appliance->memory, link->ports.socket);
		return -1;
	}
	for (uint32_t i = 0; i < link->worker_count; i++)
		worker_join(link->workers[i], appliance->handoff);
	return 0;
}

static int create_pool(struct appliance *appliance)
{
	struct link *link = appliance->link;
	struct pool *pool = &appliance->pool;

	if (pool_size(pool, appliance->config, &link->ports, &link->steering) != 0)
		return -1;
	appliance->memory = memory_need_of(appliance->config, pool, &link->steering);
	if (memory_check(&appliance->memory, link->ports.socket) != 0)
		return -1;
	if (pool_create(pool, link->ports.socket) == 0)
		return 0;
	memory_explain(&appliance->memory, link->ports.socket);
	return -1;
}

/* @return 0, or the exit status after one line on stderr. */
static int start_ports(struct appliance *appliance)
{
	struct link *link = appliance->link;
	struct ports *ports = &link->ports;
	struct rte_mempool *mempool = appliance->pool.mempool;
	int result;

	if (ports_start(ports, mempool) != 0)
		return EXIT_FAILURE;
	result = steering_establish(&link->steering, appliance->config, ports);
	if (result <= 0)
		return result < 0 ? EXIT_USAGE : 0;
	ports_stop(ports);
	if (ports_configure(ports, appliance->config, &link->steering.plan) != 0 ||
	    ports_start(ports, mempool) != 0)
		return EXIT_FAILURE;
	return 0;
}

/* Everything is open, root is given up: launch the workers, then what looks at them. */
static void launch_workers(struct appliance *appliance)
{
	struct link *link = appliance->link;

	link->lost = appliance->config->lost;
	for (uint32_t i = 0; i < link->worker_count; i++)
		rte_eal_remote_launch(worker_main, link->workers[i], appliance->lcores[i]);
	standby_forwards(appliance->standby);
	supervisor_start(&appliance->supervisor, link, clock_monotonic_us());
	link_attach(link, appliance->config, &appliance->supervisor);
}

static int start_http(void *context)
{
	struct appliance *appliance = context;

	return http_server_start(&appliance->http, appliance->config, appliance->link);
}

static int stop_workers(struct appliance *appliance)
{
	struct link *link = appliance->link;
	int failed = 0;

	for (uint32_t i = 0; i < link->worker_count; i++)
		worker_stop(link->workers[i], WORKER_STOPS);
	for (uint32_t i = 0; i < link->worker_count; i++)
		failed |= rte_eal_wait_lcore(appliance->lcores[i]) != 0;
	return failed;
}

/* Everything that has arrived is forwarded, and the workers sleep; or the time is over. */
static void empty_workers(const struct link *link, uint64_t limit_us)
{
	uint64_t end_us = clock_monotonic_us() + limit_us;

	for (uint32_t i = 0; i < link->worker_count; i++)
		worker_stop(link->workers[i], WORKER_EMPTIES);
	for (uint32_t i = 0; i < link->worker_count; i++)
		while (!worker_is_empty(link->workers[i]) && clock_monotonic_us() < end_us)
			rte_pause();
}

/* Nobody looks at the link any more. */
static void leave(struct appliance *appliance)
{
	if (appliance->left)
		return;
	appliance->left = true;
	supervisor_stop(&appliance->supervisor);
	http_server_stop(appliance->http);
	link_detach(appliance->link);
}

static void close_ports(struct appliance *appliance)
{
	leave(appliance);
	stop_workers(appliance);
	ports_close(&appliance->link->ports);
	port_interfaces_release(&appliance->link->ports);
}

/* If a standby is there, it forwards from now on, without a gap. */
static void hand_over(struct appliance *appliance)
{
	struct ports *ports = &appliance->link->ports;
	struct handover_peer *peer = handover_begin(&appliance->handover);
	uint64_t since_us;
	bool sent = false;

	if (peer == NULL || (!peer->late && port_switch_shut(ports) != 0))
		return;
	empty_workers(appliance->link, peer->late ? EMPTY_LATE_US : EMPTY_US);
	since_us = clock_monotonic_us();
	if (peer->late)
		close_ports(appliance);
	else
		sent = port_switch_flush(ports);
	if (handover_go(&appliance->handover, peer, since_us) != 0)
		return;
	log_line("event=handover pid=%d state=handed sent=%s", peer->pid, sent ? "all" : "part");
	systemd_main_pid(peer->pid);
	appliance->handed = true;
}

/* The workers let go of every packet, then the ports do; then the pool must be full. */
static int drain(struct appliance *appliance)
{
	struct link *link = appliance->link;
	const struct port *port = link->ports.port;
	int failed = stop_workers(appliance);
	struct counters sum;
	uint32_t missing;

	totals_sum(&sum, link->workers, link->worker_count);
	if (appliance->stats != NULL)
		failed |= totals_write(&sum, appliance->stats, appliance->options->stats_path) != 0;
	appliance->stats = NULL;
	ports_close(&link->ports);
	missing = pool_missing(&appliance->pool);
	appliance_log_end(&sum, missing, &appliance->pool);
	if (missing == 0)
		return failed;
	log_error("event=leak buffers=%u message=\"packet buffers did not come back: a leak, or a "
		  "peer of a port (%s, %s) still holds them\"",
		  missing, port[SNOOP_WIRED].driver, port[SNOOP_WIRELESS].driver);
	return 1;
}

static int run(struct appliance *appliance)
{
	struct link *link = appliance->link;
	bool lost = false;
	int failed;

	launch_workers(appliance);
	failed = standby_settle(appliance->standby, &link->ports) != 0 ||
		 privileges_call_without(start_http, appliance) != 0;
	if (!failed) {
		appliance_log_start(link, &appliance->pool);
		systemd_ready();
		handover_start(&appliance->handover, appliance->standby->listener, &link->ports);
		lost = !loop_run(link, &appliance->supervisor, &appliance->handover,
				 appliance->options->exit_when_idle_us);
		hand_over(appliance);
	}
	if (!appliance->handed)
		systemd_stopping();
	leave(appliance);
	failed |= drain(appliance);
	/* A driver whose interface is gone may not give its buffers back: that is no other failure.
	 */
	if (lost)
		return EXIT_PORT_LOST;
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* @return 0, or the exit status after one line on stderr. */
static int bring_up(struct appliance *appliance)
{
	const struct config *config = appliance->config;
	const char *stats_path = appliance->options->stats_path;
	struct link *link = appliance->link;
	int status, result;

	if (choose_lcores(appliance) != 0)
		return EXIT_USAGE;
	result = ports_find(&link->ports, config);
	if (result != 0)
		return result == -ENODEV ? EXIT_PORT_LOST : EXIT_USAGE;
	if (appliance->standby->connection >= 0 && !appliance->standby->late)
		link->ports.beside = appliance->standby->pid;
	if (port_interfaces_take(&link->ports, config) != 0)
		return EXIT_FAILURE;
	if (steering_choose(&link->steering, config, &link->ports, link->worker_count) != 0 ||
	    ports_configure(&link->ports, config, &link->steering.plan) != 0)
		return EXIT_USAGE;
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
	status = start_ports(appliance);
	if (status != 0)
		return status;
	if (create_handoff(appliance) != 0 || privileges_drop(config, &link->ports) != 0)
		return EXIT_FAILURE;
	return 0;
}

/* In reverse. Also after a bring_up() that failed half-way. */
static void take_down(struct appliance *appliance)
{
	struct link *link = appliance->link;

	if (appliance->stats != NULL)
		fclose(appliance->stats);
	ports_close(&link->ports);
	port_interfaces_release(&link->ports);
	for (uint32_t i = 0; i < link->worker_count; i++)
		if (link->workers[i] != NULL)
			worker_destroy(link->workers[i]);
	handoff_free(appliance->handoff);
	pool_free(&appliance->pool);
}

int appliance_run(struct link *link, const struct config *config, const struct options *options,
		  struct standby *standby)
{
	struct appliance appliance = {
		.link = link,
		.config = config,
		.options = options,
		.standby = standby,
	};
	enum standby_end end;
	int status;

	timekeeper_start(&appliance.clock);
	end = standby_wait_late(standby);
	status = end == STANDBY_FORWARDS ? bring_up(&appliance) : EXIT_SUCCESS;
	if (end == STANDBY_FORWARDS && status == 0) {
		end = standby_wait(standby, &link->ports);
		status = end == STANDBY_FORWARDS ? run(&appliance) : EXIT_SUCCESS;
	}
	take_down(&appliance);
	return end == STANDBY_FAILED ? EXIT_FAILURE : status;
}
