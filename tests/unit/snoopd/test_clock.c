/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker's time never goes back and never leaps, whatever the TSC does; and it has the rate of
 * the frequency that it was told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <snoopd/base/clock.h>

#define GHZ 1000000000ULL
#define SECOND CLOCK_US_PER_S

static void expect_near(uint64_t us, uint64_t expected)
{
	if (us + 1 < expected || us > expected + 1)
		fail_msg("%llu us, expected %llu", (unsigned long long)us,
			 (unsigned long long)expected);
}

static void rates_are_exact(void **state)
{
	static const uint64_t rates[] = {CLOCK_US_PER_S + 1, 24000000, 2399999999, 5 * GHZ};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct clock clock;

		clock_start(&clock, rates[i], 7 * rates[i]);
		for (uint64_t second = 0; second < 1000; second++)
			expect_near(clock_read(&clock, (7 + second) * rates[i]),
				    (7 + second) * SECOND);
		assert_int_equal(clock.steps, 0);
	}
}

/* Years after the TSC began, and where its 64 bits end. */
static void long_uptimes(void **state)
{
	uint64_t year_s = 365 * 86400, ticks = 10 * year_s * 3 * GHZ, last;
	struct clock clock;

	clock_start(&clock, 3 * GHZ, ticks);
	last = clock_read(&clock, ticks);
	expect_near(last, 10 * year_s * SECOND);
	expect_near(clock_read(&clock, ticks + GHZ), last + SECOND / 3);
	clock_start(&clock, 3 * GHZ, UINT64_MAX - GHZ);
	last = clock_read(&clock, UINT64_MAX);
	expect_near(clock_read(&clock, GHZ), last + SECOND / 3);
	expect_near(clock_read(&clock, 2 * GHZ), last + 2 * SECOND / 3);
}

static void another_frequency_goes_on_from_now(void **state)
{
	struct clock clock;
	uint64_t now;

	clock_start(&clock, 2 * GHZ, 100 * GHZ);
	now = clock_read(&clock, 101 * GHZ);
	expect_near(now, 50 * SECOND + SECOND / 2);
	clock_calibrate(&clock, 3 * GHZ, 101 * GHZ);
	assert_int_equal(clock_read(&clock, 101 * GHZ), now);
	expect_near(clock_read(&clock, 104 * GHZ - GHZ), now + 2 * SECOND / 3);
	assert_int_equal(clock.steps, 0);
}

static void a_pause_lasts_a_second_at_most(void **state)
{
	struct clock clock;
	uint64_t now;

	clock_start(&clock, GHZ, GHZ);
	now = clock_read(&clock, GHZ);
	/* Of a turn that was late all counts. */
	expect_near(clock_read(&clock, 2 * GHZ), now + SECOND);
	assert_int_equal(clock.steps, 0);
	now = clock_read(&clock, 2 * GHZ);
	expect_near(clock_read(&clock, 3602 * GHZ), now + SECOND);
	assert_int_equal(clock.steps, 1);
	expect_near(clock_read(&clock, 3602 * GHZ + GHZ / 2), now + SECOND + SECOND / 2);
	assert_int_equal(clock.steps, 1);
}

static void backwards_it_stands_still(void **state)
{
	struct clock clock;
	uint64_t now;

	clock_start(&clock, GHZ, 1000 * GHZ);
	now = clock_read(&clock, 1001 * GHZ);
	/* Behind the base, behind what was read last, and back to zero. */
	for (int i = 0; i < 3; i++) {
		static const uint64_t back[] = {900 * GHZ, 899 * GHZ + GHZ / 2, 0};

		assert_int_equal(clock_read(&clock, back[i]), now);
		assert_int_equal(clock.steps, i + 1);
		expect_near(clock_read(&clock, back[i] + GHZ / 2), now + SECOND / 2);
		now = clock_read(&clock, back[i] + GHZ);
	}
	assert_int_equal(clock.steps, 3);
}

/* CPUs whose TSCs differ by a little are no step. */
static void a_little_back_is_no_step(void **state)
{
	struct clock clock;
	uint64_t ticks = 1000 * GHZ, last = 0;

	clock_start(&clock, GHZ, ticks);
	for (int i = 0; i < 10000; i++) {
		uint64_t now;

		ticks += i % 2 ? 100000 : (uint64_t)-40000;
		now = clock_read(&clock, ticks);
		assert_true(now >= last);
		last = now;
	}
	assert_int_equal(clock.steps, 0);
	/* What was stood still for is not caught up with, so it is late by that at most. */
	assert_in_range(last, 1000 * SECOND + 300000, 1000 * SECOND + 10000 * 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_exact),
		cmocka_unit_test(long_uptimes),
		cmocka_unit_test(another_frequency_goes_on_from_now),
		cmocka_unit_test(a_pause_lasts_a_second_at_most),
		cmocka_unit_test(backwards_it_stands_still),
		cmocka_unit_test(a_little_back_is_no_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
