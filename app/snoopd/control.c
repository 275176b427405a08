/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <rte_launch.h>
#include <rte_lcore.h>

#include <snoopd/clock.h>
#include <snoopd/log.h>
#include <snoopd/pool.h>
#include <snoopd/ports.h>
#include <snoopd/stats.h>
#include <snoopd/telemetry.h>
#include <snoopd/worker.h>

#define LINK_POLL_US 1000000u
#define WAKE_US 250000u	    /* how often the thread wakes up where nothing happens */
#define WAKE_TEST_US 10000u /* the same with --exit-when-idle */

struct control {
	const struct config *config;
	const struct options *options;
	struct ports ports;
	struct pool pool;
	struct worker *workers[CONTROL_WORKERS_MAX];
	unsigned int lcores[CONTROL_WORKERS_MAX];
	uint32_t worker_count;
};

static void fill_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGHUP);
}

void control_block_signals(void)
{
	sigset_t signals;

	fill_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

static int choose_lcores(struct control *control)
{
	unsigned int lcore = rte_get_next_lcore(UINT_MAX, 1, 0);

	if (rte_lcore_count() < 2) {
		log_error("the EAL has one lcore, two are needed: the first controls, the second "
			  "forwards; give two, for example -l 0,1");
		return -1;
	}
	while (lcore < RTE_MAX_LCORE && control->worker_count < CONTROL_WORKERS_MAX) {
		control->lcores[control->worker_count++] = lcore;
		lcore = rte_get_next_lcore(lcore, 1, 0);
	}
	return 0;
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
			.config = control->config,
			.pool = control->pool.mempool,
			.segments_per_frame = control->pool.segments_per_frame,
			.socket = control->ports.socket,
			.secret = secret,
		};

		for (int side = 0; side < 2; side++) {
			setup.port[side].port_id = control->ports.port[side].id;
			setup.port[side].queue_id = (uint16_t)i;
			setup.port[side].sharing = control->ports.port[side].quirk->sharing;
		}
		if ((int)rte_lcore_to_socket_id(control->lcores[i]) != control->ports.socket)
			log_warning("lcore %u is on socket %u, the ports are on socket %d: give an "
				    "lcore of that socket with -l",
				    control->lcores[i], rte_lcore_to_socket_id(control->lcores[i]),
				    control->ports.socket);
		control->workers[i] = worker_create(&setup);
		if (control->workers[i] == NULL)
			return -1;
	}
	return 0;
}

static void log_start(const struct control *control)
{
	const struct port *wired = &control->ports.port[SNOOP_WIRED];
	const struct port *wireless = &control->ports.port[SNOOP_WIRELESS];

	log_line("wired %s (%s) <-> wireless %s (%s), MTU %u, mode %s, worker on lcore %u, "
		 "%u packet buffers of %u bytes",
		 wired->name, wired->driver, wireless->name, wireless->driver,
		 control->ports.mtu_bytes, snoop_level_name(control->config->mode),
		 control->lcores[0], control->pool.buffers, control->pool.data_room);
	for (int side = 0; side < 2; side++) {
		const struct port *port = &control->ports.port[side];

		if (port->quirk->sharing == QUIRK_COPY)
			log_line("port %s (%s): cached packets are copied to it: %s", port->name,
				 port->driver, port->quirk->why);
		if (port->quirk->flags & QUIRK_REASSEMBLES)
			log_warning("port %s (%s): the kernel reassembles IPv4 fragments for this "
				    "driver: packets longer than the MTU are lost",
				    port->name, port->driver);
	}
}

static uint64_t received(const struct control *control)
{
	struct counters sum;

	stats_sum(&sum, control->workers, control->worker_count);
	return sum.rx_wired_packets + sum.rx_wireless_packets;
}

/* @return true if it was a signal to stop. */
static bool handle_signal(int signal)
{
	if (signal == SIGHUP) {
		log_line("SIGHUP: reading the configuration again is not supported yet; restart");
		return false;
	}
	log_line("%s: stopping", signal == SIGINT ? "SIGINT" : "SIGTERM");
	return true;
}

static void wait_for_end(struct control *control)
{
	uint64_t idle_limit_us = control->options->exit_when_idle_us;
	uint64_t wake_us = idle_limit_us != 0 ? WAKE_TEST_US : WAKE_US;
	const struct timespec nap = {.tv_nsec = (long)wake_us * 1000};
	uint64_t now_us, active_us, links_us, seen = 0;
	struct clock clock;
	sigset_t signals;
	int signal;

	fill_signals(&signals);
	clock_init(&clock);
	active_us = clock_now_us(&clock);
	links_us = active_us;
	for (;;) {
		signal = sigtimedwait(&signals, NULL, &nap);
		if (signal > 0 && handle_signal(signal))
			return;
		now_us = clock_now_us(&clock);
		if (now_us >= links_us) {
			links_us = now_us + LINK_POLL_US;
			ports_poll_links(&control->ports);
		}
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
	log_line("stopped: received %" PRIu64 " packets, forwarded %" PRIu64 ", dropped %" PRIu64
		 "; repeated %" PRIu64 " segments, %" PRIu64 " repairs confirmed, %" PRIu64
		 " duplicate ACKs withheld; %u of %u packet buffers came back",
		 sum->rx_wired_packets + sum->rx_wireless_packets, sum->forwarded_packets,
		 sum->tx_wired_drops + sum->tx_wireless_drops,
		 sum->repeats_scoreboard + sum->repeats_dupack + sum->repeats_timeout +
			 sum->repeats_probe + sum->repeats_shield + sum->repeats_syn,
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

static int run_started(struct control *control)
{
	struct counters sum;
	uint32_t missing;
	int failed = 0;

	for (uint32_t i = 0; i < control->worker_count; i++)
		rte_eal_remote_launch(worker_main, control->workers[i], control->lcores[i]);
	log_start(control);
	telemetry_attach(control->config, control->workers, control->worker_count);
	wait_for_end(control);
	telemetry_detach();

	/* The workers let go of every packet, then the ports; then the pool must be full. */
	failed |= stop_workers(control);
	stats_sum(&sum, control->workers, control->worker_count);
	if (control->options->stats_path != NULL)
		failed |= stats_write(&sum, control->options->stats_path) != 0;
	ports_close(&control->ports);
	missing = pool_missing(&control->pool);
	log_end(&sum, missing, &control->pool);
	if (missing != 0) {
		log_error(
			"%u packet buffers did not come back: a leak, or a peer of a port (%s, %s) "
			"still holds them",
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
	    ports_configure(&control.ports, config, (uint16_t)control.worker_count) != 0)
		goto close;
	status = 1;
	if (pool_create(&control.pool, config, &control.ports, control.worker_count) != 0 ||
	    create_workers(&control) != 0 ||
	    ports_start(&control.ports, control.pool.mempool) != 0)
		goto close;
	status = run_started(&control);

close:
	ports_close(&control.ports);
	for (uint32_t i = 0; i < CONTROL_WORKERS_MAX; i++)
		if (control.workers[i] != NULL)
			worker_destroy(control.workers[i]);
	pool_free(&control.pool);
	return status;
}
