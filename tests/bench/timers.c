/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The timers of flows, made in three ways: on the wheel of the appliance, as one rte_timer per flow
 * that every packet moves, and as one rte_timer per flow that is moved only when it fires.
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_timer.h>

#include <flow/timer.h>
#include <snoopd/base/clock.h>

#define BURST 32u
#define PACKETS_PER_FLOW 4u
#define PACKETS_MIN 1000000u
#define RTO_US 200000u	  /* a packet moves its flow's deadline this far ahead */
#define SPREAD_US 100000u /* over which the deadlines of all flows are spread for the expiry */
#define TICK_US 100u	  /* as the worker's */
#define MARGIN_US 300000u
#define EXPIRY_MAX_US 5000000u /* on a machine that does not come to it */
/* A run that took longer lost the CPU meanwhile. */
#define INTERRUPTED_US 50u
#define EXPIRY_US 2u /* and so much more for each timer that fired */

struct bench {
	uint32_t flows;
	struct clock clock;
	struct flow_record *records;
	struct flow_timers wheel;
	uint64_t tick_us;
	struct rte_timer *timers;
	uint64_t expired;
	uint64_t random;
};

struct way {
	const char *name;
	void (*move)(struct bench *bench, uint32_t flow, uint64_t deadline_us, uint64_t now_us);
	void (*run)(struct bench *bench, uint64_t now_us);
};

static struct bench bench;

static uint32_t draw(uint32_t below)
{
	bench.random = bench.random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((bench.random >> 32) * below >> 32);
}

static void move_on_wheel(struct bench *on, uint32_t flow, uint64_t deadline_us, uint64_t now_us)
{
	on->records[flow].flow.deadline_us = deadline_us;
	flow_timer_update(&on->wheel, &on->records[flow], now_us);
}

static void run_wheel(struct bench *on, uint64_t now_us)
{
	struct flow_record *record;

	if (now_us >= on->tick_us)
		on->tick_us = flow_timers_run(&on->wheel, now_us) ? now_us : now_us + TICK_US;
	while ((record = flow_timers_pop(&on->wheel)) != NULL) {
		record->flow.deadline_us = SNOOP_NEVER;
		on->expired++;
	}
}

static void arm(struct bench *on, uint32_t flow, uint64_t deadline_us, uint64_t now_us,
		rte_timer_cb_t callback)
{
	/* The scheduler may have taken the CPU away until after the deadline. */
	uint64_t after_us = deadline_us > now_us ? deadline_us - now_us : 0;
	uint64_t ticks = after_us * (rte_get_timer_hz() / CLOCK_US_PER_S);

	rte_timer_reset(&on->timers[flow], ticks, SINGLE, rte_lcore_id(), callback,
			(void *)(uintptr_t)flow);
}

static void expired(struct rte_timer *timer, void *argument)
{
	bench.expired++;
}

static void move_timer(struct bench *on, uint32_t flow, uint64_t deadline_us, uint64_t now_us)
{
	arm(on, flow, deadline_us, now_us, expired);
}

static void fired(struct rte_timer *timer, void *argument)
{
	uint32_t flow = (uint32_t)(uintptr_t)argument;
	uint64_t now_us = clock_now_us(&bench.clock);
	uint64_t deadline_us = bench.records[flow].flow.deadline_us;

	if (deadline_us > now_us)
		arm(&bench, flow, deadline_us, now_us, fired);
	else
		bench.expired++;
}

static void move_lazily(struct bench *on, uint32_t flow, uint64_t deadline_us, uint64_t now_us)
{
	on->records[flow].flow.deadline_us = deadline_us;
	if (!rte_timer_pending(&on->timers[flow]))
		arm(on, flow, deadline_us, now_us, fired);
}

static void run_timers_now(struct bench *on, uint64_t now_us)
{
	rte_timer_manage();
}

/* Packets of all flows in random order. @return cycles per packet, running timers included. */
static double measure_moves(const struct way *way)
{
	uint64_t packets = RTE_MAX((uint64_t)bench.flows * PACKETS_PER_FLOW, PACKETS_MIN);
	uint64_t start = rte_rdtsc();

	for (uint64_t done = 0; done < packets; done += BURST) {
		uint64_t now_us = clock_now_us(&bench.clock);

		for (uint32_t i = 0; i < BURST; i++)
			way->move(&bench, draw(bench.flows), now_us + RTO_US, now_us);
		way->run(&bench, now_us);
	}
	return (double)(rte_rdtsc() - start) / (double)packets;
}

