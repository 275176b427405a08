/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/appliance.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <rte_launch.h>
#include <rte_lcore.h>

#include <snoopd/base/clock.h>
#include <snoopd/bringup/steering.h>
#include <snoopd/base/log.h>
#include <snoopd/bringup/memory.h>
#include <snoopd/control/supervisor.h>
#include <snoopd/control/systemd.h>
#include <snoopd/bringup/pool.h>
#include <snoopd/bringup/ports.h>
#include <snoopd/bringup/privileges.h>
#include <snoopd/control/link.h>
#include <snoopd/datapath/totals.h>
#include <snoopd/observe/http.h>
#include <snoopd/datapath/worker.h>

#define WAKE_US 250000u	    /* how often the thread wakes up where nothing happens */
#define WAKE_TEST_US 10000u /* the same with --exit-when-idle */

struct control {
	const struct config *config;
	const struct options *options;
	struct ports ports;
	struct pool pool;
	FILE *stats; /* --stats-file, opened while root may */
	struct steering distribution;
	struct handoff *handoff;
	struct memory_need memory;
	struct supervisor supervisor;
	struct worker *workers[HANDOFF_WORKERS_MAX];
	unsigned int lcores[HANDOFF_WORKERS_MAX];
	uint32_t worker_count;
};

static void fill_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, CARRIER_SIGNAL);
}

void control_block_signals(void)
{
	sigset_t signals;

	fill_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* A log pipe or a telemetry client that is gone must not take the wire with it. */
	signal(SIGPIPE, SIG_IGN);
}

static int choose_lcores(struct control *control)
{
	unsigned int lcore = rte_get_next_lcore(UINT_MAX, 1, 0);

	if (rte_lcore_count() < 2) {
		log_error("the EAL has one lcore, two are needed: the first controls, the second "
			  "forwards; give two, for example -l 0,1");
		return -1;
	}
	if (rte_lcore_count() - 1 > HANDOFF_WORKERS_MAX) {
		log_error("the EAL has %u lcores, at most %u are possible: one that controls and "
			  "%u that forward",
			  rte_lcore_count(), HANDOFF_WORKERS_MAX + 1, HANDOFF_WORKERS_MAX);
		return -1;
	}
	while (lcore < RTE_MAX_LCORE) {
		control->lcores[control->worker_count++] = lcore;
		lcore = rte_get_next_lcore(lcore, 1, 0);
	}
	return 0;
}

/* May another worker run on the CPU that this one polls? */
static bool shares_cpu(const struct control *control, uint32_t worker)
{
	rte_cpuset_t own = rte_lcore_cpuset(control->lcores[worker]);

	for (uint32_t i = 0; i < control->worker_count; i++) {
		rte_cpuset_t other = rte_lcore_cpuset(control->lcores[i]);

		CPU_AND(&other, &other, &own);
		if (i != worker && CPU_COUNT(&other) > 0)
			return true;
	}
	return false;
}

static int create_workers(struct control *control)
{
	uint64_t secret;

	if (getrandom(&secret, sizeof(secret), 0) != (ssize_t)sizeof(secret)) {
		log_error("getrandom: %s", strerror(errno));
		return -1;
	}
	for (uint32_t i = 0; i < control->worker_count; i++) {
		struct worker_setup setup = {
			.index = i,
			.lcore = control->lcores[i],
			.workers = control->worker_count,
			.config = control->config,
			.pool = control->pool.mempool,
			.segments_per_frame = control->pool.segments_per_frame,
			.socket = control->ports.socket,
			.shares_cpu = shares_cpu(control, i),
			.secret = secret,
		};

		for (int side = 0; side < 2; side++) {
			setup.port[side].port_id = control->ports.port[side].id;
			setup.port[side].queue_id = (uint16_t)i;
			setup.port[side].sharing = control->ports.port[side].quirk->sharing;
		}
		memory_warn_remote(control->lcores[i], control->ports.socket);
		control->workers[i] = worker_create(&setup);
		if (control->workers[i] == NULL)
			return -1;
	}
	return 0;
}

static int create_handoff(struct control *control)
{
	control->handoff = handoff_create(&control->distribution.plan,
					  control->config->handoff_packets, control->ports.socket);
	if (control->handoff == NULL) {
		memory_explain(&control->memory, control->ports.socket);
		return -1;
	}
	for (uint32_t i = 0; i < control->worker_count; i++)
		worker_join(control->workers[i], control->handoff);
	return 0;
}

