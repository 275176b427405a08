/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Never worse than the plain wire, in virtual time: the same transfer with the box as a plain wire
 * (level bypass) and in each other level, over a grid of paths, senders, stations and losses.
 *
 *   completion time    at most 3 % above the plain wire's (medians over the seeds)
 *   drops before radio at most 1.2 times the plain wire's; what a sender drops in the wired queue
 *                      is its own, as it fills a path that losses kept empty
 *   box retransmits    at most 1.3 times what the radio lost, and 0.05 % of the segments
 *
 * The times of a lossy transfer lie far apart: what is worse with few seeds is judged by many.
 *
 * INVARIANT_SEEDS=N    seeds per cell (default SEEDS, and SEEDS_SURE where those are worse)
 * INVARIANT_ALL=1      every combination, not a part of them
 * INVARIANT_CELL=TEXT  only cells whose name contains it
 * INVARIANT_VERBOSE=1  one line per cell and level
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <snoop/act/shield.h>

#include "sim.h"

#define SEEDS 3
#define SEEDS_SURE 15
#define SEEDS_MAX 64
#define NAME_BYTES 128
#define PART_OF_ALL 7 /* one cell in so many runs; no factor of the numbers of values below */

#define TIME_PERCENT 103
#define TIME_SLACK_US 2000
#define DROPS_PERCENT 120
#define DROPS_SLACK 5U /* of SEEDS transfers */
#define RETRANSMITS_PERCENT 130
#define RETRANSMITS_SLACK (SHIELD_FLOW_START + 3U) /* per transfer: what it has not earned yet */

struct path {
	const char *name;
	struct sim_pipe_params wired, radio;
};

static const struct path paths[] = {
	/* Wired is the bottleneck, as on the lab's path A and the slower one beside it. */
	{"A",
	 {.bytes_per_ms = 6250, .delay_us = 20000, .queue_bytes = 300000},
	 {.bytes_per_ms = 25000, .delay_us = 2000, .queue_bytes = 1000000}},
	{"slow",
	 {.bytes_per_ms = 1500, .delay_us = 20000, .queue_bytes = 200000},
	 {.bytes_per_ms = 5000, .delay_us = 2500, .queue_bytes = 300000}},
	/* The radio is, with a drop-tail queue. */
	{"B",
	 {.bytes_per_ms = 12500, .delay_us = 20000, .queue_bytes = 1000000},
	 {.bytes_per_ms = 6250, .delay_us = 2000, .queue_bytes = 400000}},
};

static const struct sender {
	const char *name;
	bool sack, timestamps;
} senders[] = {{"sack", true, true},
	       {"sack-nots", true, false},
	       {"nosack", false, true},
	       {"nosack-nots", false, false}};

static const struct station {
	const char *name;
	uint32_t delayed_ack_us;
	bool no_dsack;
} stations[] = {{"dsack-40ms", 40000, false}, {"nodsack-250ms", 250000, true}};

static const struct traffic {
	const char *name;
	uint32_t segments, sparse_us;
} traffics[] = {{"bulk", 1000, 0}, {"sparse", 60, 80000}};

static const uint32_t losses_ppm[] = {0, 10000, 20000, 50000, 100000};
static const uint32_t stalls_us[] = {0, 50000};
static const enum snoop_level levels[] = {SNOOP_LEVEL_OBSERVE, SNOOP_LEVEL_REPAIR,
					  SNOOP_LEVEL_SNOOP, SNOOP_LEVEL_AUTO};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct outcome {
	uint64_t time_us; /* the median */
	uint64_t drops, retransmits, shields, losses, segments;
};

static uint32_t seeds = SEEDS, seeds_sure = SEEDS_SURE;
static bool verbose;

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static uint64_t box_retransmits(const struct counters *counters)
{
	return counters->retransmits_scoreboard + counters->retransmits_dupack +
	       counters->retransmits_timeout + counters->retransmits_probe +
	       counters->retransmits_shield;
}

static struct outcome run(struct sim_params *params, enum snoop_level level, const char *name)
{
	struct outcome outcome = {0};
	uint64_t times_us[SEEDS_MAX];

	params->level = level;
	for (uint32_t i = 0; i < seeds; i++) {
		struct sim_result result;

		params->seed = i + 1;
		if (!sim_run(params, &result))
			fail_msg("%s, seed %u: %s", name, i + 1, result.why);
		times_us[i] = result.done_us;
		outcome.drops += result.radio_drops;
		outcome.losses += result.radio_lost;
		outcome.retransmits += box_retransmits(&result.counters);
		outcome.shields += result.counters.retransmits_shield;
		outcome.segments += params->grains;
	}
	qsort(times_us, seeds, sizeof(times_us[0]), compare);
	outcome.time_us = times_us[seeds / 2];
	return outcome;
}

