/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "packet.h"

/* Frames are written so many turns ahead: as with a NIC's ring they have left the L1 cache when the
 * worker comes to them. */
#define TURNS_AHEAD 8u
#define WARM_UP_WINDOWS 3u
#define UDP_PORT 5000

struct figures {
	double cycles, pool_cycles, generator_cycles, misses, all_cycles;
	double worst_us, bytes, steal;
};

int scene_open(struct scene *scene, const struct run_setup *setup, const struct machine *machine)
{
	const struct traffic_setup *traffic = &setup->traffic;
	struct box_setup box = {
		.mode = setup->mode,
		.flows = traffic->flows,
		.stations = traffic->stations,
		.segments = traffic->flows * traffic->window + 4096,
		.spare_buffers = BOX_SENT_ROOM + 4096,
		.nic_checksum = setup->nic_checksum,
	};

	memset(scene, 0, sizeof(*scene));
	scene->setup = setup;
	scene->box = box_create(machine, &box);
	if (scene->box == NULL)
		return -1;
	scene->traffic = traffic_create(traffic);
	if (scene->traffic == NULL) {
		fprintf(stderr, "snoopd-bench: no memory for %u flows\n", traffic->flows);
		return -1;
	}
	return 0;
}

int scene_close(struct scene *scene)
{
	int failed;

	rte_pktmbuf_free_bulk(scene->stock, scene->stock_count);
	failed = box_destroy(scene->box, scene->burst.now_us);
	traffic_destroy(scene->traffic);
	return failed;
}

static uint32_t generate_udp(struct scene *scene, struct traffic_burst *burst)
{
	struct packet packet = {.kind = PACKET_UDP, .port = UDP_PORT};

	for (uint32_t i = 0; i < TRAFFIC_BURST + TRAFFIC_BURST / 2; i++) {
		packet.to_station = i < TRAFFIC_BURST;
		packet.station = scene->udp_next++ % scene->setup->traffic.stations;
		packet_write(scene->stock[i], &packet,
			     packet.to_station ? scene->setup->traffic.frame_bytes : 64);
		if (packet.to_station)
			burst->data[i] = scene->stock[i];
		else
			burst->ack[i - TRAFFIC_BURST] = scene->stock[i];
	}
	burst->data_count = TRAFFIC_BURST;
	burst->ack_count = TRAFFIC_BURST / 2;
	burst->now_us = scene->burst.now_us + TRAFFIC_BURST / 8;
	return burst->data_count + burst->ack_count;
}

int scene_generate(struct scene *scene, struct traffic_burst *burst)
{
	uint32_t used;
	uint64_t start;

	if (box_take(scene->box, &scene->stock[scene->stock_count],
		     2 * TRAFFIC_BURST - scene->stock_count) != 0)
		return -1;
	start = rte_rdtsc();
	used = scene->setup->udp ? generate_udp(scene, burst)
				 : traffic_next(scene->traffic, scene->stock, burst);
	if (scene->setup->nic_checksum)
		for (uint32_t i = 0; i < used; i++)
			scene->stock[i]->ol_flags |=
				RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	scene->stock_count = 2 * TRAFFIC_BURST - used;
	memmove(scene->stock, &scene->stock[used], scene->stock_count * sizeof(scene->stock[0]));
	scene->burst.now_us = burst->now_us;
	scene->generator_cycles += rte_rdtsc() - start;
	return 0;
}

void scene_deliver(struct scene *scene)
{
	struct box *box = scene->box;
	uint64_t start = rte_rdtsc();

	if (!scene->setup->udp)
		for (uint32_t i = 0; i < box->sent_count; i++)
			traffic_deliver(scene->traffic, box->sent[i]);
	scene->generator_cycles += rte_rdtsc() - start;
	box_release(box);
}

static int run_turns(struct scene *scene)
{
	struct traffic_burst bursts[TURNS_AHEAD];
	struct box_figures before = scene->box->figures;
	uint64_t interruptions = machine_interruptions();

	for (uint32_t i = 0; i < TURNS_AHEAD; i++)
		if (scene_generate(scene, &bursts[i]) != 0)
			return -1;
	machine_misses_start(scene->box->machine);
	for (uint32_t i = 0; i < TURNS_AHEAD; i++)
		box_turn(scene->box, bursts[i].data, bursts[i].data_count, bursts[i].ack,
			 bursts[i].ack_count, bursts[i].now_us);
	machine_misses_stop(scene->box->machine);
	scene_deliver(scene);
	if (!scene->setup->all_turns && machine_interruptions() != interruptions)
		scene->box->figures = before;
	return 0;
}

static int run_packets(struct scene *scene, uint64_t packets)
{
	box_reset(scene->box);
	scene->generator_cycles = 0;
	while (scene->box->figures.packets < packets)
		if (run_turns(scene) != 0)
			return -1;
	return 0;
}

static struct figures take_figures(const struct scene *scene, struct machine *machine)
{
	const struct box *box = scene->box;
	double packets = (double)box->figures.packets;

	return (struct figures){
		.cycles = (double)box->figures.turn_cycles / packets,
		.pool_cycles = (double)box->figures.pool_cycles / packets,
		.all_cycles = (double)(box->figures.turn_cycles + box->figures.pool_cycles) / packets,
		.generator_cycles = (double)scene->generator_cycles / packets,
		.misses = (double)machine_misses_take(machine) / packets,
		.worst_us = (double)box->figures.turn_max_cycles / (machine->tsc_ghz * 1e3),
		.bytes = (double)box->figures.bytes / packets,
		.steal = machine_steal_percent(machine),
	};
}