static int create_pool(struct control *control)
{
	if (pool_size(&control->pool, control->config, &control->ports, &control->distribution) !=
	    0)
		return -1;
	control->memory = memory_need_of(control->config, &control->pool, &control->distribution);
	if (memory_check(&control->memory, control->ports.socket) != 0)
		return -1;
	if (pool_create(&control->pool, control->ports.socket) == 0)
		return 0;
	memory_explain(&control->memory, control->ports.socket);
	return -1;
}

/* @return 0, or the exit status after one line on stderr. */
static int start_ports(struct control *control)
{
	struct ports *ports = &control->ports;
	int result;

	if (ports_start(ports, control->pool.mempool) != 0)
		return 1;
	result = steering_establish(&control->distribution, control->config, ports);
	if (result <= 0)
		return result < 0 ? 2 : 0;
	ports_stop(ports);
	return ports_configure(ports, control->config, &control->distribution.plan) != 0 ||
	       ports_start(ports, control->pool.mempool) != 0;
}

/* "lcore 1", "lcores 1 3 4 (2 share a CPU)" */
static void describe_workers(const struct control *control, char *out, size_t out_bytes)
{
	size_t used =
		(size_t)snprintf(out, out_bytes, control->worker_count == 1 ? "lcore" : "lcores");
	uint32_t sharing = 0;

	for (uint32_t i = 0; i < control->worker_count; i++) {
		used += (size_t)snprintf(out + used, out_bytes - used, " %u", control->lcores[i]);
		sharing += control->workers[i]->shares_cpu;
	}
	if (sharing > 0)
		snprintf(out + used, out_bytes - used, " (%u share a CPU)", sharing);
}

static void log_start(const struct control *control)
{
	const struct port *wired = &control->ports.port[SNOOP_WIRED];
	const struct port *wireless = &control->ports.port[SNOOP_WIRELESS];
	const struct steering *distribution = &control->distribution;
	char workers[256];

	describe_workers(control, workers, sizeof(workers));
	log_line("event=start wired=%s wired_driver=%s wireless=%s wireless_driver=%s mtu=%u mode=%s "
		 "workers=\"%s\" buffers=%u buffer_bytes=%u",
		 wired->name, wired->driver, wireless->name, wireless->driver,
		 control->ports.mtu_bytes, snoop_level_name(control->config->mode), workers,
		 control->pool.buffers, control->pool.data_room);
	if (control->worker_count > 1)
		log_line("event=workers workers=%u distribution=%s how=\"%s\" rx_queues=%u,%u "
			 "tx_queues=%u,%u handoff_rings=%u handoff_packets=%u",
			 control->worker_count, steering_name(distribution), distribution->how,
			 wired->rx_queues, wireless->rx_queues, wired->tx_queues,
			 wireless->tx_queues, handoff_rings(&distribution->plan),
			 control->config->handoff_packets);
	for (int side = 0; side < 2; side++) {
		const struct port *port = &control->ports.port[side];

		if (port->quirk->sharing == DRIVER_COPY)
			log_line("event=quirk port=%s driver=%s message=\"cached packets are "
				 "copied to it: %s\"",
				 port->name, port->driver, port->quirk->why);
		if (port->quirk->flags & DRIVER_REASSEMBLES)
			log_warning("event=quirk port=%s driver=%s message=\"the kernel reassembles "
				    "IPv4 fragments for this driver: packets longer than the MTU "
				    "are lost\"",
				    port->name, port->driver);
	}
}

static uint64_t received(const struct control *control)
{
	struct counters sum;

	totals_sum(&sum, control->workers, control->worker_count);
	return sum.rx_wired_packets + sum.rx_wireless_packets;
}

/* @return true if it was a signal to stop. */
static bool handle_signal(int signal)
{
	char line[LINK_LINE_CHARS];

	if (signal == CARRIER_SIGNAL)
		return false; /* the wait is over, that was all */
	if (signal == SIGHUP) {
		apply_reload(line, sizeof(line)); /* logs it */
		return false;
	}
	log_line("event=stop signal=%s", signal == SIGINT ? "SIGINT" : "SIGTERM");
	return true;
}

static void wait_for_end(struct control *control)
{
	uint64_t idle_limit_us = control->options->exit_when_idle_us;
	uint64_t wake_us = idle_limit_us != 0 ? WAKE_TEST_US : WAKE_US;
	const struct timespec nap = {.tv_nsec = (long)wake_us * 1000};
	uint64_t now_us, active_us, seen = 0;
	struct clock clock;
	sigset_t signals;
	int signal;

	fill_signals(&signals);
	clock_init(&clock);
	active_us = clock_now_us(&clock);
	for (;;) {
		signal = sigtimedwait(&signals, NULL, &nap);
		if (signal > 0 && handle_signal(signal))
			return;
		now_us = clock_now_us(&clock);
		supervisor_tick(&control->supervisor, clock_monotonic_us());
		if (idle_limit_us == 0)
			continue;
		if (received(control) != seen) {
			seen = received(control);
			active_us = now_us;
		} else if (now_us - active_us >= idle_limit_us) {
			return;
		}
	}
}

