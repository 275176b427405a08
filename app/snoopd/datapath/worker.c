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

void worker_explain_memory(const char *what, uint64_t bytes)
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
	struct worker_link *link;

	WORKER_FOR_EACH_LINK (worker, link) {
		flows_look_at_pressure(link);
		if (unlikely(link->trace != NULL))
			trace_publish(link);
		flows_look_at_outage(link);
	}
	mailbox_serve(worker, &worker->request.mail);
}

/* @return 0, or -1 after a line on stderr. */
static int create_table(struct worker *worker, const struct worker_setup *setup)
{
	uint64_t flows = 0; /* a worker that serves no link has a table too */
	char name[32];

	for (uint32_t i = 0; i < WORKER_LINKS_MAX; i++)
		if (setup->link[i] != NULL)
			flows += worker_link_flows(setup->link[i]);
	flows = RTE_MAX(flows, 1u);
	snprintf(name, sizeof(name), "flows_%u", setup->index);
	if (flows <= FLOW_MAX &&
	    flow_table_create(&worker->table, name, (uint32_t)flows, setup->socket) == 0)
		return 0;
	worker_explain_memory("the flow table ([flows] max)", flow_table_bytes((uint32_t)flows));
	return -1;
}

static void set_up(struct worker *worker, const struct worker_setup *setup)
{
	worker->index = setup->index;
	worker->lcore = setup->lcore;
	worker->shares_cpu = setup->shares_cpu;
	worker->pool = setup->pool;
	worker->secret = setup->secret;
	worker->send = setup->send;
	worker->segments_per_frame = setup->segments_per_frame;
	flow_timers_init(&worker->timers, worker->table.records);
	clock_init(&worker->clock);
	/* Found before the workers were made. */
	worker->counters.clock_calibrations += worker->clock.hz != rte_get_tsc_hz();
	periodic_init(&worker->tick, TICK_US, tick, worker);
	periodic_init(&worker->ageing, AGEING_US, age, worker);
	periodic_init(&worker->housekeeping, HOUSEKEEPING_US, keep_house, worker);
}

static int create_links(struct worker *worker, const struct worker_setup *setup)
{
	for (uint32_t i = 0; i < WORKER_LINKS_MAX; i++) {
		if (setup->link[i] == NULL)
			continue;
		worker->link[i] = worker_link_create(worker, i, setup->link[i], setup->socket);
		if (worker->link[i] == NULL)
			return -1;
		worker->links |= 1ull << i;
	}
	return 0;
}

static void free_worker(struct worker *worker)
{
	for (uint32_t i = 0; i < WORKER_LINKS_MAX; i++)
		worker_link_destroy(worker->link[i]);
	flow_table_free(&worker->table);
	rte_free(worker);
}

struct worker *worker_create(const struct worker_setup *setup)
{
	struct worker *worker =
		rte_zmalloc_socket("worker", sizeof(*worker), RTE_CACHE_LINE_SIZE, setup->socket);

	if (worker == NULL) {
		worker_explain_memory("a worker", sizeof(*worker));
		return NULL;
	}
	if (create_table(worker, setup) != 0)
		goto fail;
	set_up(worker, setup);
	if (create_links(worker, setup) != 0)
		goto fail;
	if (periodic_subsystem_init() == 0)
		return worker;
	log_error("no memory for rte_timer: reserve more hugepages");
fail:
	free_worker(worker);
	return NULL;
}

void worker_destroy(struct worker *worker)
{
	periodic_subsystem_free();
	free_worker(worker);
}

static void run_timers(struct worker *worker)
{
	struct worker_link *link;

	worker->timers_due = flow_timers_run(&worker->timers, worker->now_us);
	WORKER_FOR_EACH_LINK (worker, link)
		if (worker->now_us >= snoop_engine_deadline_us(link->engine))
			snoop_engine_timer(link->engine, worker->now_us);
}

static void flush(struct worker *worker)
{
	for (uint64_t left = worker->unsent; left != 0; left &= left - 1)
		transmit_flush_link(worker->link[__builtin_ctzll(left)]);
}

