/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/worker.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_malloc.h>

#include <snoopd/base/log.h>
#include <snoopd/datapath/receive.h>

#define TIMERS_INTERVAL_US 100	/* resolution of the flows' timers */
#define CHORES_INTERVAL_US 1000 /* chores are done at least this often ... */
#define CHORES_TURNS 256	/* ... and every so many turns under load */
#define IDLE_TURNS 64		/* empty turns before the lcore pauses between two */
#define MIB (1024.0 * 1024.0)

static void explain_memory(const char *what, uint64_t bytes)
{
	log_error("no memory for %s: %.1f MiB needed; reserve more hugepages, or give the EAL more "
		  "with -m where it runs with --no-huge, or lower the sizes in the configuration",
		  what, (double)bytes / MIB);
}

struct worker *worker_create(const struct worker_setup *setup)
{
	struct config share;
	struct worker *worker;
	size_t engine_bytes;
	void *memory;
	char name[32];

	config_share(setup->config, RTE_MAX(setup->workers, 1u), &share);
	engine_bytes = snoop_engine_bytes(&share.protocol);
	worker = rte_zmalloc_socket("worker", sizeof(*worker), RTE_CACHE_LINE_SIZE, setup->socket);
	if (worker == NULL) {
		explain_memory("a worker", sizeof(*worker));
		return NULL;
	}
	memory = rte_zmalloc_socket("engine", engine_bytes, RTE_CACHE_LINE_SIZE, setup->socket);
	if (memory == NULL) {
		explain_memory("the engine ([cache] and [syn])", engine_bytes);
		goto free_worker;
	}
	snprintf(name, sizeof(name), "flows_%u", setup->index);
	if (flow_table_create(&worker->table, name, share.flows, setup->socket) != 0) {
		explain_memory("the flow table ([flows] max)", flow_table_bytes(share.flows));
		goto free_engine;
	}
	worker->index = setup->index;
	worker->lcore = setup->lcore;
	worker->workers = RTE_MAX(setup->workers, 1u);
	worker->shares_cpu = setup->shares_cpu;
	worker->pool = setup->pool;
	worker->secret = setup->secret;
	worker->send = setup->send;
	worker->send_context = setup->send_context;
	worker->segments_per_frame = setup->segments_per_frame;
	for (int side = 0; side < 2; side++) {
		worker->port[side] = setup->port[side];
		worker->output[side].side = (enum snoop_side)side;
		worker->output[side].port_id = setup->port[side].port_id;
		worker->output[side].queue_id = setup->port[side].queue_id;
		worker->output[side].sharing = setup->port[side].sharing;
		worker->queues[side] = (struct handoff_queues){
			.rx_first = setup->port[side].queue_id,
			.rx_step = 1,
			.rx_count = (uint16_t)(setup->port[side].queue_id + 1),
		};
	}
	clock_init(&worker->clock);
	flow_timers_init(&worker->timers, worker->table.records);
	worker->engine = snoop_engine_init(memory, &share.protocol, &packet_ops, worker,
					   &worker->counters, setup->secret);
	reconfigure_start(worker, setup->config);
	return worker;

free_engine:
	rte_free(memory);
free_worker:
	rte_free(worker);
	return NULL;
}

void worker_destroy(struct worker *worker)
{
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

static void chores(struct worker *worker)
{
	flows_look_at_pressure(worker);
	if (unlikely(worker->trace != NULL))
		trace_publish(worker);
	worker->turns = 0;
	worker->chores_next_us = worker->now_us + CHORES_INTERVAL_US;
	mailbox_serve(worker, &worker->request.mail);
}

void worker_service(struct worker *worker, uint64_t now_us)
{
	worker->now_us = now_us;
	if (now_us >= worker->timers_next_us) {
		bool more = flow_timers_run(&worker->timers, now_us);

		worker->timers_next_us = more ? now_us : now_us + TIMERS_INTERVAL_US;
		if (now_us >= snoop_engine_deadline_us(worker->engine))
			snoop_engine_timer(worker->engine, now_us);
	}
	flows_serve_due(worker);
	flows_age(worker);
	if (++worker->turns >= CHORES_TURNS || now_us >= worker->chores_next_us)
		chores(worker);
	transmit_flush(worker, SNOOP_WIRED);
	transmit_flush(worker, SNOOP_WIRELESS);
	packet_free_dropped(worker);
}

uint32_t worker_turn(struct worker *worker)
{
	uint32_t packets = receive_from_ports(worker);

	packets += receive_handed(worker);
	packets += receive_to_send(worker);
	worker_service(worker, clock_now_us(&worker->clock));
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
		worker_service(worker, clock_now_us(&worker->clock));
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

int worker_main(void *argument)
{
	struct worker *worker = argument;
	uint64_t overrun_cycles = rte_get_tsc_hz() / CLOCK_US_PER_S * US_PER_MS;
	uint64_t stall_cycles = rte_get_tsc_hz() / CLOCK_US_PER_S * HEALTH_STALL_US;
	uint64_t start = rte_rdtsc(), begin = start, end;
	uint32_t idle_turns = 0;

	while (!__atomic_load_n(&worker->stop, __ATOMIC_RELAXED)) {
		bool busy = worker_turn(worker) > 0;

		end = rte_rdtsc();
		account(worker, end - begin, busy);
		if (unlikely(end - begin > overrun_cycles))
			worker->counters.turn_overruns++;
		idle_turns = busy ? 0 : idle_turns + 1;
		if (idle_turns > IDLE_TURNS || (worker->shares_cpu && idle_turns > 0)) {
			worker_relax(worker);
			/* What the others on this CPU take is no turn of ours; a stall during a
			 * pause is. */
			if (worker->shares_cpu)
				end = rte_rdtsc();
		}
		if (unlikely(end - begin > stall_cycles))
			note_stall(worker, end - begin);
		worker->health.cycles = end - start;
		begin = end;
	}
	if (worker->handoff != NULL)
		end_together(worker, worker->handoff);
	else
		worker_close(worker, clock_now_us(&worker->clock));
	return 0;
}

void worker_stop(struct worker *worker)
{
	__atomic_store_n(&worker->stop, true, __ATOMIC_RELAXED);
}
