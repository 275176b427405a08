/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_pause.h>

#define WARM_UP_WINDOWS 3u

/* Workers that measure at the same time: each begins when all are there, and goes on until all are
 * done. */
struct together {
	uint32_t workers;
	uint32_t there, done; /* atomic */
};

/* What an lcore measures. */
struct lane {
	struct scene scene;
	struct machine machine;
	struct together *together; /* NULL = alone */
	struct run_figures all[RUN_ROUNDS_MAX];
	int failed;
};

struct totals {
	uint64_t lost, retransmits, sender_retransmits, packets;
};

static int run_packets(struct scene *scene, uint64_t packets)
{
	for (uint32_t i = 0; i < scene->box_count; i++)
		box_reset(scene->boxes[i]);
	scene->generator_cycles = 0;
	while (scene_packets(scene) < packets)
		if (scene_run(scene) != 0)
			return -1;
	return 0;
}

static uint64_t box_cycles(const struct box *box)
{
	return box->figures.turn_cycles + box->figures.pool_cycles;
}

/* Of several workers the busiest one is the limit. */
static struct run_figures take_figures(const struct scene *scene, struct machine *machine)
{
	double packets = (double)scene_packets(scene);
	const struct box *busiest = scene->box;
	uint64_t turns = 0, bytes = 0;

	for (uint32_t i = 0; i < scene->box_count; i++) {
		if (box_cycles(scene->boxes[i]) > box_cycles(busiest))
			busiest = scene->boxes[i];
		bytes += scene->boxes[i]->figures.bytes;
		turns += scene->boxes[i]->figures.turns;
	}
	return (struct run_figures){
		.cycles = (double)busiest->figures.turn_cycles / packets,
		.pool_cycles = (double)busiest->figures.pool_cycles / packets,
		.all_cycles = (double)box_cycles(busiest) / packets,
		.generator_cycles = (double)scene->generator_cycles / packets,
		.misses = (double)machine_misses_take(machine) / packets,
		.worst_us = (double)busiest->figures.turn_max_cycles / (machine->tsc_ghz * 1e3),
		.bytes = (double)bytes / packets,
		.turn_packets = packets / (double)turns * scene->box_count,
		.steal = machine_steal_percent(machine),
	};
}

