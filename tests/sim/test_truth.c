/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Losses are told where they happened: observe in all cases, auto where the sender goes by a window
 * and the station reports duplicates. truth_sweep prints the whole table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "truth.h"

#define SEED 1

/* Without SACK a shield's copy takes the place of a lost segment, and nothing tells of the loss. */
static bool is_explained_by_shields(const struct counters *counters, uint64_t lost)
{
	return counters->radio_losses <= lost &&
	       counters->radio_losses + counters->retransmits_shield >= lost;
}

/* @return what is wrong, or NULL. */
static const char *judge(const struct truth_told *told, enum truth_sender sender,
			 enum snoop_level level)
{
	const struct counters *counters = &told->result.counters;

	if (told->result.why[0])
		return told->result.why;
	if (!truth_is_near(counters->radio_losses, told->result.radio_lost) &&
	    !(sender == TRUTH_NO_SACK &&
	      is_explained_by_shields(counters, told->result.radio_lost)))
		return "radio_losses is wrong";
	/* Lost retransmits of the sender leave no trace at the box. */
	if (counters->upstream_holes > told->result.wired_lost)
		return "upstream_holes is above the truth";
	if (!told->result.wired_lost && counters->upstream_holes)
		return "upstream_holes of nothing";
	if (counters->repairs_confirmed > counters->radio_losses)
		return "more is repaired than was lost";
	if (level == SNOOP_LEVEL_OBSERVE && (told->repeats || counters->repairs_confirmed))
		return "observe has retransmitted";
	return NULL;
}

static uint32_t run(const struct truth_case *entry, enum truth_sender sender,
		    enum truth_station station, enum snoop_level level)
{
	struct truth_told told;
	const char *wrong;

	truth_run(entry, sender, station, level, SEED, &told);
	wrong = judge(&told, sender, level);
	if (wrong)
		truth_print(entry, sender, station, level, &told, wrong);
	return wrong != NULL;
}

static void test_observe(void **state)
{
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < truth_case_count; i++)
		for (enum truth_station station = 0; station < TRUTH_STATIONS; station++) {
			/* A time-out of the sender over a delayed ACK looks like a loss there. */
			if (station == TRUTH_NO_DSACK && truth_cases[i].delays)
				continue;
			wrong += run(&truth_cases[i], TRUTH_RENO, station, SNOOP_LEVEL_OBSERVE);
			if (station != TRUTH_LINUX || !truth_cases[i].partial)
				wrong += run(&truth_cases[i], TRUTH_PACED, station,
					     SNOOP_LEVEL_OBSERVE);
		}
	assert_int_equal(wrong, 0);
}

/* Without SACK one duplicate is like the other, of a loss or of none. */
static void test_nosack(void **state)
{
	static const char *const sure[] = {"nothing",	     "radio 2 %",	 "twice on wire",
					   "twice on radio", "twice, radio 2 %", "jitter"};
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < truth_case_count; i++) {
		for (uint32_t j = 0; j < sizeof(sure) / sizeof(sure[0]); j++)
			if (!strcmp(truth_cases[i].name, sure[j])) {
				wrong += run(&truth_cases[i], TRUTH_NO_SACK, TRUTH_PLAIN,
					     SNOOP_LEVEL_OBSERVE);
				wrong += run(&truth_cases[i], TRUTH_NO_SACK, TRUTH_PLAIN,
					     SNOOP_LEVEL_AUTO);
			}
		if (!strcmp(truth_cases[i].name, "twice, both ways"))
			wrong += run(&truth_cases[i], TRUTH_NO_SACK, TRUTH_PLAIN, SNOOP_LEVEL_AUTO);
	}
	assert_int_equal(wrong, 0);
}

static void test_auto(void **state)
{
	uint32_t wrong = 0;

	for (uint32_t i = 0; i < truth_case_count; i++) {
		wrong += run(&truth_cases[i], TRUTH_RENO, TRUTH_LINUX, SNOOP_LEVEL_AUTO);
		wrong += run(&truth_cases[i], TRUTH_RENO, TRUTH_PLAIN, SNOOP_LEVEL_AUTO);
		if (truth_cases[i].paced)
			wrong += run(&truth_cases[i], TRUTH_PACED, TRUTH_LINUX, SNOOP_LEVEL_AUTO);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_observe),
		cmocka_unit_test(test_auto),
		cmocka_unit_test(test_nosack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
