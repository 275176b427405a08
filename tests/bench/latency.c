/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time from RX to TX. Arrivals and queue are simulated, turns are real: packets arrive at a constant
 * rate, the worker takes at each turn what has come by then, at most a burst per side, and the turn
 * lasts as long as it is measured to last. So neither a generator nor an interrupt on the same core
 * gets into the figures.
 */
#include "run.h"

#include <inttypes.h>
#include <stdlib.h>

#define SAMPLES 200000u
#define WARM_UP 200000u
#define BACKLOG_MAX 1024u /* an RX ring */

struct series {
	uint64_t *cycles;
	uint32_t count;
};

static int compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Where the generator's bursts are cut into what has arrived. */
struct source {
	struct traffic_burst burst;
	uint32_t data_at, ack_at;
};

/* Take `count` packets of what comes next, data and ACKs as they are mixed. */
static int take(struct scene *scene, struct source *source, uint32_t count,
		struct traffic_burst *out)
{
	out->data_count = out->ack_count = 0;
	while (out->data_count + out->ack_count < count) {
		const struct traffic_burst *in = &source->burst;

		if (source->ack_at < in->ack_count && out->ack_count < TRAFFIC_BURST) {
			out->ack[out->ack_count++] = in->ack[source->ack_at++];
		} else if (source->data_at < in->data_count && out->data_count < TRAFFIC_BURST) {
			out->data[out->data_count++] = in->data[source->data_at++];
		} else if (source->ack_at == in->ack_count && source->data_at == in->data_count) {
			if (scene_generate(scene, &source->burst) != 0)
				return -1;
			source->data_at = source->ack_at = 0;
		} else {
			break;
		}
	}
	out->now_us = source->burst.now_us;
	return 0;
}

/* What is left in the source goes through the box too, so that no buffer is missing at the end. */
static int finish(struct scene *scene, struct source *source)
{
	struct traffic_burst *burst = &source->burst;

	box_turn(scene->box, &burst->data[source->data_at], burst->data_count - source->data_at,
		 &burst->ack[source->ack_at], burst->ack_count - source->ack_at, burst->now_us);
	scene_deliver(scene);
	return 0;
}

/* @param gap  cycles between two arrivals; 0 = as fast as it goes, for the capacity */
static int simulate(struct scene *scene, struct source *source, double gap, uint32_t packets,
		    struct series *series)
{
	double clock = 0, arrival = 0; /* cycles; arrival: of the first packet that waits */
	uint32_t done = 0;

	series->count = 0;
	while (done < packets) {
		uint64_t interruptions = machine_interruptions(), cycles, pool;
		struct traffic_burst burst;
		uint32_t waiting = TRAFFIC_BURST, taken;

		if (gap > 0)
			waiting = clock < arrival ? 0
						  : (uint32_t)RTE_MIN((clock - arrival) / gap + 1,
								      (double)TRAFFIC_BURST);
		if (take(scene, source, waiting, &burst) != 0)
			return -1;
		taken = burst.data_count + burst.ack_count;
		pool = scene->box->figures.pool_cycles;
		cycles = box_turn(scene->box, burst.data, burst.data_count, burst.ack,
				  burst.ack_count, burst.now_us);
		scene_deliver(scene);
		cycles += scene->box->figures.pool_cycles - pool;
		if (machine_interruptions() != interruptions) {
			arrival += taken * gap;
			clock = RTE_MAX(clock, arrival);
			continue;
		}
		clock += (double)cycles;
		/* All the empty turns until the next arrival last as long as this one. */
		if (taken == 0 && cycles > 0 && arrival - clock > (double)cycles)
			clock += (double)(uint64_t)((arrival - clock) / (double)cycles) * (double)cycles;
		for (uint32_t i = 0; i < taken; i++, arrival += gap, done++)
			series->cycles[series->count++] = (uint64_t)(clock - arrival);
		/* Further behind than a ring holds: the load is above the capacity. */
		if (gap > 0 && clock - arrival > BACKLOG_MAX * gap)
			arrival = clock - BACKLOG_MAX * gap;
	}
	return 0;
}

static void print(const struct run_setup *setup, struct series *series, const char *load,
		  double mpps, const struct machine *machine)
{
	const double us = machine->tsc_ghz * 1e3;
	double p50, p99, p999;

	qsort(series->cycles, series->count, sizeof(series->cycles[0]), compare);
	p50 = (double)series->cycles[series->count / 2] / us;
	p99 = (double)series->cycles[(uint64_t)series->count * 99 / 100] / us;
	p999 = (double)series->cycles[(uint64_t)series->count * 999 / 1000] / us;
	if (setup->json)
		printf("{\"latency\": \"%s\", \"load\": \"%s\", \"mpps\": %.3f, \"p50_us\": %.2f, "
		       "\"p99_us\": %.2f, \"p999_us\": %.2f, \"steal_percent\": %.1f}\n",
		       box_mode_name(setup->mode), load, mpps, p50, p99, p999,
		       machine_steal_percent(machine));
	else
		printf("%-8s %s load, %.2f Mpps: p50 %.2f us, p99 %.2f us, p99.9 %.2f us; stolen "
		       "%.1f %%\n",
		       box_mode_name(setup->mode), load, mpps, p50, p99, p999,
		       machine_steal_percent(machine));
}

static int measure(struct scene *scene, struct machine machine, struct series *series)
{
	static const struct {
		const char *name;
		double share;
	} loads[] = {{"50 %", 0.5}, {"90 %", 0.9}};
	const struct run_setup *setup = scene->setup;
	struct source source = {.data_at = 0};
	double capacity;

	if (simulate(scene, &source, 0, WARM_UP, series) != 0)
		return -1;
	box_reset(scene->box);
	if (simulate(scene, &source, 0, WARM_UP, series) != 0)
		return -1;
	/* Cycles that a packet takes when there are always enough of them. */
	capacity = (double)(scene->box->figures.turn_cycles + scene->box->figures.pool_cycles) /
		   (double)scene->box->figures.packets;
	machine_steal_start(&machine);
	if (setup->mpps > 0) {
		if (simulate(scene, &source, machine.tsc_ghz * 1e3 / setup->mpps, SAMPLES, series) !=
		    0)
			return -1;
		print(setup, series, "given", setup->mpps, &machine);
		return finish(scene, &source);
	}
	for (size_t i = 0; i < RTE_DIM(loads); i++) {
		double gap = capacity / loads[i].share;

		if (simulate(scene, &source, gap, SAMPLES, series) != 0)
			return -1;
		print(setup, series, loads[i].name, machine.tsc_ghz * 1e3 / gap, &machine);
	}
	return finish(scene, &source);
}

int run_latency(const struct run_setup *setup, const struct machine *machine)
{
	struct series series = {
		.cycles = malloc((SAMPLES + 2 * TRAFFIC_BURST) * sizeof(series.cycles[0]))};
	struct scene scene;
	int failed = -1;

	if (series.cycles == NULL || scene_open(&scene, setup, 0, machine) != 0) {
		free(series.cycles);
		return -1;
	}
	failed = measure(&scene, *machine, &series);
	free(series.cycles);
	return scene_close(&scene) | failed;
}