static int compare(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Others on the machine only ever add cycles. */
static double least_cycles(const struct run_figures *all, uint32_t count)
{
	double least = all[0].all_cycles;

	for (uint32_t i = 1; i < count; i++)
		least = RTE_MIN(least, all[i].all_cycles);
	return least;
}

#define MEDIAN(figures, count, field)                                                              \
	__extension__({                                                                            \
		double values[RUN_ROUNDS_MAX];                                                     \
		for (uint32_t at = 0; at < (count); at++)                                          \
			values[at] = (figures)[at].field;                                          \
		qsort(values, (count), sizeof(values[0]), compare);                                \
		values[(count) / 2];                                                               \
	})

static void add_box(const struct box *box, struct totals *totals)
{
	const struct worker_link *link;

	totals->packets += box->packets_total;
	if (box->worker == NULL)
		return;
	WORKER_FOR_EACH_LINK (box->worker, link)
		totals->retransmits += link->counters.retransmits_scoreboard +
				       link->counters.retransmits_timeout +
				       link->counters.retransmits_shield;
}

static struct totals add_up(const struct lane *lanes, uint32_t count)
{
	struct totals totals = {0};

	for (uint32_t i = 0; i < count; i++) {
		const struct scene *scene = &lanes[i].scene;

		for (uint32_t k = 0; k < scene->setup->links; k++) {
			const struct traffic_stats *stats = traffic_stats(scene->traffic[k]);

			totals.lost += stats->lost;
			totals.sender_retransmits += stats->sender_retransmits;
		}
		for (uint32_t k = 0; k < scene->box_count; k++)
			add_box(scene->boxes[k], &totals);
	}
	return totals;
}

/* Independent workers: their rates add up. */
static void combine(const struct lane *lanes, uint32_t count, uint32_t rounds,
		    struct run_figures *all)
{
	for (uint32_t i = 0; i < rounds; i++) {
		double rate = 0, pool = 0, bytes = 0;

		all[i] = lanes[0].all[i];
		for (uint32_t k = 0; k < count; k++) {
			rate += 1 / lanes[k].all[i].all_cycles;
			pool += lanes[k].all[i].pool_cycles / count;
			bytes += lanes[k].all[i].bytes / count;
			all[i].worst_us = RTE_MAX(all[i].worst_us, lanes[k].all[i].worst_us);
		}
		all[i].all_cycles = 1 / rate;
		all[i].pool_cycles = pool / count;
		all[i].cycles = all[i].all_cycles - all[i].pool_cycles;
		all[i].bytes = bytes;
	}
}

static const char *distribution(const struct run_setup *setup)
{
	return setup->workers == 1 ? "none" : setup->handoff ? "software" : "rss";
}

static bool at_once(const struct run_setup *setup)
{
	return setup->workers > 1 && rte_lcore_count() >= setup->workers;
}

static void print_json(const struct run_setup *setup, const struct lane *lanes,
		       const struct machine *machine, const struct run_figures *all)
{
	uint32_t count = setup->rounds;
	struct totals totals = add_up(lanes, setup->handoff ? 1 : setup->workers);
	double all_cycles = MEDIAN(all, count, all_cycles), misses = MEDIAN(all, count, misses);
	double mpps = machine->tsc_ghz * 1e3 / all_cycles;

	printf("{\"mode\": \"%s\", \"udp\": %s, \"nic_checksum\": %s, \"flows\": %u, "
	       "\"window\": %u, \"frame_bytes\": %u, \"loss_ppm\": %u, \"links\": %u, "
	       "\"workers\": %u, "
	       "\"distribution\": \"%s\", \"at_once\": %s, \"packets_per_turn\": %.1f, "
	       "\"cycles_per_packet\": %.1f, \"pool_cycles_per_packet\": %.1f, "
	       "\"generator_cycles_per_packet\": %.1f, \"mpps\": %.3f, \"gbps\": %.2f, "
	       "\"least_cycles_per_packet\": %.1f, \"misses_per_packet\": ",
	       box_mode_name(setup->mode), setup->udp ? "true" : "false",
	       setup->nic_checksum ? "true" : "false", setup->traffic.flows, setup->traffic.window,
	       setup->traffic.frame_bytes, setup->traffic.loss_ppm, setup->links, setup->workers,
	       distribution(setup), at_once(setup) ? "true" : "false",
	       MEDIAN(all, count, turn_packets), MEDIAN(all, count, cycles),
	       MEDIAN(all, count, pool_cycles), MEDIAN(all, count, generator_cycles), mpps,
	       mpps * MEDIAN(all, count, bytes) * 8 / 1e3, least_cycles(all, count));
	if (misses < 0)
		printf("null");
	else
		printf("%.2f", misses);
	printf(", \"worst_turn_us\": %.1f, \"bytes_per_flow\": %.0f, "
	       "\"bytes_per_segment\": %.0f, \"steal_percent\": %.1f, \"lost\": %" PRIu64
	       ", \"retransmits\": %" PRIu64 ", \"sender_retransmits\": %" PRIu64
	       ", \"packets_total\": %" PRIu64 ", \"tsc_ghz\": %.3f}\n",
	       MEDIAN(all, count, worst_us), lanes[0].scene.box->flow_bytes,
	       lanes[0].scene.box->segment_bytes, MEDIAN(all, count, steal), totals.lost,
	       totals.retransmits, totals.sender_retransmits, totals.packets, machine->tsc_ghz);
}

static void print(const struct run_setup *setup, const struct lane *lanes,
		  const struct machine *machine, const struct run_figures *all)
{
	uint32_t count = setup->rounds;
	struct totals totals = add_up(lanes, setup->handoff ? 1 : setup->workers);
	double all_cycles = MEDIAN(all, count, all_cycles), misses = MEDIAN(all, count, misses);
	double mpps = machine->tsc_ghz * 1e3 / all_cycles;

	printf("%s%s%s, %u flows, window %u, %u-byte frames, loss %.2f %%\n",
	       box_mode_name(setup->mode), setup->udp ? ", UDP" : "",
	       setup->nic_checksum ? ", checksums by the NIC" : "", setup->traffic.flows,
	       setup->traffic.window, setup->traffic.frame_bytes, setup->traffic.loss_ppm / 1e4);
	if (setup->links > 1)
		printf("  %u links\n", setup->links);
	if (setup->workers > 1)
		printf("  %u workers, distribution %s, measured %s\n", setup->workers,
		       distribution(setup), at_once(setup) ? "at once" : "one after the other");
	printf("  %.0f cycles per packet (worker %.0f, mbuf pool %.0f; least %.0f), %.2f Mpps, "
	       "%.1f "
	       "Gb/s%s at %.2f GHz; %.1f packets per turn\n",
	       all_cycles, MEDIAN(all, count, cycles), MEDIAN(all, count, pool_cycles),
	       least_cycles(all, count), mpps, mpps * MEDIAN(all, count, bytes) * 8 / 1e3,
	       setup->workers > 1 ? "" : " per lcore", machine->tsc_ghz,
	       MEDIAN(all, count, turn_packets));
	printf("  generator %.0f cycles per packet (not in the above); cache misses per packet: ",
	       MEDIAN(all, count, generator_cycles));
	if (misses < 0)
		printf("n/a (no counter on this machine)\n");
	else
		printf("%.2f\n", misses);
	printf("  worst turn %.1f us; %.0f bytes per flow, %.0f per cached segment beyond its "
	       "mbuf; lost %" PRIu64 ", retransmitted %" PRIu64 ", by the sender %" PRIu64
	       "; stolen %.1f %%\n",
	       MEDIAN(all, count, worst_us), lanes[0].scene.box->flow_bytes,
	       lanes[0].scene.box->segment_bytes, totals.lost, totals.retransmits,
	       totals.sender_retransmits, MEDIAN(all, count, steal));
}

static void begin_together(struct together *together, uint32_t round)
{
	if (together == NULL)
		return;
	__atomic_add_fetch(&together->there, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&together->there, __ATOMIC_ACQUIRE) < together->workers * round)
		rte_pause();
}

