/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/worker.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <rte_malloc.h>

#include <snoopd/base/log.h>

#define TICK_US 100	     /* resolution of the flow timers */
#define AGEING_US 100	     /* how often the walk through the flow table goes on */
#define HOUSEKEEPING_US 1000 /* how often pressure and requests are looked at */
#define LATE_US 1000	     /* a turn that takes longer did not run all the time */
#define IDLE_TURNS 64	     /* empty turns before the lcore pauses between two */
#define MIB (1024.0 * 1024.0)

static void explain_memory(const char *what, uint64_t bytes)
{
	log_error("no memory for %s: %.1f MiB needed; reserve more hugepages, or give the EAL more "
		  "with -m where it runs with --no-huge, or lower the sizes in the configuration",
		  what, (double)bytes / MIB);
}

/* Jobs. What takes longer than its portion of a turn goes on in the next one. */

static void tick(void *owner)
{
	struct worker *worker = owner;

	worker->timers_due = true;
}

static void age(void *owner)
{
	flows_begin_ageing(owner);
}

static void keep_house(void *owner)
{
	struct worker *worker = owner;

	flows_look_at_pressure(worker);
	if (unlikely(worker->trace != NULL))
		trace_publish(worker);
	flows_look_at_outage(worker);
	mailbox_serve(worker, &worker->request.mail);
}

/* What the worker needs beside itself. @return the engine's memory, or NULL after a line on stderr.
 */
static void *allocate(struct worker *worker, const struct worker_setup *setup,
		      const struct config *share)
{
	size_t engine_bytes = snoop_engine_bytes(&share->protocol);
	void *memory =
		rte_zmalloc_socket("engine", engine_bytes, RTE_CACHE_LINE_SIZE, setup->socket);
	char name[32];

	if (memory == NULL) {
		explain_memory("the engine ([cache] and [syn])", engine_bytes);
		return NULL;
	}
	snprintf(name, sizeof(name), "flows_%u", setup->index);
	if (flow_table_create(&worker->table, name, share->flows, setup->socket) != 0) {
		explain_memory("the flow table ([flows] max)", flow_table_bytes(share->flows));
		goto free_engine;
	}
	if (periodic_subsystem_init() == 0)
		return memory;
	log_error("no memory for rte_timer: reserve more hugepages");
	flow_table_free(&worker->table);
free_engine:
	rte_free(memory);
	return NULL;
}

static void set_port(struct worker *worker, enum snoop_side side, const struct worker_port *port)
{
	static const struct carriage any = {CARRIAGE_ANY, CARRIAGE_ANY, CARRIAGE_ANY, false, NULL};

	worker->port[side] = *port;
	if (port->carriage == NULL)
		worker->port[side].carriage = &any;
	worker->output[side].side = side;
	worker->output[side].port_id = port->port_id;
	worker->output[side].queue_id = port->queue_id;
	worker->output[side].sharing = port->sharing;
	worker->queues[side] = (struct handoff_queues){
		.rx_first = port->queue_id,
		.rx_step = 1,
		.rx_count = (uint16_t)(port->queue_id + 1),
	};
}

static void set_up(struct worker *worker, const struct worker_setup *setup)
{
	worker->index = setup->index;
	worker->lcore = setup->lcore;
	worker->workers = RTE_MAX(setup->workers, 1u);
	worker->shares_cpu = setup->shares_cpu;
	worker->pool = setup->pool;
	worker->secret = setup->secret;
	worker->send = setup->send;
	worker->send_context = setup->send_context;
	worker->segments_per_frame = setup->segments_per_frame;
	set_port(worker, SNOOP_WIRED, &setup->port[SNOOP_WIRED]);
	set_port(worker, SNOOP_WIRELESS, &setup->port[SNOOP_WIRELESS]);
	clock_init(&worker->clock);
	periodic_init(&worker->tick, TICK_US, tick, worker);
	periodic_init(&worker->ageing, AGEING_US, age, worker);
	periodic_init(&worker->housekeeping, HOUSEKEEPING_US, keep_house, worker);
}

struct worker *worker_create(const struct worker_setup *setup)
{
	struct worker *worker =
		rte_zmalloc_socket("worker", sizeof(*worker), RTE_CACHE_LINE_SIZE, setup->socket);
	struct config share;
	void *memory;

	if (worker == NULL) {
		explain_memory("a worker", sizeof(*worker));
		return NULL;
	}
	config_share(setup->config, RTE_MAX(setup->workers, 1u), &share);
	memory = allocate(worker, setup, &share);
	if (memory == NULL) {
		rte_free(worker);
		return NULL;
	}
	set_up(worker, setup);
	flow_timers_init(&worker->timers, worker->table.records);
	worker->engine = snoop_engine_init(memory, &share.protocol, &packet_ops, worker,
					   &worker->counters, setup->secret);
	reconfigure_start(worker, setup->config);
	return worker;
}

