/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What hosts get over a radio that loses 5 % both ways, D = 5 ms, 100 Mb/s: short runs of the cases
 * that doc/two-ended-simulation.md has tables of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "scenario.h"

#define LOSS_PPM 50000

static void prepare(struct scenario *scenario)
{
	scenario_defaults(scenario);
	scenario->cc = QUIC_CUBIC;
	scenario->loss_ppm = LOSS_PPM;
	scenario->thins = 4;
	scenario->skip_seconds = 3;
	scenario->seconds = 3;
}

static void run(const struct scenario *scenario, struct scenario_result *result)
{
	if (!scenario_run(scenario, result))
		fail_msg("%s", result->why);
}

/* The kill criterion of the design: 0.95 (1 - p). Less here for the thin flows and a short run. */
static void bulk_fills_the_radio(void **state)
{
	struct scenario scenario;
	struct scenario_result result;

	prepare(&scenario);
	run(&scenario, &result);
	assert_true(result.share_down > 0.90 * (1 - LOSS_PPM / 1e6));
	assert_int_equal(result.given_up, 0);
	assert_true(result.thin_p99_us < 18 * scenario.rtt_us / 10);
	assert_true(result.duplicates * 100 < result.retransmits * 8);
}

/* Without order every repair is a loss to a sender with a threshold of three. */
static void order_is_not_optional(void **state)
{
	struct scenario scenario;
	struct scenario_result result;

	prepare(&scenario);
	scenario.mode = SCENARIO_UNORDERED;
	run(&scenario, &result);
	assert_true(result.share_down < 0.1);
	assert_true(result.quic_spurious > 10);
}

static void uploads_too(void **state)
{
	struct scenario scenario;
	struct scenario_result result;

	prepare(&scenario);
	scenario.ups = 1;
	run(&scenario, &result);
	assert_true(result.share_down > 0.85 * (1 - LOSS_PPM / 1e6));
	assert_true(result.share_up > 0.85 * (1 - LOSS_PPM / 1e6));
}

/* Nothing is lost: nothing is retransmitted, withheld, or slower. */
static void lossless_costs_little(void **state)
{
	struct scenario scenario;
	struct scenario_result plain, tagged;

	prepare(&scenario);
	scenario.loss_ppm = 0;
	scenario.mode = SCENARIO_PLAIN;
	run(&scenario, &plain);
	scenario.mode = SCENARIO_ORDERED;
	run(&scenario, &tagged);
	assert_true(tagged.share_down > 0.985 * plain.share_down);
	assert_int_equal(tagged.retransmits, 0);
	assert_int_equal(tagged.thin_p99_us, 0);
	assert_true(tagged.control_share < 0.003);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bulk_fills_the_radio),
		cmocka_unit_test(order_is_not_optional),
		cmocka_unit_test(uploads_too),
		cmocka_unit_test(lossless_costs_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