static void log_end(const struct counters *sum, uint32_t missing, const struct pool *pool)
{
	log_line("event=end received=%" PRIu64 " forwarded=%" PRIu64 " dropped=%" PRIu64
		 " retransmitted=%" PRIu64 " repaired=%" PRIu64 " acks_withheld=%" PRIu64
		 " buffers_back=%u buffers=%u",
		 sum->rx_wired_packets + sum->rx_wireless_packets, sum->forwarded_packets,
		 sum->tx_wired_drops + sum->tx_wireless_drops + sum->handoff_drops,
		 sum->retransmits_scoreboard + sum->retransmits_dupack + sum->retransmits_timeout +
			 sum->retransmits_probe + sum->retransmits_shield + sum->retransmits_syn,
		 sum->repairs_confirmed, sum->acks_withheld, pool->buffers - missing,
		 pool->buffers);
}

static int stop_workers(struct control *control)
{
	int failed = 0;

	for (uint32_t i = 0; i < control->worker_count; i++)
		worker_stop(control->workers[i]);
	for (uint32_t i = 0; i < control->worker_count; i++)
		failed |= rte_eal_wait_lcore(control->lcores[i]) != 0;
	return failed;
}

struct web_start {
	struct http_server *server;
	const struct config *config;
};

static int start_web(void *context)
{
	struct web_start *start = context;

	return http_server_start(&start->server, start->config);
}

static int run_started(struct control *control)
{
	struct web_start web = {NULL, control->config};
	struct counters sum;
	uint32_t missing;
	int failed;

	for (uint32_t i = 0; i < control->worker_count; i++)
		rte_eal_remote_launch(worker_main, control->workers[i], control->lcores[i]);
	log_start(control);
	supervisor_start(&control->supervisor, control->workers, control->worker_count, &control->ports,
		      clock_monotonic_us());
	link_attach(control->config, &control->ports, &control->distribution, &control->supervisor,
		       control->workers, control->worker_count);
	failed = privileges_call_without(start_web, &web) != 0;
	if (!failed) {
		systemd_ready();
		wait_for_end(control);
	}
	systemd_stopping();
	supervisor_stop(&control->supervisor);
	http_server_stop(web.server);
	link_detach();

	/* The workers let go of every packet, then the ports; then the pool must be full. */
	failed |= stop_workers(control);
	totals_sum(&sum, control->workers, control->worker_count);
	if (control->stats != NULL)
		failed |= totals_write(&sum, control->stats, control->options->stats_path) != 0;
	control->stats = NULL;
	ports_close(&control->ports);
	missing = pool_missing(&control->pool);
	log_end(&sum, missing, &control->pool);
	if (missing != 0) {
		log_error(
			"event=leak buffers=%u message=\"they did not come back: a leak, or a peer "
			"of a port (%s, %s) still holds them\"",
			missing, control->ports.port[SNOOP_WIRED].driver,
			control->ports.port[SNOOP_WIRELESS].driver);
		failed = 1;
	}
	return failed ? 1 : 0;
}

int control_run(const struct config *config, const struct options *options)
{
	struct control control = {.config = config, .options = options};
	int status = 2;

	if (choose_lcores(&control) != 0 || ports_find(&control.ports, config) != 0 ||
	    steering_choose(&control.distribution, config, &control.ports,
				control.worker_count) != 0 ||
	    ports_configure(&control.ports, config, &control.distribution.plan) != 0)
		goto close;
	status = 1;
	if (options->stats_path != NULL) {
		control.stats = totals_open(options->stats_path);
		if (control.stats == NULL)
			goto close;
	}
	if (create_pool(&control) != 0 || create_workers(&control) != 0)
		goto close;
	status = start_ports(&control);
	if (status != 0)
		goto close;
	status = 1;
	if (create_handoff(&control) == 0 && privileges_drop(config, &control.ports) == 0)
		status = run_started(&control);

close:
	if (control.stats != NULL)
		fclose(control.stats);
	ports_close(&control.ports);
	for (uint32_t i = 0; i < control.worker_count; i++)
		if (control.workers[i] != NULL)
			worker_destroy(control.workers[i]);
	handoff_free(control.handoff);
	pool_free(&control.pool);
	return status;
}
