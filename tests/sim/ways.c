/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the engine does in simulated transfers, and all that it knows after each step, as one digest
 * per seed: built twice, see ways.h, for test_ways.py, which compares.
 *
 *   ways FIRST SEEDS  one line per seed, and how often a fast path was taken
 *   ways SEED         the journal of one seed
 *
 * A seed is a simulated transfer (sim.h), and a script for the packets that nobody sane would send
 * (tests/fuzz).
 *
 * Left out is what depends on where a segment is kept, and hints of where a search begins: lists
 * are written as the segments that are in them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../fuzz/oracle.h"
#include "sim.h"
#include "ways.h"

#define CALM_OF 4 /* of so many seeds all but one are mostly in order */
#define SCRIPT_STEPS 600
#define SCRIPT_DATA 0 /* of enum step in fuzz_engine.c */
#define SCRIPT_ACK 4
#define SCRIPT_WAIT 8
#define SCRIPT_TROUBLE 14
#define SCRIPT_FORGET 15

uint64_t ways_asked[WAY_COUNT], ways_taken[WAY_COUNT];

static uint64_t digest;
static bool printing;
static uint64_t (*identity)(const void *packet); /* what note_segment() knows a packet by */

static void note(const char *name, uint64_t value)
{
	digest = (digest ^ value) * 0x100000001b3ULL;
	digest ^= digest >> 29;
	if (printing)
		printf(" %s=%lu", name, value);
}

static void note_line(const char *what, uint64_t value)
{
	if (printing)
		printf("\n%s", what);
	note("", value);
}

/* clang-format off */
#define FLOW_FIELDS(X) \
	X(snd_max) X(una) X(high_sack) X(uncached_end) X(window_bytes) X(window_raw) \
	X(window_shift) X(ecn_last) X(level) X(window_shift_known) X(started) X(silent) \
	X(acked) X(two_way) X(sack) X(timestamps) X(echoed) X(midstream) X(reordering) \
	X(recovery) X(withhold_over) X(fin_wired) X(fin_station) X(closed) X(catching_up) \
	X(vetoing) \
	X(veto_answered) X(has_rtt) X(bad_checksum_wired) X(bad_checksum_station) \
	X(cache_refused) X(unsettled) \
	X(timeout_in_doubt) X(answers_due) X(backoff) X(reo_steps) X(rtt_next) \
	X(dup_claimed_segments) \
	X(max_payload_bytes) X(echo_sent_us) X(gaps) X(cached_count) X(open_count) \
	X(left_count) X(cached_bytes) X(open_bytes) X(deadline_us) X(last_seen_us) \
	X(progress_us) X(data_segments) X(data_bytes) X(echo_tsval) X(ts_last) X(shield_spent) \
	X(returns_seen) X(reo_deadline_us) X(tail_deadline_us) X(srtt_us) X(rttvar_us) \
	X(rto_widen_us) X(credit) X(station_next) X(station_era) X(rack_end) X(rack_sent_us) \
	X(partial_end) X(settle_us) X(rack_rtt_us) X(recovery_point) \
	X(dup_acks) X(stray_dup_acks) X(ts_echo) \
	X(acked_bytes) X(rtt_window_us[0]) X(rtt_window_us[1]) X(rtt_window_us[2]) \
	X(rtt_window_us[3]) X(queue_delay_us) X(sample_us) X(delay_mark_us) X(min_rtt.now_us) \
	X(min_rtt.before_us) X(min_rtt.since_us) X(sacked_count) X(sender_count) \
	X(withheld_count) X(fin_end) X(delay_before_us) X(delay_growth_ppm) X(last_slope_ppm) \
	X(wired_rtt.now_us) X(wired_rtt.before_us) X(wired_rtt.since_us) X(wired_delay_us) \
	X(wired_delay_last_us) X(retransmit_us) X(veto_signal) X(veto_end) X(veto_budget_ppm) \
	X(veto_quiet_us) X(high_delivered) X(high_lost) X(radio_losses) X(upstream_holes) \
	X(retransmits) X(repairs_confirmed) X(spurious) X(given_up) X(vetoes) X(sender_needless) \
	X(sender_retransmits) X(timeouts) X(acks_withheld)

#define STATION_FIELDS(X) \
	X(heard_us) X(delay_since_us) X(timeouts) X(srtt_us) X(rttvar_us) X(min_rtt.now_us) \
	X(min_rtt.before_us) X(min_rtt.since_us) X(low_delivered) X(low_lost) \
	X(delay_max_us[0]) X(delay_max_us[1]) X(era) X(silent) X(acked_bytes) \
	X(delivered_segments) X(totals.acked_bytes) X(totals.delivered_segments) \
	X(totals.radio_losses) X(totals.repairs_confirmed) X(totals.given_up) X(probe_us) \
	X(probe_gap_us) X(refs) X(shield_spent)

