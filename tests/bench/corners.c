/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Expensive corners: what the longest turn of the worker takes when everything comes at once. Each
 * corner runs several times, turn for turn the same; a turn's time is its shortest, so that
 * interrupts and other guests of the machine, which never hit the same turn each time, fall out.
 */
#include "run.h"

#include <stdlib.h>
#include <string.h>

#include "packet.h"

#define GOAL_US 50.0
#define PORTS 1000u /* connections of one station */
#define PORT_FIRST 10000u
#define STEP_US 20u
#define START_US 1000000u
#define BUFFERS 32768u
#define RUNS 3u
#define TURNS_MAX (1u << 20)
#define SEGMENT 1448u
#define FRAME 1514u

/* A turn under preparation. */
struct feed {
	struct box *box;
	uint64_t now_us;
	uint32_t frame_bytes;
	uint32_t count[2];
	struct rte_mbuf *packets[2][TRAFFIC_BURST];
	uint64_t *cycles;      /* [TURNS_MAX] shortest time of each turn */
	uint32_t turns, first; /* so far; where the part that counts begins */
	int failed;
};

static void turn(struct feed *feed)
{
	uint64_t cycles = box_turn(feed->box, feed->packets[0], feed->count[0], feed->packets[1],
				   feed->count[1], feed->now_us);

	if (feed->turns < TURNS_MAX)
		feed->cycles[feed->turns] = RTE_MIN(feed->cycles[feed->turns], cycles);
	feed->turns++;
	feed->count[0] = feed->count[1] = 0;
	box_release(feed->box);
}

/* What came before was preparation. */
static void start_counting(struct feed *feed)
{
	feed->first = feed->turns;
}

static void put(struct feed *feed, const struct packet *packet)
{
	enum snoop_side from = packet->to_station ? SNOOP_WIRED : SNOOP_WIRELESS;

	if (feed->failed ||
	    box_take(feed->box, &feed->packets[from][feed->count[from]], 1) != 0) {
		feed->failed = -1;
		return;
	}
	packet_write(feed->packets[from][feed->count[from]++], packet, feed->frame_bytes);
	if (feed->count[from] == TRAFFIC_BURST)
		turn(feed);
}

static void put_flow(struct feed *feed, uint32_t flow, enum packet_kind kind, uint32_t seq)
{
	struct packet packet = {
		.station = 1 + flow / PORTS,
		.port = (uint16_t)(PORT_FIRST + flow % PORTS),
		.to_station = kind == PACKET_DATA,
		.kind = kind,
		.seq = kind == PACKET_DATA ? seq : 1,
		.ack = kind == PACKET_DATA ? 1 : seq,
		.tsval = (uint32_t)(feed->now_us / 1000),
		.tsecr = (uint32_t)(feed->now_us / 1000),
	};

	put(feed, &packet);
}

/* One segment and its ACK: the box knows both directions and the round trip. */
static void establish(struct feed *feed, uint32_t flows)
{
	for (uint32_t flow = 0; flow < flows; flow++)
		put_flow(feed, flow, PACKET_DATA, 1);
	turn(feed);
	feed->now_us += 5000;
	for (uint32_t flow = 0; flow < flows; flow++)
		put_flow(feed, flow, PACKET_ACK, 1 + packet_payload_bytes(feed->frame_bytes));
	turn(feed);
	feed->now_us += 100;
	turn(feed);
}

static void let_pass(struct feed *feed, uint64_t us)
{
	for (uint64_t end_us = feed->now_us + us; feed->now_us < end_us; feed->now_us += STEP_US)
		turn(feed);
}

/* 10,000 connections, the radio goes dead in the same moment for all of them. */
static void time_outs(struct feed *feed)
{
	uint32_t payload = packet_payload_bytes(feed->frame_bytes), flows = 10000;

	establish(feed, flows);
	for (uint32_t i = 1; i <= 2; i++)
		for (uint32_t flow = 0; flow < flows; flow++)
			put_flow(feed, flow, PACKET_DATA, 1 + i * payload);
	turn(feed);
	start_counting(feed);
	let_pass(feed, 300000);
}