/* @param asked  all sources were asked since the last turn for which that is so */
static void end_turn(struct worker *worker, bool asked, bool late)
{
	if (receive_settles(&worker->receive, asked, late, worker->now_us)) {
		if (worker->timers_due)
			run_timers(worker);
		flows_serve_due(worker);
	}
	if (worker->ageing_left > 0)
		flows_age(worker);
	flush(worker);
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
	end_turn(worker, true, false);
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

/* worker_service() on the worker's lcore: rte_timer runs the jobs. The first source was asked after
 * that TSC. */
static void service(struct worker *worker, bool asked, uint64_t begin)
{
	uint64_t now = rte_rdtsc();

	worker->now_us = clock_read(&worker->clock, now);
	if (++worker->turns % WORKER_MANAGE_TURNS == 0 || worker->shares_cpu)
		run_pending_jobs(worker);
	end_turn(worker, asked,
		 clock_cycles(begin, now) * (CLOCK_US_PER_S / LATE_US) > worker->clock.hz);
}

/* @return packets that came from ports and workers. */
static uint32_t turn(struct worker *worker, uint64_t begin)
{
	uint32_t packets;

	if (worker->round.unasked == worker->links)
		worker->round_begin = begin;
	packets = receive_from_ports(worker);
	packets += receive_handed(worker);
	packets += receive_to_send(worker);
	service(worker, receive_ends_round(&worker->round, worker->links), worker->round_begin);
	/* Time that no packet needs: go on with a request that takes many steps. */
	if (packets == 0 && mailbox_is_open(&worker->request.mail))
		mailbox_serve(worker, &worker->request.mail);
	return packets;
}

void worker_close(struct worker *worker, uint64_t now_us)
{
	struct worker_link *link;

	worker->now_us = now_us;
	flows_remove_all(worker);
	WORKER_FOR_EACH_LINK (worker, link)
		snoop_engine_flush(link->engine);
	flush(worker);
	packet_free_dropped(worker);
	packet_free_dropped(worker);
}

/* Tell the workers of each link that this one has come so far. */
static void arrive(struct worker *worker, bool sent)
{
	struct worker_link *link;

	WORKER_FOR_EACH_LINK (worker, link)
		if (link->handoff != NULL)
			__atomic_sub_fetch(sent ? &link->handoff->sending
						: &link->handoff->receiving,
					   1, __ATOMIC_ACQ_REL);
}

/* @return whether all workers of all its links have come so far. */
static bool all_arrived(const struct worker *worker, bool sent)
{
	const struct worker_link *link;

	WORKER_FOR_EACH_LINK (worker, link)
		if (link->handoff != NULL &&
		    __atomic_load_n(sent ? &link->handoff->sending : &link->handoff->receiving,
				    __ATOMIC_ACQUIRE) != 0)
			return false;
	return true;
}

/*
 * The workers of a link end together: first none receives any more, and what is in the rings to the
 * owners is handled; then all let go of what they hold, and what is in the rings to the TX queues
 * is sent.
 */
static void end_together(struct worker *worker)
{
	bool done;
	uint32_t taken;

	arrive(worker, false);
	do {
		done = all_arrived(worker, false);
		taken = receive_handed(worker) + receive_to_send(worker);
		service(worker, true, rte_rdtsc());
		worker_relax(worker);
	} while (!done || taken > 0);
	worker_close(worker, clock_now_us(&worker->clock));
	arrive(worker, true);
	do {
		done = all_arrived(worker, true);
		taken = receive_to_send(worker);
		flush(worker);
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
	bool alone;

	clock_init(&worker->clock); /* from its creation to here is no step */
	worker->receive.settled_us = clock_now_us(&worker->clock);
	worker->round.unasked = worker->links;
	start_jobs(worker);
	while ((stop = __atomic_load_n(&worker->stop, __ATOMIC_RELAXED)) != WORKER_STOPS) {
		bool busy = turn(worker, begin) > 0;

		if (unlikely(stop == WORKER_EMPTIES) && !busy &&
		    worker->round.unasked == worker->links)
			break;
		idle_turns = busy ? 0 : idle_turns + 1;
		begin = end_of_turn(worker, begin, busy, idle_turns);
	}
	alone = worker_is_alone(worker);
	if (!alone)
		end_together(worker);
	__atomic_store_n(&worker->empty, true, __ATOMIC_RELEASE);
	/* The CPU is for the standby now. */
	while (__atomic_load_n(&worker->stop, __ATOMIC_RELAXED) != WORKER_STOPS)
		nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
	if (alone)
		end_together(worker);
	stop_jobs(worker);
	return 0;
}

void worker_stop(struct worker *worker, enum worker_stop when)
{
	__atomic_store_n(&worker->stop, (uint8_t)when, __ATOMIC_RELAXED);
}