#define EXTRA_FIELDS(X) \
	X(span_start_us) X(span_peak_bytes) X(span_now) X(doubt_until_us) X(doubt_sent_us) \
	X(doubt_end) X(reo_round_us) X(reo_persist) \
	X(outcome_first) X(outcome_count) X(copies_due) X(unexplained) \
	X(hidden) X(reported) X(unseen) X(copies_at) \
	X(unexplained_at_bytes) X(reports) X(dups_since_us) X(dups_usual_us) X(dups_judged) \
	X(dups_usual) X(answers_due) X(answers_lost) \
	X(shield_first) X(shield_end) X(shield_us) X(shield_dear) X(shield_open) \
	X(shield_looked_us)
/* clang-format on */

static void note_segment(const struct snoop_segment *segment)
{
	note("seq", segment->seq);
	note("end", segment->end);
	note("packet", segment->packet ? identity(segment->packet) : 0);
	note("sent_us", segment->sent_us);
	note("lost_us", segment->lost_us);
	note("tsval", segment->tsval);
	note("frame_bytes", segment->frame_bytes);
	note("tries", segment->tries);
	note("copies", segment->copies);
	note("missing", segment->missing);
	note("hidden", segment->hidden);
	note("flags", segment->flags);
	note("cause", segment->cause);
}

static void note_lists(const struct snoop_engine *engine, const struct snoop_flow *flow)
{
	note_line("by_seq", 0);
	for (uint32_t i = flow->by_seq.head; i; i = segment_at(engine, i)->seq_next)
		note_segment(segment_at(engine, i));
	note_line("open", 0);
	for (uint32_t i = flow->open.head; i; i = segment_at(engine, i)->open_next)
		note("seq", segment_at(engine, i)->seq);
	note_line("in_flight", 0);
	for (uint32_t i = flow->in_flight.head; i; i = segment_at(engine, i)->send_next)
		note("seq", segment_at(engine, i)->seq);
	note_line("lost", 0);
	for (uint32_t i = flow->lost.head; i; i = segment_at(engine, i)->send_next)
		note("seq", segment_at(engine, i)->seq);
	note_line("withheld", 0);
	for (uint32_t i = flow->withheld.head; i; i = segment_at(engine, i)->send_next)
		note_segment(segment_at(engine, i));
}

static void note_flow(struct snoop_engine *engine, const struct snoop_flow *flow, uint64_t number)
{
	const struct snoop_flow_extra *extra = extra_of(engine, flow);

	note_line("flow", number);
#define FIELD(name) note(#name, (uint64_t)flow->name);
	FLOW_FIELDS(FIELD)
#undef FIELD
	if (!extra)
		return;
#define FIELD(name) note(#name, extra->name);
	EXTRA_FIELDS(FIELD)
#undef FIELD
	for (uint32_t i = 0; i < SNOOP_SPANS; i++)
		note("span_bytes", extra->span_bytes[i]);
	for (uint32_t i = 0; i < extra->outcome_count; i++) {
		const struct snoop_outcome *outcome =
			&extra->outcomes[(extra->outcome_first + i) % SNOOP_OUTCOMES];

		note("outcome", outcome->seq);
		note("due_us", outcome->due_us);
		note("copies", outcome->copies);
		note("duplicates", outcome->duplicates);
	}
}

static void note_engine(const struct snoop_engine *engine)
{
	note_line("engine", engine->now_us);
	note("deadline_us", snoop_engine_deadline_us(engine));
	note("returns", engine->returns);
	note("portion_us", engine->portion_us);
	note("portion_left", engine->portion_left);
#define FIELD(id, type, unit, help) note(#id, engine->counters->id);
	COUNTERS(FIELD)
#undef FIELD
#define FIELD(id, unit, help)                                                                      \
	note(#id, engine->histograms.id.sum);                                                      \
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)                                           \
		note("bucket", engine->histograms.id.bucket[i]);
	HISTOGRAMS(FIELD)
#undef FIELD
	for (uint32_t i = 1; i <= engine->station_count; i++) {
		const struct snoop_station *station = &engine->stations[i];

		if (!station->used)
			continue;
		note_line("station", i);
#define FIELD(name) note(#name, station->name);
		STATION_FIELDS(FIELD)
#undef FIELD
	}
}