/* @return NULL, or what is worse than on the plain wire. */
static const char *worse(const struct outcome *plain, const struct outcome *box)
{
	if (box->time_us > plain->time_us * TIME_PERCENT / 100 + TIME_SLACK_US)
		return "slower";
	if (box->drops > plain->drops * DROPS_PERCENT / 100 + DROPS_SLACK * seeds / SEEDS)
		return "drops";
	if (box->retransmits > box->losses * RETRANSMITS_PERCENT / 100 + box->segments / 2000 +
				       RETRANSMITS_SLACK * seeds)
		return "retransmits";
	return NULL;
}

static void tell(const char *why, const char *name, enum snoop_level level,
		 const struct outcome *plain, const struct outcome *box)
{
	print_message("%-12s %-42s %-8s %lu ms for %lu, %lu drops for %lu, %lu retransmits (%lu "
		      "shields) for %lu losses, %u seeds\n",
		      why ? why : "", name, snoop_level_name(level), box->time_us / 1000,
		      plain->time_us / 1000, box->drops, plain->drops, box->retransmits,
		      box->shields, box->losses, seeds);
}

/* @return how many levels are worse. */
static uint32_t check_cell(struct sim_params *params, const char *name)
{
	struct outcome plain = run(params, SNOOP_LEVEL_BYPASS, name);
	uint32_t faults = 0, few = seeds;

	for (size_t i = 0; i < COUNT(levels); i++) {
		struct outcome box = run(params, levels[i], name);
		const char *why = worse(&plain, &box);

		if (why && few < seeds_sure) {
			struct outcome sure;

			if (verbose)
				tell("(few seeds)", name, levels[i], &plain, &box);
			seeds = seeds_sure;
			sure = run(params, SNOOP_LEVEL_BYPASS, name);
			box = run(params, levels[i], name);
			why = worse(&sure, &box);
			if (why || verbose)
				tell(why, name, levels[i], &sure, &box);
			seeds = few;
		} else if (why || verbose) {
			tell(why, name, levels[i], &plain, &box);
		}
		faults += why != NULL;
	}
	return faults;
}

/* The number of a cell, written with one digit for each of its values. */
static size_t digit(size_t *number, size_t values)
{
	size_t value = *number % values;

	*number /= values;
	return value;
}

static void describe(size_t number, struct sim_params *params, char name[NAME_BYTES])
{
	const struct path *path = &paths[digit(&number, COUNT(paths))];
	const struct sender *sender = &senders[digit(&number, COUNT(senders))];
	uint32_t loss_ppm = losses_ppm[digit(&number, COUNT(losses_ppm))];
	const struct station *station = &stations[digit(&number, COUNT(stations))];
	const struct traffic *traffic = &traffics[digit(&number, COUNT(traffics))];
	uint32_t stall_us = stalls_us[digit(&number, COUNT(stalls_us))];

	snprintf(name, NAME_BYTES, "%s %s %u%% %s %s stall-%ums", path->name, sender->name,
		 loss_ppm / 10000, station->name, traffic->name, stall_us / 1000);
	sim_params_plain(params, 1);
	params->to_box = params->to_sender = path->wired;
	params->to_station = params->from_station = path->radio;
	params->to_station.loss_ppm = loss_ppm;
	params->sack = sender->sack;
	params->timestamps = sender->timestamps;
	params->delayed_ack_us = station->delayed_ack_us;
	params->no_dsack = station->no_dsack;
	params->grains = traffic->segments;
	params->sparse_us = traffic->sparse_us;
	params->worker_stall_us = stall_us;
	params->limit_us = 900000000;
}

static void test_grid(void **state)
{
	const size_t cells = COUNT(paths) * COUNT(senders) * COUNT(losses_ppm) * COUNT(stations) *
			     COUNT(traffics) * COUNT(stalls_us);
	const char *only = getenv("INVARIANT_CELL");
	size_t step = only || getenv("INVARIANT_ALL") ? 1 : PART_OF_ALL;
	uint32_t faults = 0, count = 0;

	for (size_t number = 0; number < cells; number += step) {
		struct sim_params params;
		char name[NAME_BYTES];

		describe(number, &params, name);
		if (only && !strstr(name, only))
			continue;
		faults += check_cell(&params, name);
		count++;
	}
	print_message("%u cells of %zu, %u seeds\n", count, cells, seeds);
	assert_int_equal(faults, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grid),
	};

	if (getenv("INVARIANT_SEEDS"))
		seeds = seeds_sure =
			(uint32_t)strtoul(getenv("INVARIANT_SEEDS"), NULL, 0) % SEEDS_MAX;
	verbose = getenv("INVARIANT_VERBOSE") != NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