/* 10,000 segments on the air, every hundredth lost, an ACK with three blocks for each that came. */
static void sack_blocks(struct feed *feed)
{
	uint32_t window = 10000, first = 1 + SEGMENT;

	establish(feed, 1);
	for (uint32_t i = 0; i < window; i++) {
		put_flow(feed, 0, PACKET_DATA, first + i * SEGMENT);
		if (i % TRAFFIC_BURST == 0)
			feed->now_us += 4;
	}
	turn(feed);
	feed->now_us += 5000;
	start_counting(feed);
	for (uint32_t i = 1; i < window; i++) {
		uint32_t block = i / 100, start = block * 100 + 1;
		struct packet ack = {
			.station = 1,
			.port = PORT_FIRST,
			.kind = PACKET_ACK,
			.seq = 1,
			.ack = first,
			.tsval = (uint32_t)(feed->now_us / 1000),
		};

		if (i % 100 == 0)
			continue;
		for (uint32_t b = 0; b < PACKET_SACK_MAX && b <= block; b++) {
			ack.sack[b].start = first + (start - b * 100) * SEGMENT;
			ack.sack[b].end = first + (b == 0 ? i + 1 : (block - b + 1) * 100) * SEGMENT;
			ack.sack_count++;
		}
		put(feed, &ack);
		if (i % TRAFFIC_BURST == 0)
			feed->now_us += 4;
	}
	turn(feed);
	/* And one ACK for all of it. */
	feed->now_us += 4;
	put_flow(feed, 0, PACKET_ACK, first + window * SEGMENT);
	turn(feed);
	let_pass(feed, 20000);
	if (feed->box->worker->counters.cache_segments != 0) {
		fprintf(stderr, "snoopd-bench: what is acknowledged is still cached\n");
		feed->failed = -1;
	}
}

/* The same window, and its port is used for another connection: the flow goes. */
static void resets(struct feed *feed)
{
	uint32_t window = 10000;
	struct packet syn = {
		.station = 1, .port = PORT_FIRST, .to_station = true, .kind = PACKET_SYN, .seq = 1};

	establish(feed, 1);
	for (uint32_t i = 1; i <= window; i++)
		put_flow(feed, 0, PACKET_DATA, 1 + i * SEGMENT);
	turn(feed);
	start_counting(feed);
	put(feed, &syn);
	let_pass(feed, 20000);
	if (feed->box->worker->counters.cache_segments != 0) {
		fprintf(stderr, "snoopd-bench: a connection that is gone is still cached\n");
		feed->failed = -1;
	}
}

/* Connection requests from both sides, each with another port; no table entry for any. */
static void syn_flood(struct feed *feed)
{
	for (uint32_t i = 0; i < 2000000; i++) {
		struct packet syn = {
			.station = 1 + i % 50000,
			.port = (uint16_t)(i * 7 % 60000),
			.to_station = i & 1,
			.kind = PACKET_SYN,
			.seq = i,
		};

		put(feed, &syn);
		if (i % TRAFFIC_BURST == 0)
			feed->now_us += 3;
	}
	turn(feed);
	if (feed->box->worker->counters.flows_created != 0) {
		fprintf(stderr, "snoopd-bench: a bare SYN made a flow\n");
		feed->failed = -1;
	}
}

/* 500,000 new connections a second: one segment and its ACK each, forgotten after a second. */
static void churn(struct feed *feed)
{
	for (uint32_t i = 0; i < 2000000; i++) {
		put_flow(feed, i, PACKET_DATA, 1);
		if (i >= 5000)
			put_flow(feed, i - 5000, PACKET_ACK, 1 + SEGMENT);
		feed->now_us += 2;
		if (i == 600000)
			start_counting(feed); /* from here on as many go as come */
	}
	turn(feed);
	if (feed->box->worker->counters.pass_table_full != 0) {
		fprintf(stderr, "snoopd-bench: ageing did not keep up with new flows\n");
		feed->failed = -1;
	}
}

/* A million connections fall asleep and are forgotten. */
static void ageing(struct feed *feed)
{
	establish(feed, 1000000);
	start_counting(feed);
	for (uint32_t i = 0; i < 40000; i++, feed->now_us += 100)
		turn(feed);
}

