/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time from RX to TX. Arrivals and queue are simulated, turns are real: packets arrive at a
 * constant rate, the worker takes at each turn what has come by then, and the turn lasts as long as
 * it is measured to last.
 *
 * What a turn takes from the queue follows from the mean turn, so that every pass is the same turn
 * for turn; a turn's time is its shortest of several passes. Interrupts and other guests of the
 * machine, which a turn cannot see, never hit the same one each time: they fall out, for the plain
 * wire too.
 */
#include "run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 200000u
#define WARM_UP 200000u
#define TURNS_MAX (SAMPLES + TRAFFIC_BURST)
#define PASSES 5u
#define FIT_PASSES 2u
#define EMPTY_TURNS 1000u

/* What arrives when. */
struct load {
	double gap;	     /* cycles between two arrivals; 0 = there are always enough */
	double poll;	     /* cycles of an empty turn */
	double turn, packet; /* the mean turn with packets: so many cycles, and so many for each */
};

/* The shortest times of a load's turns. */
struct timeline {
	uint32_t turns, packets;
	uint8_t counts[TURNS_MAX];
	uint64_t cycles[TURNS_MAX];
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
static void finish(struct scene *scene, struct source *source)
{
	struct traffic_burst *burst = &source->burst;

	box_turn(scene->box, 0, &burst->data[source->data_at], burst->data_count - source->data_at,
		 &burst->ack[source->ack_at], burst->ack_count - source->ack_at, burst->now_us);
	scene_deliver(scene);
}

static uint64_t turn(struct scene *scene, struct traffic_burst *burst)
{
	uint64_t pool = scene->box->figures.pool_cycles, cycles;

	cycles = box_turn(scene->box, 0, burst->data, burst->data_count, burst->ack,
			  burst->ack_count, burst->now_us);
	scene_deliver(scene);
	return cycles + scene->box->figures.pool_cycles - pool;
}

/* The next poll at or after a time. */
static double poll_after(double clock, double time, double turn_cycles)
{
	return clock >= time ? clock : clock + ceil((time - clock) / turn_cycles) * turn_cycles;
}

static int pass(struct scene *scene, struct source *source, const struct load *load,
		uint32_t packets, struct timeline *trace)
{
	double clock = 0, arrival = 0; /* arrival: of the first packet that waits */
	struct traffic_burst burst;

	trace->turns = trace->packets = 0;
	while (trace->packets < packets) {
		uint32_t waiting = TRAFFIC_BURST, taken;
		uint64_t cycles;

		if (load->gap > 0) {
			clock = poll_after(clock, arrival, load->poll);
			waiting = (uint32_t)RTE_MIN((clock - arrival) / load->gap + 1,
						    (double)TRAFFIC_BURST);
		}
		if (take(scene, source, waiting, &burst) != 0)
			return -1;
		taken = burst.data_count + burst.ack_count;
		cycles = turn(scene, &burst);
		clock += load->turn + taken * load->packet;
		arrival += taken * load->gap;
		trace->cycles[trace->turns] = RTE_MIN(trace->cycles[trace->turns], cycles);
		trace->counts[trace->turns++] = (uint8_t)taken;
		trace->packets += taken;
	}
	return 0;
}

static uint64_t empty_turn(struct scene *scene)
{
	struct traffic_burst none = {.now_us = scene->burst.now_us};
	uint64_t cycles[EMPTY_TURNS];

	for (uint32_t i = 0; i < EMPTY_TURNS; i++)
		cycles[i] = turn(scene, &none);
	qsort(cycles, EMPTY_TURNS, sizeof(cycles[0]), compare);
	return RTE_MAX(cycles[EMPTY_TURNS / 2], 1u);
}

/* @param empty  may be NULL */
static int run_passes(const struct run_setup *setup, const struct machine *machine,
		      const struct load *load, uint32_t passes, struct timeline *trace,
		      uint64_t *empty)
{
	static struct timeline warm_up;
	const struct load always = {0};
	int failed = 0;

	memset(trace->cycles, 0xff, sizeof(trace->cycles));
	for (uint32_t i = 0; i < passes && !failed; i++) {
		struct source source = {.data_at = 0};
		struct scene scene;

		if (scene_open(&scene, setup, 0, machine) != 0)
			return -1;
		failed = pass(&scene, &source, &always, WARM_UP, &warm_up);
		if (!failed)
			failed = pass(&scene, &source, load, SAMPLES, trace);
		if (!failed && empty != NULL)
			*empty = empty_turn(&scene);
		finish(&scene, &source);
		failed |= scene_close(&scene);
	}
	return failed;
}

static double mean_cycles(const struct timeline *trace)
{
	uint64_t cycles = 0;

	for (uint32_t i = 0; i < trace->turns; i++)
		cycles += trace->cycles[i];
	return (double)cycles / trace->turns;
}

/* Small bursts cost more per packet than full ones: the line through the means of both. */
static int fit(const struct run_setup *setup, const struct machine *machine, struct load *load,
	       struct timeline *trace, double full_cycles)
{
	double packets;

