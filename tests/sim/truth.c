/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "truth.h"

#define SEGMENTS 6000U

static void change_nothing(struct sim_params *params)
{
	(void)params;
}

static void change_radio(struct sim_params *params)
{
	params->to_station.loss_ppm = 20000;
}

static void change_radio_heavy(struct sim_params *params)
{
	params->to_station.loss_ppm = 100000;
}

static void change_radio_bursts(struct sim_params *params)
{
	params->to_station.loss_ppm = 20000;
	params->to_station.burst_mean = 4;
}

static void change_radio_both_ways(struct sim_params *params)
{
	params->to_station.loss_ppm = 20000;
	params->from_station.loss_ppm = 20000;
}

static void change_wired(struct sim_params *params)
{
	params->to_box.loss_ppm = 10000;
}

static void change_wired_heavy(struct sim_params *params)
{
	params->to_box.loss_ppm = 80000;
	params->to_box.burst_mean = 2;
}

static void change_both(struct sim_params *params)
{
	params->to_box.loss_ppm = 10000;
	params->to_station.loss_ppm = 20000;
}

static void change_overflow(struct sim_params *params)
{
	params->to_box.queue_bytes = 100000;
	if (params->pace_bytes_per_ms)
		params->pace_bytes_per_ms = 6600;
}

static void change_overflow_radio(struct sim_params *params)
{
	change_overflow(params);
	params->to_station.loss_ppm = 20000;
}

static void change_reorder(struct sim_params *params)
{
	params->to_station.reorder_ppm = 10000;
	params->to_station.reorder_us = 8000;
}

static void change_reorder_long(struct sim_params *params)
{
	params->to_station.reorder_ppm = 10000;
	params->to_station.reorder_us = 30000;
}

static void change_reorder_lossy(struct sim_params *params)
{
	change_reorder(params);
	params->to_station.loss_ppm = 20000;
}

static void change_jitter(struct sim_params *params)
{
	params->to_station.jitter_us = params->from_station.jitter_us = 5000;
}

static void change_stalls(struct sim_params *params)
{
	params->to_station.stall_every_us = 500000;
	params->to_station.stall_us = 80000;
}

static void change_twice_wired(struct sim_params *params)
{
	params->to_box.duplicate_ppm = 1000000;
	params->to_box.duplicate_us = 100;
}

static void change_twice_radio(struct sim_params *params)
{
	params->to_station.duplicate_ppm = 1000000;
	params->to_station.duplicate_us = 100;
}

/* So that each delivery brings up to four equal ACKs. */
static void change_twice_both_ways(struct sim_params *params)
{
	change_twice_radio(params);
	params->from_station.duplicate_ppm = 1000000;
	params->from_station.duplicate_us = 100;
}

static void change_twice_lossy(struct sim_params *params)
{
	params->to_station.duplicate_ppm = 1000000;
	params->to_station.duplicate_us = 100;
	params->to_station.loss_ppm = 20000;
}

static void change_step(struct sim_params *params)
{
	params->to_station.step_us = 60000;
	params->to_station.step_at_us = 1700000;
}

const struct truth_case truth_cases[] = {
	{.name = "nothing", .change = change_nothing, .paced = true},
	{.name = "radio 2 %", .change = change_radio, .paced = true},
	{.name = "radio 10 %", .change = change_radio_heavy},
	{.name = "radio bursts", .change = change_radio_bursts},
	{.name = "radio both ways", .change = change_radio_both_ways},
	{.name = "wired 1 %", .change = change_wired, .paced = true},
	{.name = "wired 8 %", .change = change_wired_heavy, .paced = true, .delays = true},
	{.name = "wired 1, radio 2", .change = change_both},
	{.name = "wired overflow", .change = change_overflow, .paced = true},
	{.name = "overflow, radio", .change = change_overflow_radio, .partial = true},
	{.name = "reorder 8 ms", .change = change_reorder, .paced = true},
	{.name = "reorder 30 ms", .change = change_reorder_long, .paced = true},
	{.name = "reorder, radio", .change = change_reorder_lossy},
	{.name = "jitter", .change = change_jitter, .paced = true},
	{.name = "stalls", .change = change_stalls, .paced = true},
	{.name = "twice on wire", .change = change_twice_wired, .paced = true},
	{.name = "twice on radio", .change = change_twice_radio, .paced = true},
	{.name = "twice, both ways", .change = change_twice_both_ways, .paced = true},
	{.name = "twice, radio 2 %", .change = change_twice_lossy},
	{.name = "RTT step", .change = change_step, .paced = true},
};
const uint32_t truth_case_count = sizeof(truth_cases) / sizeof(truth_cases[0]);