/* An idle neighbour would leave the others its share of caches and memory. */
static int end_together(struct together *together, uint32_t round, struct scene *scene)
{
	int failed = 0;

	if (together == NULL)
		return 0;
	__atomic_add_fetch(&together->done, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&together->done, __ATOMIC_ACQUIRE) < together->workers * round)
		if (failed == 0)
			failed = scene_run(scene);
	return failed;
}

static int measure(void *argument)
{
	struct lane *lane = argument;
	const struct run_setup *setup = lane->scene.setup;

	lane->failed = run_packets(&lane->scene, (uint64_t)WARM_UP_WINDOWS * setup->traffic.flows *
							 setup->traffic.window);
	machine_misses_take(&lane->machine);
	for (uint32_t i = 0; i < setup->rounds; i++) {
		begin_together(lane->together, i + 1);
		machine_steal_start(&lane->machine);
		if (lane->failed == 0)
			lane->failed = run_packets(&lane->scene, setup->packets);
		lane->all[i] = take_figures(&lane->scene, &lane->machine);
		lane->failed |= end_together(lane->together, i + 1, &lane->scene);
	}
	return lane->failed;
}

static int measure_all(const struct run_setup *setup, struct lane *lanes, uint32_t count)
{
	struct together together = {.workers = count};
	unsigned int lcore;
	uint32_t at = 1;
	int failed = 0;

	if (count > 1 && at_once(setup)) {
		for (uint32_t i = 0; i < count; i++)
			lanes[i].together = &together;
		for (lcore = rte_get_next_lcore(UINT_MAX, 1, 0); lcore < RTE_MAX_LCORE;
		     lcore = rte_get_next_lcore(lcore, 1, 0))
			if (at < count)
				rte_eal_remote_launch(measure, &lanes[at++], lcore);
		measure(&lanes[0]);
		rte_eal_mp_wait_lcore();
	} else {
		for (uint32_t i = 0; i < count; i++)
			measure(&lanes[i]);
	}
	for (uint32_t i = 0; i < count; i++)
		failed |= lanes[i].failed;
	return failed;
}

/* Under RSS each worker has its part of the connections, and nothing in common with the others. */
static int open_lanes(const struct run_setup *setup, struct run_setup *part, struct lane *lanes,
		      uint32_t count, const struct machine *machine)
{
	*part = *setup;
	part->traffic.flows = setup->traffic.flows / count;
	part->traffic.stations = RTE_MAX(setup->traffic.stations / count, 1u);
	for (uint32_t i = 0; i < count; i++) {
		lanes[i].machine = *machine;
		if (count > 1)
			lanes[i].machine.miss_counter = -1; /* it counts one thread */
		if (scene_open(&lanes[i].scene, part, i, &lanes[i].machine) != 0)
			return -1;
	}
	return 0;
}

int run_steady(const struct run_setup *setup, const struct machine *machine)
{
	static struct lane lanes[RUN_WORKERS_MAX];
	uint32_t count = setup->handoff ? 1 : setup->workers;
	struct run_figures all[RUN_ROUNDS_MAX];
	struct run_setup part;
	int failed;

	if (open_lanes(setup, &part, lanes, count, machine) != 0)
		return -1;
	failed = measure_all(setup, lanes, count);
	if (!failed) {
		combine(lanes, count, setup->rounds, all);
		if (setup->json)
			print_json(setup, lanes, machine, all);
		else
			print(setup, lanes, machine, all);
	}
	for (uint32_t i = 0; i < count; i++)
		failed |= scene_close(&lanes[i].scene);
	return failed;
}