	if (run_passes(setup, machine, load, FIT_PASSES, trace, NULL) != 0)
		return -1;
	packets = (double)trace->packets / trace->turns;
	if (packets > TRAFFIC_BURST / 2)
		return 0; /* full enough for what is known already */
	load->packet = RTE_MAX((full_cycles - mean_cycles(trace)) / (TRAFFIC_BURST - packets), 0.0);
	load->turn = full_cycles - load->packet * TRAFFIC_BURST;
	return 0;
}

/* The queue with the turns as they were measured. */
static void play(const struct load *load, const struct timeline *trace, uint64_t *waits)
{
	double clock = 0, arrival = 0;
	uint32_t packet = 0;

	for (uint32_t i = 0; i < trace->turns; i++) {
		double last = arrival + (trace->counts[i] - 1) * load->gap;

		clock = poll_after(clock, last, load->poll) + (double)trace->cycles[i];
		for (uint32_t k = 0; k < trace->counts[i]; k++, arrival += load->gap)
			waits[packet++] = (uint64_t)(clock - arrival);
	}
}

static void print(const struct run_setup *setup, uint64_t *waits, uint32_t count, const char *load,
		  double mpps, const struct machine *machine)
{
	const double us = machine->tsc_ghz * 1e3;
	double p50, p99, p999;

	qsort(waits, count, sizeof(waits[0]), compare);
	p50 = (double)waits[count / 2] / us;
	p99 = (double)waits[(uint64_t)count * 99 / 100] / us;
	p999 = (double)waits[(uint64_t)count * 999 / 1000] / us;
	if (setup->json)
		printf("{\"latency\": \"%s\", \"load\": \"%s\", \"mpps\": %.3f, \"p50_us\": %.3f, "
		       "\"p99_us\": %.3f, \"p999_us\": %.3f, \"steal_percent\": %.1f}\n",
		       box_mode_name(setup->mode), load, mpps, p50, p99, p999,
		       machine_steal_percent(machine));
	else
		printf("%-8s %s load, %.2f Mpps: p50 %.2f us, p99 %.2f us, p99.9 %.2f us; stolen "
		       "%.1f %%\n",
		       box_mode_name(setup->mode), load, mpps, p50, p99, p999,
		       machine_steal_percent(machine));
}

static int measure(const struct run_setup *setup, struct machine machine, struct timeline *trace,
		   uint64_t *waits)
{
	static const struct {
		const char *name;
		double share;
	} loads[RUN_LOADS] = {{"50 %", 0.5}, {"90 %", 0.9}};
	struct load load = {0};
	uint64_t empty = 1;
	double capacity, full_cycles;

	machine_steal_start(&machine);
	if (run_passes(setup, &machine, &load, PASSES, trace, &empty) != 0)
		return -1;
	/* Cycles that a packet takes when there are always enough of them. */
	full_cycles = mean_cycles(trace);
	capacity = full_cycles * trace->turns / trace->packets;
	for (size_t i = 0; i < RUN_LOADS; i++) {
		bool given = setup->mpps[i] > 0;

		load = (struct load){
			.gap = given ? machine.tsc_ghz * 1e3 / setup->mpps[i]
				     : capacity / loads[i].share,
			.poll = (double)empty,
			.turn = (double)empty,
			.packet = RTE_MAX(full_cycles - (double)empty, 0.0) / TRAFFIC_BURST,
		};
		if (fit(setup, &machine, &load, trace, full_cycles) != 0 ||
		    run_passes(setup, &machine, &load, PASSES, trace, NULL) != 0)
			return -1;
		play(&load, trace, waits);
		print(setup, waits, trace->packets, given ? "given" : loads[i].name,
		      machine.tsc_ghz * 1e3 / load.gap, &machine);
	}
	return 0;
}

int run_latency(const struct run_setup *setup, const struct machine *machine)
{
	struct timeline *trace = malloc(sizeof(*trace));
	uint64_t *waits = malloc(TURNS_MAX * sizeof(*waits));
	int failed = -1;

	if (trace != NULL && waits != NULL)
		failed = measure(setup, *machine, trace, waits);
	free(trace);
	free(waits);
	return failed;
}
