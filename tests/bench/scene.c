/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include <string.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "packet.h"

#define UDP_PORT 5000
#define RING_PACKETS 1024u /* snoopd's default */

static int open_boxes(struct scene *scene, const struct machine *machine)
{
	const struct traffic_setup *traffic = &scene->setup->traffic;
	struct box_setup box = {
		.mode = scene->setup->mode,
		.workers = scene->box_count,
		.links = scene->setup->links,
		.flows = traffic->flows,
		.stations = traffic->stations,
		.segments = traffic->flows * traffic->window + 4096 * scene->setup->links,
		.spare_buffers = BOX_SENT_ROOM + 4096,
		.nic_checksum = scene->setup->nic_checksum,
		.index = scene->index,
	};

	/* The hash does not spread them evenly. */
	if (scene->box_count > 1) {
		box.flows += box.flows / 4;
		box.segments += box.segments / 4;
	}
	for (uint32_t i = 0; i < scene->box_count; i++) {
		box.index = scene->index + i;
		scene->boxes[i] = box_create(machine, &box);
		if (scene->boxes[i] == NULL)
			return -1;
		box.pool = scene->boxes[0]->pool;
	}
	scene->box = scene->boxes[0];
	return 0;
}

/* One port on either side with one RX queue, and as many TX queues as there are workers. */
static int join_boxes(struct scene *scene)
{
	uint16_t workers = (uint16_t)scene->box_count;
	struct handoff_plan plan = {
		.workers = workers,
		.software = true,
		.rx_queues = {1, 1},
		.tx_queues = {workers, workers},
	};

	scene->handoff = handoff_create(&plan, 0, RING_PACKETS, SOCKET_ID_ANY);
	if (scene->handoff == NULL) {
		fprintf(stderr, "snoopd-bench: hand-off rings: %s\n", rte_strerror(rte_errno));
		return -1;
	}
	for (uint32_t i = 0; i < workers; i++)
		worker_link_join(scene->boxes[i]->worker->link[0], scene->handoff);
	return 0;
}

/* Each link has its part of the connections, with the same addresses as every other, and of the
 * time. */
static int open_traffic(struct scene *scene)
{
	struct traffic_setup traffic = scene->setup->traffic;

	traffic.flows /= scene->setup->links;
	traffic.stations = RTE_MAX(traffic.stations / scene->setup->links, 1u);
	traffic.packet_ns *= scene->setup->links;
	for (uint32_t i = 0; i < scene->setup->links; i++, traffic.seed++) {
		scene->traffic[i] = traffic_create(&traffic);
		if (scene->traffic[i] == NULL) {
			fprintf(stderr, "snoopd-bench: no memory for %u flows\n", traffic.flows);
			return -1;
		}
	}
	return 0;
}

int scene_open(struct scene *scene, const struct run_setup *setup, uint32_t index,
	       const struct machine *machine)
{
	memset(scene, 0, sizeof(*scene));
	scene->setup = setup;
	scene->index = index;
	scene->box_count = setup->handoff ? setup->workers : 1;
	scene->at_once = scene->box_count > 1 && rte_lcore_count() >= scene->box_count;
	if (open_boxes(scene, machine) != 0 || (setup->handoff && join_boxes(scene) != 0))
		return -1;
	return open_traffic(scene);
}

/* What is still in the rings. */
static void drain(struct scene *scene)
{
	for (uint32_t turns = 0; turns < 2 * RING_PACKETS / HANDOFF_BURST; turns++) {
		for (uint32_t i = 0; i < scene->box_count; i++)
			box_turn(scene->boxes[i], 0, NULL, 0, NULL, 0, scene->burst.now_us);
		scene_deliver(scene);
	}
}

int scene_close(struct scene *scene)
{
	int failed = 0;

	if (scene->box_count > 1)
		drain(scene);
	rte_pktmbuf_free_bulk(scene->stock, scene->stock_count);
	/* The pool is the first one's. */
	for (uint32_t i = scene->box_count; i-- > 0;) {
		if (scene->handoff != NULL &&
		    scene->boxes[i]->worker->link[0]->counters.handoff_drops > 0) {
			fprintf(stderr, "snoopd-bench: the hand-off overflowed\n");
			failed = -1;
		}
		failed |= box_destroy(scene->boxes[i], scene->burst.now_us);
	}
	handoff_free(scene->handoff);
	for (uint32_t i = 0; i < scene->setup->links; i++)
		traffic_destroy(scene->traffic[i]);
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
				 : traffic_next(scene->traffic[scene->link], scene->stock, burst);
	burst->link = scene->link;
	scene->link = (scene->link + 1) % scene->setup->links;
	/* The links' clocks are apart by less than a round. */
	burst->now_us = RTE_MAX(burst->now_us, scene->burst.now_us);
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
	for (uint32_t i = 0; i < scene->box_count; i++) {
		struct box *box = scene->boxes[i];
		uint64_t start = rte_rdtsc();

		if (!scene->setup->udp)
			for (uint32_t k = 0; k < box->sent_count; k++)
				traffic_deliver(scene->traffic[box->sent_link[k]], box->sent[k]);
		scene->generator_cycles += rte_rdtsc() - start;
		box_release(box);
	}
}