static int compare(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Others on the machine only ever add cycles. */
static double least_cycles(const struct figures *all, uint32_t count)
{
	double least = all[0].all_cycles;

	for (uint32_t i = 1; i < count; i++)
		least = RTE_MIN(least, all[i].all_cycles);
	return least;
}

#define MEDIAN(figures, count, field)                                                              \
	__extension__({                                                                            \
		double values[RUN_REPEATS_MAX];                                                    \
		for (uint32_t at = 0; at < (count); at++)                                          \
			values[at] = (figures)[at].field;                                          \
		qsort(values, (count), sizeof(values[0]), compare);                                \
		values[(count) / 2];                                                               \
	})

static void print(const struct scene *scene, const struct machine *machine,
		  const struct figures *all)
{
	const struct run_setup *setup = scene->setup;
	const struct traffic_stats *stats = traffic_stats(scene->traffic);
	const struct counters *counters =
		scene->box->worker != NULL ? &scene->box->worker->counters : NULL;
	uint32_t count = setup->repeats;
	double cycles = MEDIAN(all, count, cycles), pool = MEDIAN(all, count, pool_cycles);
	double mpps = machine->tsc_ghz * 1e3 / (cycles + pool);
	double gbps = mpps * MEDIAN(all, count, bytes) * 8 / 1e3;
	double misses = MEDIAN(all, count, misses), steal = MEDIAN(all, count, steal);
	uint64_t repeats = counters == NULL ? 0
					    : counters->repeats_scoreboard +
						      counters->repeats_timeout +
						      counters->repeats_shield;

	if (setup->json) {
		printf("{\"mode\": \"%s\", \"udp\": %s, \"nic_checksum\": %s, \"flows\": %u, "
		       "\"window\": %u, \"frame_bytes\": %u, \"loss_ppm\": %u, "
		       "\"cycles_per_packet\": %.1f, \"pool_cycles_per_packet\": %.1f, "
		       "\"generator_cycles_per_packet\": %.1f, \"mpps\": %.3f, \"gbps\": %.2f, "
		       "\"least_cycles_per_packet\": %.1f, \"misses_per_packet\": ",
		       box_mode_name(setup->mode), setup->udp ? "true" : "false",
		       setup->nic_checksum ? "true" : "false", setup->traffic.flows,
		       setup->traffic.window, setup->traffic.frame_bytes, setup->traffic.loss_ppm,
		       cycles, pool, MEDIAN(all, count, generator_cycles), mpps, gbps,
		       least_cycles(all, count));
		if (misses < 0)
			printf("null");
		else
			printf("%.2f", misses);
		printf(", \"worst_turn_us\": %.1f, \"bytes_per_flow\": %.0f, "
		       "\"bytes_per_segment\": %.0f, \"steal_percent\": %.1f, \"lost\": %" PRIu64
		       ", \"repeats\": %" PRIu64 ", \"sender_repeats\": %" PRIu64
		       ", \"packets_total\": %" PRIu64 ", \"tsc_ghz\": %.3f}\n",
		       MEDIAN(all, count, worst_us), scene->box->flow_bytes,
		       scene->box->segment_bytes, steal, stats->lost, repeats,
		       stats->sender_repeats, scene->box->packets_total, machine->tsc_ghz);
		return;
	}
	printf("%s%s%s, %u flows, window %u, %u-byte frames, loss %.2f %%\n",
	       box_mode_name(setup->mode), setup->udp ? ", UDP" : "",
	       setup->nic_checksum ? ", checksums by the NIC" : "", setup->traffic.flows,
	       setup->traffic.window, setup->traffic.frame_bytes, setup->traffic.loss_ppm / 1e4);
	printf("  %.0f cycles per packet (worker %.0f, mbuf pool %.0f; least %.0f), %.2f Mpps, %.1f "
	       "Gb/s per lcore at %.2f GHz\n",
	       cycles + pool, cycles, pool, least_cycles(all, count), mpps, gbps,
	       machine->tsc_ghz);
	printf("  generator %.0f cycles per packet (not in the above); cache misses per packet: ",
	       MEDIAN(all, count, generator_cycles));
	if (misses < 0)
		printf("n/a (no counter on this machine)\n");
	else
		printf("%.2f\n", misses);
	printf("  worst turn %.1f us; %.0f bytes per flow, %.0f per cached segment beyond its "
	       "mbuf; lost %" PRIu64 ", repeated %" PRIu64 ", by the sender %" PRIu64
	       "; stolen %.1f %%\n",
	       MEDIAN(all, count, worst_us), scene->box->flow_bytes, scene->box->segment_bytes,
	       stats->lost, repeats, stats->sender_repeats, steal);
}

static int measure(struct scene *scene, struct machine machine)
{
	const struct run_setup *setup = scene->setup;
	struct figures all[RUN_REPEATS_MAX];

	if (run_packets(scene, (uint64_t)WARM_UP_WINDOWS * setup->traffic.flows *
				       setup->traffic.window) != 0)
		return -1;
	machine_misses_take(&machine);
	for (uint32_t i = 0; i < setup->repeats; i++) {
		machine_steal_start(&machine);
		if (run_packets(scene, setup->packets) != 0)
			return -1;
		all[i] = take_figures(scene, &machine);
	}
	print(scene, &machine, all);
	return 0;
}

int run_steady(const struct run_setup *setup, const struct machine *machine)
{
	struct scene scene;
	int failed;

	if (scene_open(&scene, setup, machine) != 0)
		return -1;
	failed = measure(&scene, *machine);
	return scene_close(&scene) | failed;
}