void worker_destroy(struct worker *worker)
{
	periodic_subsystem_free();
	flow_table_free(&worker->table);
	rte_free(worker->engine);
	rte_free(worker);
}

static void add_lane(struct worker_lane *lanes, uint32_t *count, struct rte_ring *ring,
		     enum snoop_side side)
{
	if (ring != NULL)
		lanes[(*count)++] = (struct worker_lane){ring, side};
}

static void join_side(struct worker *worker, struct handoff *handoff, enum snoop_side side)
{
	const struct handoff_plan *plan = &handoff->plan;
	struct handoff_queues *queues = &worker->queues[side];
	struct transmit *output = &worker->output[side];

	*queues = handoff_queues_of(plan, side, worker->index);
	output->queue_id = queues->tx_queue;
	output->lane = handoff->tx[side][worker->index];
	output->backlog = &handoff->backlog[queues->tx_worker].count;
	for (uint32_t from = 0; from < plan->workers; from++) {
		add_lane(worker->rx_lanes, &worker->rx_lane_count,
			 handoff->rx[side][from][worker->index], side);
		if (handoff_queues_of(plan, side, from).tx_worker == worker->index)
			add_lane(worker->tx_lanes, &worker->tx_lane_count, handoff->tx[side][from],
				 side);
	}
}

void worker_join(struct worker *worker, struct handoff *handoff)
{
	worker->handoff = handoff;
	worker->spreads = handoff->plan.software && handoff->plan.workers > 1;
	join_side(worker, handoff, SNOOP_WIRED);
	join_side(worker, handoff, SNOOP_WIRELESS);
}

static void run_timers(struct worker *worker)
{
	worker->timers_due = flow_timers_run(&worker->timers, worker->now_us);
	if (worker->now_us >= snoop_engine_deadline_us(worker->engine))
		snoop_engine_timer(worker->engine, worker->now_us);
}

static void end_turn(struct worker *worker, bool late)
{
	if (receive_settles(&worker->receive, late, worker->now_us)) {
		if (worker->timers_due)
			run_timers(worker);
		flows_serve_due(worker);
	}
	if (worker->ageing_left > 0)
		flows_age(worker);
	transmit_flush(worker, SNOOP_WIRED);
	transmit_flush(worker, SNOOP_WIRELESS);
	packet_free_dropped(worker);
}

static __rte_noinline void run_jobs(struct worker *worker)
{
	periodic_run_due(&worker->tick, worker->now_us);
	periodic_run_due(&worker->ageing, worker->now_us);
	periodic_run_due(&worker->housekeeping, worker->now_us);
	worker->jobs_us = RTE_MIN(RTE_MIN(worker->tick.next_us, worker->ageing.next_us),
				  worker->housekeeping.next_us);
}

void worker_service(struct worker *worker, uint64_t now_us)
{
	worker->now_us = now_us;
	if (now_us >= worker->jobs_us)
		run_jobs(worker);
	end_turn(worker, false);
}

static void start_jobs(struct worker *worker)
{
	periodic_start(&worker->tick, worker->clock.hz);
	periodic_start(&worker->ageing, worker->clock.hz);
	periodic_start(&worker->housekeeping, worker->clock.hz);
}

/* Nothing of the worker may stay in the lcore's list. */
static void stop_jobs(struct worker *worker)
{
	periodic_stop(&worker->tick);
	periodic_stop(&worker->ageing);
	periodic_stop(&worker->housekeeping);
}

/* rte_timer goes by the TSC and knows nothing of its steps: the jobs begin anew. */
static __rte_cold __rte_noinline void follow_clock(struct worker *worker, uint64_t hz)
{
	worker->counters.clock_steps += worker->clock.steps - worker->clock_steps;
	worker->clock_steps = worker->clock.steps;
	if (worker->clock.hz != hz) {
		clock_calibrate(&worker->clock, hz, rte_rdtsc());
		worker->counters.clock_calibrations++;
	}
	stop_jobs(worker);
	start_jobs(worker);
}

static void run_pending_jobs(struct worker *worker)
{
	uint64_t hz = clock_tsc_hz();

	if (unlikely(hz != worker->clock.hz || worker->clock.steps != worker->clock_steps))
		follow_clock(worker, hz);
	rte_timer_manage();
}

/* worker_service() on the worker's lcore: rte_timer runs the jobs. The turn began at that TSC. */
static void service(struct worker *worker, uint64_t begin)
{
	uint64_t now = rte_rdtsc();

	worker->now_us = clock_read(&worker->clock, now);
	if (++worker->turns % WORKER_MANAGE_TURNS == 0 || worker->shares_cpu)
		run_pending_jobs(worker);
	end_turn(worker, clock_cycles(begin, now) * (CLOCK_US_PER_S / LATE_US) > worker->clock.hz);
}

