/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Thousands of simulated transfers with random parameters; see sim.h for what is checked.
 *
 * SIM_SEEDS=N    how many seeds (default SEEDS)
 * SIM_FIRST=N    the first seed
 * SIM_VERBOSE=1  one line per seed
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim.h"

#define SEEDS 3000
#define FAILURES_MAX 10

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static void test_seeds(void **state)
{
	uint64_t first = from_environment("SIM_FIRST", 1),
		 seeds = from_environment("SIM_SEEDS", SEEDS);
	bool verbose = from_environment("SIM_VERBOSE", 0);
	uint64_t steps = 0, retransmits = 0, withheld = 0, lenient = 0;
	uint32_t failures = 0;

	for (uint64_t seed = first; seed < first + seeds && failures < FAILURES_MAX; seed++) {
		struct sim_params params;
		struct sim_result result;

		sim_params_random(&params, seed);
		if (!sim_run(&params, &result)) {
			print_error("seed %lu: %s\n  SIM_FIRST=%lu SIM_SEEDS=1 test_sim\n", seed,
				    result.why, seed);
			failures++;
		}
		if (verbose)
			print_message("seed %lu: %lu steps, %lu ms, %lu time-outs of the sender\n",
				      seed, result.steps, result.done_us / 1000,
				      result.sender_timeouts);
		steps += result.steps;
		lenient += result.lenient_holes;
		withheld += result.counters.acks_withheld;
		retransmits += result.counters.retransmits_scoreboard +
			       result.counters.retransmits_dupack +
			       result.counters.retransmits_timeout +
			       result.counters.retransmits_probe;
	}
	print_message(
		"%lu seeds, %lu steps, %lu retransmits, %lu withheld, %lu beside an old hole\n",
		seeds, steps, retransmits, withheld, lenient);
	assert_int_equal(failures, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