/* A cache far smaller than the windows: every segment finds it full. */
static void full_cache(struct feed *feed)
{
	uint32_t payload = packet_payload_bytes(feed->frame_bytes);

	establish(feed, 500);
	for (uint32_t i = 1; i < 1000; i++) {
		for (uint32_t flow = 0; flow < 500; flow++)
			put_flow(feed, flow, PACKET_DATA, 1 + i * payload);
		feed->now_us += 100;
		if (i == 8)
			start_counting(feed);
		if (i > 8)
			for (uint32_t flow = 0; flow < 500; flow++)
				put_flow(feed, flow, PACKET_ACK, 1 + (i - 8) * payload);
	}
	turn(feed);
}

static const struct corner {
	const char *name;
	const char *help;
	void (*run)(struct feed *feed);
	uint32_t flows, segments, frame_bytes, idle_us;
} corners[] = {
	{"time-outs", "10,000 flows time out in the same millisecond", time_outs, 16384, 65536, 256, 0},
	{"sack", "3 SACK blocks over a 10,000-segment window, 1 % lost", sack_blocks, 1024, 16384,
	 FRAME, 0},
	{"reset", "a connection with 10,000 segments is replaced by a new one", resets, 1024, 16384, FRAME, 0},
	{"syn-flood", "nothing but SYNs, both sides", syn_flood, 65536, 1024, 128, 0},
	{"churn", "500,000 new flows a second", churn, 1u << 20, 65536, FRAME, 1000000},
	{"ageing", "a million idle flows are forgotten", ageing, 1u << 20, 1u << 20, 256, 1000000},
	{"full-cache", "a cache of a fifth of what is on the air", full_cache, 1024, 800, 256, 0},
};

void run_list_corners(FILE *out)
{
	for (size_t i = 0; i < RTE_DIM(corners); i++)
		fprintf(out, "%-12s %s\n", corners[i].name, corners[i].help);
}

static void print(const struct corner *corner, const struct feed *feed,
		  const struct machine *machine, bool json)
{
	double steal = machine_steal_percent(machine), worst_us;
	uint64_t worst = 0;

	for (uint32_t i = feed->first; i < RTE_MIN(feed->turns, TURNS_MAX); i++)
		worst = RTE_MAX(worst, feed->cycles[i]);
	worst_us = (double)worst / (machine->tsc_ghz * 1e3);
	if (json)
		printf("{\"corner\": \"%s\", \"worst_turn_us\": %.1f, \"goal_us\": %.0f, "
		       "\"turns\": %u, \"steal_percent\": %.1f}\n",
		       corner->name, worst_us, GOAL_US, feed->turns - feed->first, steal);
	else
		printf("%-12s worst turn %6.1f us (goal %.0f), %s; stolen %.1f %%\n", corner->name,
		       worst_us, GOAL_US, corner->help, steal);
}

static int run_once(const struct corner *corner, const struct run_setup *setup,
		    const struct machine *machine, struct feed *feed)
{
	struct box_setup box = {
		.mode = setup->mode,
		.flows = corner->flows,
		.stations = 65536,
		.segments = corner->segments,
		.spare_buffers = BUFFERS,
		.idle_us = corner->idle_us,
	};

	feed->box = box_create(machine, &box);
	if (feed->box == NULL)
		return -1;
	feed->now_us = START_US;
	feed->turns = 0;
	corner->run(feed);
	return box_destroy(feed->box, feed->now_us) | feed->failed;
}

static int run(const struct corner *corner, const struct run_setup *setup,
	       const struct machine *machine)
{
	struct feed feed = {.frame_bytes = corner->frame_bytes,
			    .cycles = malloc(TURNS_MAX * sizeof(feed.cycles[0]))};
	struct machine clock = *machine;
	int failed = 0;

	if (feed.cycles == NULL)
		return -1;
	memset(feed.cycles, 0xff, TURNS_MAX * sizeof(feed.cycles[0]));
	machine_steal_start(&clock);
	for (uint32_t i = 0; i < RUNS && !failed; i++)
		failed = run_once(corner, setup, machine, &feed);
	if (!failed)
		print(corner, &feed, &clock, setup->json);
	free(feed.cycles);
	return failed;
}

int run_corner(const struct run_setup *setup, const struct machine *machine)
{
	for (size_t i = 0; i < RTE_DIM(corners); i++)
		if (strcmp(setup->corner, corners[i].name) == 0)
			return run(&corners[i], setup, machine);
	fprintf(stderr, "snoopd-bench: --corner %s: want one of these\n", setup->corner);
	run_list_corners(stderr);
	return -1;
}
