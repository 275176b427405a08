/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the longest turn of the worker takes when everything comes at once. Each corner runs several
 * times, turn for turn the same; a turn's time is its shortest, so that interrupts and other guests
 * of the machine, which never hit the same turn each time, fall out.
 */
#include "corner.h"

#include <stdlib.h>
#include <string.h>

#include "run.h"

#define GOAL_US 50.0
#define SMALL_DIVISOR 40u
#define START_US 1000000u
#define BUFFERS 32768u
#define RUNS 3u
#define TURNS_MAX (1u << 20)
/* Into an RX ring as long as snoopd's default: full-size frames (with FCS, preamble and gap) at 100
 * Gb/s. */
#define RING_PACKETS 1024u
#define LINE_BITS_PER_US 100e3
#define LINE_FRAME_BYTES 1538u

void corner_turn(struct feed *feed)
{
	uint64_t cycles = box_turn(feed->box, 0, feed->packets[0], feed->count[0], feed->packets[1],
				   feed->count[1], feed->now_us);

	if (feed->turns < TURNS_MAX)
		feed->cycles[feed->turns] = RTE_MIN(feed->cycles[feed->turns], cycles);
	feed->turns++;
	feed->count[0] = feed->count[1] = 0;
	box_release(feed->box);
}

void corner_start_counting(struct feed *feed)
{
	feed->first = feed->turns;
	feed->before = feed->box->worker->link[0]->counters;
}

void corner_put(struct feed *feed, const struct packet *packet)
{
	enum snoop_side from = packet->to_station ? SNOOP_WIRED : SNOOP_WIRELESS;

	if (feed->failed || box_take(feed->box, &feed->packets[from][feed->count[from]], 1) != 0) {
		feed->failed = -1;
		return;
	}
	packet_write(feed->packets[from][feed->count[from]++], packet, feed->frame_bytes);
	if (feed->count[from] == TRAFFIC_BURST)
		corner_turn(feed);
}

void corner_want(struct feed *feed, bool happened, const char *otherwise)
{
	if (happened || feed->failed)
		return;
	fprintf(stderr, "snoopd-bench: %s\n", otherwise);
	feed->failed = -1;
}

void run_list_corners(FILE *out)
{
	for (uint32_t i = 0; i < corner_count; i++)
		fprintf(out, "%-14s %s\n", corners[i].name, corners[i].help);
}

static void print(const struct corner *corner, const struct feed *feed,
		  const struct machine *machine, bool json)
{
	double steal = machine_steal_percent(machine), worst_us, arrived;
	uint64_t worst = 0;

	for (uint32_t i = feed->first; i < RTE_MIN(feed->turns, TURNS_MAX); i++)
		worst = RTE_MAX(worst, feed->cycles[i]);
	worst_us = (double)worst / (machine->tsc_ghz * 1e3);
	arrived = worst_us * LINE_BITS_PER_US / (LINE_FRAME_BYTES * 8);
	if (json)
		printf("{\"corner\": \"%s\", \"worst_turn_us\": %.1f, \"goal_us\": %.0f, "
		       "\"ring_percent\": %.0f, \"turns\": %u, \"steal_percent\": %.1f}\n",
		       corner->name, worst_us, GOAL_US, arrived / RING_PACKETS * 100,
		       feed->turns - feed->first, steal);
	else
		printf("%-14s worst turn %6.1f us (goal %.0f: %s), meanwhile %.0f of the %u "
		       "packets that an RX "
		       "ring takes arrive at 100 Gb/s, %s; stolen %.1f %%\n",
		       corner->name, worst_us, GOAL_US, worst_us <= GOAL_US ? "met" : "MISSED",
		       arrived, RING_PACKETS, corner->help, steal);
}

static int run_once(const struct corner *corner, const struct run_setup *setup,
		    const struct machine *machine, struct feed *feed)
{
	struct box_setup box = {
		.mode = setup->mode,
		.flows = RTE_MAX(corner_scale(feed, corner->flows), 1024u),
		.stations = 65536,
		.segments = RTE_MAX(corner_scale(feed, corner->segments), 64u),
		.spare_buffers = BUFFERS,
		.idle_us = corner->idle_us,
	};

	feed->box = box_create(machine, &box);
	if (feed->box == NULL)
		return -1;
	feed->now_us = START_US;
	feed->turns = 0;
	feed->before = (struct counters){0};
	corner->run(feed);
	return box_destroy(feed->box, feed->now_us) | feed->failed;
}

static int run(const struct corner *corner, const struct run_setup *setup,
	       const struct machine *machine)
{
	struct feed feed = {.frame_bytes = corner->frame_bytes,
			    .divisor = setup->small ? SMALL_DIVISOR : 1,
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
	for (uint32_t i = 0; i < corner_count; i++)
		if (strcmp(setup->corner, corners[i].name) == 0)
			return run(&corners[i], setup, machine);
	fprintf(stderr, "snoopd-bench: --corner %s: want one of these\n", setup->corner);
	run_list_corners(stderr);
	return -1;
}