/* The first worker has the wired port's queue, the second the wireless port's, as in handoff.h. */
static void turn(struct scene *scene, uint32_t at, const struct traffic_burst *burst)
{
	uint32_t wired = handoff_queues_of(&scene->handoff->plan, SNOOP_WIRED, at).rx_first == 0;
	uint32_t wireless =
		handoff_queues_of(&scene->handoff->plan, SNOOP_WIRELESS, at).rx_first == 0;

	box_turn(scene->boxes[at], burst->link, (struct rte_mbuf **)(uintptr_t)burst->data,
		 wired ? burst->data_count : 0, (struct rte_mbuf **)(uintptr_t)burst->ack,
		 wireless ? burst->ack_count : 0, burst->now_us);
}

struct share {
	struct scene *scene;
	const struct traffic_burst *bursts;
	uint32_t at;
	bool interrupted;
};

static int run_share(void *argument)
{
	struct share *share = argument;
	uint64_t interruptions = machine_interruptions();

	for (uint32_t i = 0; i < SCENE_TURNS; i++)
		turn(share->scene, share->at, &share->bursts[i]);
	share->interrupted = machine_interruptions() != interruptions;
	return 0;
}

/* Each worker on its lcore: what one writes, the other's core has to fetch. */
static bool run_at_once(struct scene *scene, const struct traffic_burst *bursts)
{
	struct share shares[HANDOFF_WORKERS_MAX];
	bool interrupted = false;
	uint32_t at = 1;
	unsigned int lcore;

	for (uint32_t i = 0; i < scene->box_count; i++)
		shares[i] = (struct share){.scene = scene, .bursts = bursts, .at = i};
	for (lcore = rte_get_next_lcore(UINT_MAX, 1, 0); lcore < RTE_MAX_LCORE;
	     lcore = rte_get_next_lcore(lcore, 1, 0))
		if (at < scene->box_count)
			rte_eal_remote_launch(run_share, &shares[at++], lcore);
	run_share(&shares[0]);
	rte_eal_mp_wait_lcore();
	for (uint32_t i = 0; i < scene->box_count; i++)
		interrupted |= shares[i].interrupted;
	return interrupted;
}

static bool run_in_turn(struct scene *scene, struct traffic_burst *bursts)
{
	uint64_t interruptions = machine_interruptions();

	for (uint32_t i = 0; i < SCENE_TURNS; i++) {
		if (scene->handoff == NULL)
			box_turn(scene->box, bursts[i].link, bursts[i].data, bursts[i].data_count,
				 bursts[i].ack, bursts[i].ack_count, bursts[i].now_us);
		else
			for (uint32_t at = 0; at < scene->box_count; at++)
				turn(scene, at, &bursts[i]);
	}
	return machine_interruptions() != interruptions;
}

int scene_run(struct scene *scene)
{
	struct traffic_burst bursts[SCENE_TURNS];
	struct box_figures before[HANDOFF_WORKERS_MAX];
	bool interrupted;

	for (uint32_t i = 0; i < scene->box_count; i++)
		before[i] = scene->boxes[i]->figures;
	for (uint32_t i = 0; i < SCENE_TURNS; i++)
		if (scene_generate(scene, &bursts[i]) != 0)
			return -1;
	machine_misses_start(scene->box->machine);
	interrupted = scene->at_once ? run_at_once(scene, bursts) : run_in_turn(scene, bursts);
	machine_misses_stop(scene->box->machine);
	scene_deliver(scene);
	if (interrupted && !scene->setup->all_turns)
		for (uint32_t i = 0; i < scene->box_count; i++)
			scene->boxes[i]->figures = before[i];
	return 0;
}

uint64_t scene_packets(const struct scene *scene)
{
	uint64_t packets = 0;

	for (uint32_t i = 0; i < scene->box_count; i++)
		packets += scene->boxes[i]->figures.packets;
	return packets;
}
