/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "truth.h"

#define SEGMENTS 6000U
/* A sender that goes by a window needs a time-out for nearly each loss then. */
#define SEGMENTS_HEAVY 1500U

#define EVERY 1000000U /* parts per million */
#define PERCENT 10000U

#define REORDER_8_MS .reorder_ppm = PERCENT, .reorder_us = 8000
#define TWICE .duplicate_ppm = EVERY, .duplicate_us = 100

const struct truth_case truth_cases[] = {
	{.name = "nothing"},
	{.name = "radio 2 %", .to_station = {.loss_ppm = 2 * PERCENT}},
	{.name = "radio 10 %", .to_station = {.loss_ppm = 10 * PERCENT}},
	{.name = "radio bursts", .to_station = {.loss_ppm = 2 * PERCENT, .burst_mean = 4}},
	{.name = "radio both ways",
	 .to_station = {.loss_ppm = 2 * PERCENT},
	 .from_station = {.loss_ppm = 2 * PERCENT}},
	{.name = "wired 1 %", .to_box = {.loss_ppm = PERCENT}},
	{.name = "wired 5 %", .to_box = {.loss_ppm = 5 * PERCENT}},
	{.name = "wired 8 %", .to_box = {.loss_ppm = 8 * PERCENT, .burst_mean = 2}},
	{.name = "wired 15 %", .to_box = {.loss_ppm = 15 * PERCENT}, .segments = SEGMENTS_HEAVY},
	{.name = "wired 15 %, bursts",
	 .to_box = {.loss_ppm = 15 * PERCENT, .burst_mean = 8},
	 .segments = SEGMENTS_HEAVY},
	{.name = "wired 30 %", .to_box = {.loss_ppm = 30 * PERCENT}, .segments = SEGMENTS_HEAVY},
	{.name = "wired 30 %, bursts",
	 .to_box = {.loss_ppm = 30 * PERCENT, .burst_mean = 8},
	 .segments = SEGMENTS_HEAVY},
	{.name = "wired 1, radio 2",
	 .to_box = {.loss_ppm = PERCENT},
	 .to_station = {.loss_ppm = 2 * PERCENT}},
	{.name = "wired overflow", .to_box = {.queue_bytes = 100000}, .pace_bytes_per_ms = 6600},
	{.name = "overflow, radio",
	 .to_box = {.queue_bytes = 100000},
	 .pace_bytes_per_ms = 6600,
	 .to_station = {.loss_ppm = 2 * PERCENT}},
	{.name = "reorder 8 ms", .to_station = {REORDER_8_MS}},
	{.name = "reorder 30 ms", .to_station = {.reorder_ppm = PERCENT, .reorder_us = 30000}},
	{.name = "reorder, radio", .to_station = {REORDER_8_MS, .loss_ppm = 2 * PERCENT}},
	{.name = "jitter", .to_station = {.jitter_us = 5000}, .from_station = {.jitter_us = 5000}},
	{.name = "stalls", .to_station = {.stall_every_us = 500000, .stall_us = 80000}},
	{.name = "twice on wire", .to_box = {TWICE}},
	{.name = "twice on radio", .to_station = {TWICE}},
	/* So that each delivery brings up to four equal ACKs. */
	{.name = "twice, both ways", .to_station = {TWICE}, .from_station = {TWICE}},
	{.name = "twice, radio 2 %", .to_station = {TWICE, .loss_ppm = 2 * PERCENT}},
	{.name = "RTT step", .to_station = {.step_us = 60000, .step_at_us = 1700000}},
};
const uint32_t truth_case_count = sizeof(truth_cases) / sizeof(truth_cases[0]);

static const char *const sender_names[TRUTH_SENDERS] = {"reno", "paced", "nosack"};
static const char *const station_names[TRUTH_STATIONS] = {"linux", "plain", "nodsack"};

bool truth_next(struct truth_row *row)
{
	if (!row->entry) {
		*row = (struct truth_row){.entry = truth_cases, .level = SNOOP_LEVEL_OBSERVE};
		return true;
	}
	if (row->level == SNOOP_LEVEL_OBSERVE) {
		row->level = SNOOP_LEVEL_AUTO;
		return true;
	}
	row->level = SNOOP_LEVEL_OBSERVE;
	/* What distinguishes the stations is their SACKs. */
	if (row->sender != TRUTH_NO_SACK && ++row->station < TRUTH_STATIONS)
		return true;
	row->station = TRUTH_LINUX;
	if (++row->sender == TRUTH_SENDERS) {
		row->sender = TRUTH_RENO;
		return ++row->entry < truth_cases + truth_case_count;
	}
	if (row->sender == TRUTH_NO_SACK)
		row->station = TRUTH_PLAIN;
	return true;
}

void truth_name(const struct truth_row *row, char name[TRUTH_NAME_BYTES])
{
	snprintf(name, TRUTH_NAME_BYTES, "%s %s %s %s", row->entry->name, sender_names[row->sender],
		 station_names[row->station], snoop_level_name(row->level));
}