/* No packet comes any more. @return cycles per flow that expires. */
static double measure_expiry(const struct way *way, double move_cycles)
{
	uint64_t hz = rte_get_tsc_hz(), cycles = 0, counted = 0,
		 now_us = clock_now_us(&bench.clock);
	/* All are armed by then. */
	uint64_t first_us = now_us + MARGIN_US +
			    (uint64_t)(3 * move_cycles * bench.flows * CLOCK_US_PER_S / (double)hz);

	for (uint32_t i = 0; i < bench.flows; i++)
		way->move(&bench, i, first_us + draw(SPREAD_US), clock_now_us(&bench.clock));
	while (clock_now_us(&bench.clock) < first_us)
		way->run(&bench, clock_now_us(&bench.clock));
	bench.expired = 0;
	while (bench.expired < bench.flows &&
	       clock_now_us(&bench.clock) < first_us + SPREAD_US + EXPIRY_MAX_US) {
		uint64_t before = bench.expired, start = rte_rdtsc(), took, fired_now;

		way->run(&bench, clock_now_us(&bench.clock));
		took = rte_rdtsc() - start;
		fired_now = bench.expired - before;
		if (fired_now == 0 ||
		    took > hz / CLOCK_US_PER_S * (INTERRUPTED_US + fired_now * EXPIRY_US))
			continue;
		cycles += took;
		counted += fired_now;
	}
	return (double)cycles / (double)RTE_MAX(counted, 1u);
}

static int open_bench(uint32_t flows)
{
	bench = (struct bench){.flows = flows, .random = 1};
	clock_init(&bench.clock);
	bench.records = aligned_alloc(RTE_CACHE_LINE_SIZE, flows * sizeof(*bench.records));
	bench.timers = calloc(flows, sizeof(*bench.timers));
	if (bench.records == NULL || bench.timers == NULL || rte_timer_subsystem_init() != 0) {
		fprintf(stderr, "snoopd-bench: no memory for the timers of %u flows\n", flows);
		return -1;
	}
	memset(bench.records, 0, flows * sizeof(*bench.records));
	for (uint32_t i = 0; i < flows; i++) {
		bench.records[i].flow.deadline_us = SNOOP_NEVER;
		rte_timer_init(&bench.timers[i]);
	}
	flow_timers_init(&bench.wheel, bench.records);
	return 0;
}

static void close_bench(void)
{
	rte_timer_subsystem_finalize();
	free(bench.timers);
	free(bench.records);
}

static int measure(uint32_t flows, bool json)
{
	static const struct way ways[] = {
		{"wheel, one tick", move_on_wheel, run_wheel},
		{"rte_timer per flow", move_timer, run_timers_now},
		{"rte_timer per flow, moved when it fires", move_lazily, run_timers_now},
	};
	double moves[RTE_DIM(ways)], expiries[RTE_DIM(ways)];

	if (open_bench(flows) != 0)
		return -1;
	for (unsigned int i = 0; i < RTE_DIM(ways); i++) {
		moves[i] = measure_moves(&ways[i]);
		expiries[i] = measure_expiry(&ways[i], moves[i]);
	}
	close_bench();
	for (unsigned int i = 0; i < RTE_DIM(ways); i++)
		printf(json ? "{\"flows\": %u, \"timers\": \"%s\", \"cycles_per_packet\": %.1f, "
			      "\"cycles_per_expiry\": %.1f, \"ratio_packet\": %.2f, "
			      "\"ratio_expiry\": %.2f}\n"
			    : "%u flows, %s: %.0f cycles per packet, %.0f per expiry; "
			      "%.1f and %.1f times the wheel's\n",
		       flows, ways[i].name, moves[i], expiries[i], moves[i] / moves[0],
		       expiries[i] / expiries[0]);
	return 0;
}

int run_timers(const struct run_setup *setup)
{
	static const uint32_t sizes[] = {10000, 1000000};

	for (unsigned int i = 0; i < RTE_DIM(sizes); i++)
		if (measure(setup->small ? sizes[i] / 10 : sizes[i], setup->json) != 0)
			return -1;
	return 0;
}