static uint64_t sim_identity(const void *packet)
{
	return ((const struct sim_packet *)packet)->checksum;
}

static void note_sim(const struct sim *sim, const char *what, const struct sim_packet *packet)
{
	note_line(what, sim->now_us);
	note("step", sim->result->steps);
	if (packet) {
		note("flow", packet->flow);
		note("packet", packet->checksum);
		return;
	}
	note_engine(sim->engine);
	for (uint32_t i = 0; i < sim->params->flows; i++)
		if (sim->flows[i].exists)
			note_flow(sim->engine, &sim->flows[i].flow, i);
	/* Of the flow that the engine was called for last. */
	if (sim->current < sim->params->flows && sim->flows[sim->current].exists)
		note_lists(sim->engine, &sim->flows[sim->current].flow);
}

static uint64_t world_identity(const void *packet)
{
	return ((const struct packet *)packet)->number;
}

static void note_world(const struct world *world, const char *what, const struct packet *packet)
{
	const struct flow *flow = &world->flows[world->current];

	note_line(what, world->now_us);
	if (packet) {
		note("flow", packet->flow);
		note("packet", packet->number);
		return;
	}
	note("step", world->packet_count);
	note_engine(world->engine);
	for (uint32_t i = 0; i < WORLD_FLOWS; i++)
		if (world->flows[i].exists)
			note_flow(world->engine, &world->flows[i].engine, i);
	if (flow->exists)
		note_lists(world->engine, &flow->engine);
}

/*
 * A script for fuzz_engine.c, of which any bytes are one: here mostly data in order and ACKs of it,
 * which as often as not end within a segment, and now and then any other step.
 */
static void run_script(uint64_t seed)
{
	struct sim_rng rng = {.state = seed ^ 0x5c217ULL};
	uint8_t script[3 + 2 * SCRIPT_STEPS], *at = script, usual = sim_random(&rng) & 1 ? 1 : 3;

	*at++ = (uint8_t)sim_random(&rng); /* level, budgets, configuration */
	*at++ = (uint8_t)sim_random(&rng);
	*at++ = (uint8_t)sim_random(&rng);
	while (at < script + sizeof(script)) {
		uint8_t flow = (uint8_t)(sim_random(&rng) & 3);
		uint8_t kind = (uint8_t)(sim_random(&rng) & 15);
		uint8_t more = (uint8_t)sim_random(&rng);
		uint8_t variant = sim_chance(&rng, 30000) ? (uint8_t)(sim_random(&rng) & 3) : usual;

		switch (sim_between(&rng, 0, 63)) {
		case 0:
			break;
		case 1: /* ends what came of that: wrong checksums, and closed flows */
			kind = SCRIPT_TROUBLE;
			more = 0;
			break;
		case 2:
			kind = SCRIPT_FORGET;
			break;
		case 3 ... 6:
			kind = SCRIPT_WAIT;
			break;
		case 7 ... 32:
			kind = SCRIPT_DATA;
			more &= 1;
			break;
		default:
			kind = SCRIPT_ACK;
			more = (uint8_t)(more < 8 ? 255 : 1 + more % 4);
		}
		*at++ = (uint8_t)(kind | flow << 4 | variant << 6);
		*at++ = more;
	}
	identity = world_identity;
	oracle_note = note_world;
	LLVMFuzzerTestOneInput(script, sizeof(script));
}

static bool run(uint64_t seed, struct sim_result *result)
{
	struct sim_params params;
	bool passed;

	if (seed % CALM_OF)
		sim_params_calm(&params, seed);
	else
		sim_params_random(&params, seed);
	params.note = note_sim;
	identity = sim_identity;
	passed = sim_run(&params, result);
	if (!passed)
		fprintf(stderr, "seed %lu: %s\n", seed, result->why);
	return passed;
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	uint64_t seeds = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	static const char *const names[WAY_COUNT] = {
		"data", "deadline", "acks", "tail", "append", "first",
	};
	struct sim_result result;
	bool passed = true;

	setvbuf(stdout, NULL, _IOLBF, 0); /* whole lines, should a check end the program */
	printing = argc == 2;
	for (uint64_t seed = first; seed < first + seeds; seed++) {
		digest = 0;
		passed &= run(seed, &result);
		run_script(seed);
		printf("%sseed %lu: %lu steps, %016lx\n", printing ? "\n" : "", seed, result.steps,
		       digest);
	}
	printf("taken:");
	for (uint32_t i = 0; i < WAY_COUNT; i++)
		printf(" %s %lu of %lu", names[i], ways_taken[i], ways_asked[i]);
	printf("\n");
	return passed ? 0 : 1;
}