/* @return packets that came from ports and workers. */
static uint32_t turn(struct worker *worker, uint64_t begin)
{
	uint32_t packets = receive_from_ports(worker);

	packets += receive_handed(worker);
	packets += receive_to_send(worker);
	service(worker, begin);
	/* Time that no packet needs: go on with a request that takes many steps. */
	if (packets == 0 && mailbox_is_open(&worker->request.mail))
		mailbox_serve(worker, &worker->request.mail);
	return packets;
}

void worker_close(struct worker *worker, uint64_t now_us)
{
	worker->now_us = now_us;
	flows_remove_all(worker);
	snoop_engine_flush(worker->engine);
	transmit_flush(worker, SNOOP_WIRED);
	transmit_flush(worker, SNOOP_WIRELESS);
	packet_free_dropped(worker);
	packet_free_dropped(worker);
}

static bool all_done(uint32_t *waiting)
{
	return __atomic_load_n(waiting, __ATOMIC_ACQUIRE) == 0;
}

/*
 * The workers end together: first none receives any more, and what is in the rings to the owners is
 * handled; then all let go of what they hold, and what is in the rings to the TX queues is sent.
 */
static void end_together(struct worker *worker, struct handoff *handoff)
{
	bool done;
	uint32_t taken;

	__atomic_sub_fetch(&handoff->receiving, 1, __ATOMIC_ACQ_REL);
	do {
		done = all_done(&handoff->receiving);
		taken = receive_handed(worker) + receive_to_send(worker);
		service(worker, rte_rdtsc());
		worker_relax(worker);
	} while (!done || taken > 0);
	worker_close(worker, clock_now_us(&worker->clock));
	__atomic_sub_fetch(&handoff->sending, 1, __ATOMIC_ACQ_REL);
	do {
		done = all_done(&handoff->sending);
		taken = receive_to_send(worker);
		transmit_flush(worker, SNOOP_WIRED);
		transmit_flush(worker, SNOOP_WIRELESS);
		worker_relax(worker);
	} while (!done || taken > 0);
}

static void account(struct worker *worker, uint64_t cycles, bool busy)
{
	struct worker_health *health = &worker->health;

	health->turns++;
	if (busy)
		health->busy_cycles += cycles;
	if (cycles > health->turn_cycles_max)
		health->turn_cycles_max = cycles;
}

static void note_stall(struct worker *worker, uint64_t cycles)
{
	worker->health.stall_cycles = cycles;
	worker->health.stalls++;
	worker->counters.turn_stalls++;
}

/* @return the time at which the next turn begins. */
static uint64_t end_of_turn(struct worker *worker, uint64_t begin, bool busy, uint32_t idle_turns)
{
	uint64_t cycles_per_us = worker->clock.hz / CLOCK_US_PER_S;
	uint64_t end = rte_rdtsc(), cycles = clock_cycles(begin, end);

	account(worker, cycles, busy);
	if (unlikely(cycles > cycles_per_us * US_PER_MS))
		worker->counters.turn_overruns++;
	if (idle_turns > IDLE_TURNS || (worker->shares_cpu && idle_turns > 0)) {
		worker_relax(worker);
		/* What the others on this CPU take is no turn of ours; a stall during a pause is.
		 */
		if (worker->shares_cpu)
			end = rte_rdtsc();
	}
	cycles = clock_cycles(begin, end);
	worker->health.cycles += cycles;
	if (unlikely(cycles > cycles_per_us * HEALTH_STALL_US))
		note_stall(worker, cycles);
	return end;
}

int worker_main(void *argument)
{
	struct worker *worker = argument;
	uint64_t begin = rte_rdtsc();
	uint32_t stop, idle_turns = 0;

	clock_init(&worker->clock); /* from its creation to here is no step */
	worker->receive.settled_us = clock_now_us(&worker->clock);
	start_jobs(worker);
	while ((stop = __atomic_load_n(&worker->stop, __ATOMIC_RELAXED)) != WORKER_STOPS) {
		bool busy = turn(worker, begin) > 0;

		if (unlikely(stop == WORKER_EMPTIES) && !busy)
			break;
		idle_turns = busy ? 0 : idle_turns + 1;
		begin = end_of_turn(worker, begin, busy, idle_turns);
	}
	if (worker->handoff != NULL)
		end_together(worker, worker->handoff);
	__atomic_store_n(&worker->empty, true, __ATOMIC_RELEASE);
	/* The CPU is for the standby now. */
	while (__atomic_load_n(&worker->stop, __ATOMIC_RELAXED) != WORKER_STOPS)
		nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
	if (worker->handoff == NULL)
		worker_close(worker, clock_now_us(&worker->clock));
	stop_jobs(worker);
	return 0;
}

void worker_stop(struct worker *worker, enum worker_stop when)
{
	__atomic_store_n(&worker->stop, (uint8_t)when, __ATOMIC_RELAXED);
}