const char *truth_sender_name(enum truth_sender sender)
{
	static const char *const names[TRUTH_SENDERS] = {"reno", "paced", "nosack"};

	return names[sender];
}

const char *truth_station_name(enum truth_station station)
{
	static const char *const names[TRUTH_STATIONS] = {"linux", "plain", "nodsack"};

	return names[station];
}

static void params_of(struct sim_params *params, const struct truth_case *entry,
		      enum truth_sender sender, enum truth_station station, enum snoop_level level,
		      uint64_t seed)
{
	sim_params_plain(params, seed);
	params->level = level;
	params->grains = SEGMENTS;
	params->to_station.bytes_per_ms = params->from_station.bytes_per_ms = 18750;
	params->to_station.delay_us = params->from_station.delay_us = 3000;
	params->to_box.queue_bytes = 400000;
	params->receiver_bytes = sender == TRUTH_PACED ? 4U << 20 : 600000;
	params->config.cache_segments = 8192;
	params->limit_us = 600000000;
	params->linux_rto = true;
	params->sack = sender != TRUTH_NO_SACK;
	if (sender == TRUTH_PACED) {
		params->pace_bytes_per_ms = 5800;
		params->pace_window_grains = 400;
	}
	params->no_dsack = station == TRUTH_NO_DSACK;
	params->compress_us = station == TRUTH_LINUX ? 1000 : 0;
	if (station != TRUTH_LINUX)
		params->delayed_ack_us = 200000;
	entry->change(params);
}

bool truth_run(const struct truth_case *entry, enum truth_sender sender, enum truth_station station,
	       enum snoop_level level, uint64_t seed, struct truth_told *told)
{
	struct sim_params params;
	const struct counters *counters = &told->result.counters;
	bool good;

	params_of(&params, entry, sender, station, level, seed);
	good = sim_run(&params, &told->result);
	told->segments = told->result.wired_data;
	told->repeats = counters->retransmits_scoreboard + counters->retransmits_dupack +
			counters->retransmits_timeout + counters->retransmits_probe +
			counters->retransmits_shield;
	return good;
}

bool truth_is_near(uint64_t told, uint64_t truth)
{
	uint64_t off = told > truth ? told - truth : truth - told;

	return off * 20 <= truth || (truth ? off <= 8 : off <= 1);
}

void truth_print_head(void)
{
	printf("%-17s %-7s %-8s %-8s| %6s %6s | %6s %6s | %7s | %6s/%-6s | %7s %8s\n", "case",
	       "sender", "station", "level", "truth:", "radio", "told:", "radio", "repeats",
	       "confirmed", "spurious", "useless", "ms");
}

void truth_print(const struct truth_case *entry, enum truth_sender sender,
		 enum truth_station station, enum snoop_level level, const struct truth_told *told,
		 const char *verdict)
{
	const struct counters *counters = &told->result.counters;

	printf("%-17s %-7s %-8s %-8s| %6lu %6lu | %6lu %6lu | %7lu | %6lu/%-6lu | %7lu %8lu %s%s\n",
	       entry->name, truth_sender_name(sender), truth_station_name(station),
	       snoop_level_name(level), told->result.wired_lost, told->result.radio_lost,
	       counters->upstream_holes, counters->radio_losses, told->repeats,
	       counters->repairs_confirmed, counters->spurious_repairs, told->result.useless,
	       told->result.done_us / 1000, verdict, told->result.why);
}