/* What a row says goes before what is usual. */
static void pipe_change(struct sim_pipe_params *pipe, const struct sim_pipe_params *row)
{
#define TAKE(field)                                                                                \
	if (row->field)                                                                            \
	pipe->field = row->field
	TAKE(queue_bytes);
	TAKE(loss_ppm);
	TAKE(burst_mean);
	TAKE(reorder_ppm);
	TAKE(reorder_us);
	TAKE(duplicate_ppm);
	TAKE(duplicate_us);
	TAKE(jitter_us);
	TAKE(stall_every_us);
	TAKE(stall_us);
	TAKE(step_at_us);
	TAKE(step_us);
#undef TAKE
}

static void params_of(struct sim_params *params, const struct truth_row *row, uint64_t seed)
{
	const struct truth_case *entry = row->entry;

	sim_params_plain(params, seed);
	params->level = row->level;
	params->grains = entry->segments ? entry->segments : SEGMENTS;
	params->to_station.bytes_per_ms = params->from_station.bytes_per_ms = 18750;
	params->to_station.delay_us = params->from_station.delay_us = 3000;
	params->to_box.queue_bytes = 400000;
	params->receiver_bytes = row->sender == TRUTH_PACED ? 4U << 20 : 600000;
	params->config.cache_segments = 8192;
	params->limit_us = 6000000000;
	params->linux_rto = true;
	params->sack = row->sender != TRUTH_NO_SACK;
	if (row->sender == TRUTH_PACED) {
		params->pace_bytes_per_ms =
			entry->pace_bytes_per_ms ? entry->pace_bytes_per_ms : 5800;
		params->pace_window_grains = 400;
	}
	params->no_dsack = row->station == TRUTH_NO_DSACK;
	params->compress_us = row->station == TRUTH_LINUX ? 1000 : 0;
	if (row->station != TRUTH_LINUX)
		params->delayed_ack_us = 200000;
	pipe_change(&params->to_box, &entry->to_box);
	pipe_change(&params->to_station, &entry->to_station);
	pipe_change(&params->from_station, &entry->from_station);
}

void truth_run(const struct truth_row *row, uint64_t seed, struct truth_told *told)
{
	struct sim_params params;
	const struct counters *counters = &told->result.counters;

	params_of(&params, row, seed);
	sim_run(&params, &told->result);
	told->segments = told->result.wired_data;
	told->repeats = counters->retransmits_scoreboard + counters->retransmits_dupack +
			counters->retransmits_timeout + counters->retransmits_probe +
			counters->retransmits_shield;
}

static uint64_t slack(uint64_t truth, uint64_t segments)
{
	uint64_t share = (truth + 19) / 20, least = (truth ? segments + 9999 : segments) / 10000;

	return share > least ? share : least;
}

const char *truth_judge_claims(const struct truth_row *row, const struct truth_told *told)
{
	const struct sim_result *result = &told->result;
	const struct counters *counters = &result->counters;

	if (result->why[0])
		return result->why;
	if (counters->radio_losses > result->radio_lost + slack(result->radio_lost, told->segments))
		return "RADIO INVENTED";
	if (counters->upstream_holes >
	    result->wired_gaps + slack(result->wired_gaps, told->segments))
		return "WIRED INVENTED";
	if (counters->repairs_confirmed > counters->radio_losses)
		return "CONFIRMED";
	if (row->level == SNOOP_LEVEL_OBSERVE && (told->repeats || counters->repairs_confirmed))
		return "OBSERVE";
	return NULL;
}

const char *truth_judge(const struct truth_row *row, const struct truth_told *told)
{
	const struct sim_result *result = &told->result;
	const struct counters *counters = &result->counters;

	if (counters->radio_losses + slack(result->radio_missed, told->segments) <
	    result->radio_missed)
		return "RADIO HIDDEN";
	if (counters->upstream_holes + slack(result->wired_gaps, told->segments) <
	    result->wired_gaps)
		return "WIRED HIDDEN";
	return truth_judge_claims(row, told);
}

void truth_print_head(void)
{
	printf("%-18s %-7s %-8s %-8s| %6s %6s %6s | %6s %6s | %7s | %6s/%-6s | %7s %8s\n", "case",
	       "sender", "station", "level", "truth:", "radio", "lost", "told:", "radio", "repeats",
	       "confirmed", "spurious", "useless", "ms");
}

void truth_print(const struct truth_row *row, const struct truth_told *told, const char *verdict)
{
	const struct sim_result *result = &told->result;
	const struct counters *counters = &result->counters;

	printf("%-18s %-7s %-8s %-8s| %6lu %6lu %6lu | %6lu %6lu | %7lu | %6lu/%-6lu | %7lu %8lu "
	       "%s\n",
	       row->entry->name, sender_names[row->sender], station_names[row->station],
	       snoop_level_name(row->level), result->wired_gaps, result->radio_missed,
	       result->radio_lost, counters->upstream_holes, counters->radio_losses, told->repeats,
	       counters->repairs_confirmed, counters->spurious_repairs, result->useless,
	       result->done_us / 1000, verdict);
}
