/* SPDX-License-Identifier: BSD-3-Clause */
/* When the TSC is said to have another frequency: where several intervals agree, and not where one
 * of them holds a pause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <snoopd/base/clock_watch.h>

#define GHZ 1000000000ULL
#define SECOND_NS 1000000000ULL

static struct clock_watch watch;
static struct clock_sample now;

static int start(void **state)
{
	now = (struct clock_sample){.ticks = 5 * GHZ, .ns = 77};
	clock_watch_start(&watch, 2 * GHZ, now);
	return 0;
}

/* An interval later. */
static enum clock_event after(uint64_t ns, uint64_t ticks)
{
	now.ns += ns;
	now.ticks += ticks;
	return clock_watch_look(&watch, now);
}

static enum clock_event second(uint64_t hz)
{
	return after(SECOND_NS, hz);
}

static void small_differences_are_steady(void **state)
{
	for (uint64_t hz = 1981 * GHZ / 1000; hz < 2020 * GHZ / 1000; hz += GHZ / 1000)
		assert_int_equal(second(hz), CLOCK_STEADY);
	assert_int_equal(watch.hz, 2 * GHZ);
	assert_int_equal(watch.agreeing, 0);
}

static void a_wrong_frequency_is_measured(void **state)
{
	static const uint64_t rates[] = {2900000000, 1900000000, 2021000000, 24000000, 60 * GHZ};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		start(state);
		assert_int_equal(second(rates[i]), CLOCK_STEADY);
		assert_int_equal(second(rates[i] + rates[i] / 300), CLOCK_STEADY);
		assert_int_equal(watch.hz, 2 * GHZ);
		assert_int_equal(second(rates[i]), CLOCK_CHANGED);
		assert_int_equal(watch.hz, rates[i]);
		assert_int_equal(second(rates[i]), CLOCK_STEADY);
		assert_int_equal(watch.agreeing, 0);
	}
}

/* The interval of the move holds some of both. */
static void a_moved_machine_is_measured(void **state)
{
	assert_int_equal(second(2 * GHZ), CLOCK_STEADY);
	assert_int_equal(second(2400000000), CLOCK_STEADY);
	for (int i = 0; i < 2; i++)
		assert_int_equal(second(3 * GHZ), CLOCK_STEADY);
	assert_int_equal(second(3 * GHZ), CLOCK_CHANGED);
	assert_int_equal(watch.hz, 3 * GHZ);
	/* And back. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(second(2 * GHZ), CLOCK_STEADY);
	assert_int_equal(second(2 * GHZ), CLOCK_CHANGED);
	assert_int_equal(watch.hz, 2 * GHZ);
}

static void a_pause_is_a_step(void **state)
{
	/* The TSC went on for an hour. */
	assert_int_equal(second(3601 * 2 * GHZ), CLOCK_STEADY);
	assert_int_equal(second(2 * GHZ), CLOCK_STEPPED);
	assert_int_equal(watch.step_us, 3600000000);
	assert_int_equal(second(2 * GHZ), CLOCK_STEADY);
	/* It stood still while the system's clock went on. */
	assert_int_equal(after(11 * SECOND_NS, 2 * GHZ), CLOCK_STEADY);
	assert_int_equal(second(2 * GHZ), CLOCK_STEPPED);
	assert_int_equal(watch.step_us, -10000000);
	/* It began anew: now before then. */
	now.ticks = 0;
	assert_int_equal(second(0), CLOCK_STEADY);
	assert_int_equal(second(2 * GHZ), CLOCK_STEPPED);
	assert_int_equal(watch.hz, 2 * GHZ);
}

static void pauses_in_a_row_are_no_frequency(void **state)
{
	for (uint64_t i = 0; i < 20; i++)
		assert_int_equal(second((3 + i % 2) * GHZ), CLOCK_STEADY);
	assert_int_equal(second(2 * GHZ), CLOCK_STEPPED);
	for (int i = 0; i < 20; i++)
		assert_int_equal(second(0), CLOCK_STEADY); /* it stands still */
	assert_int_equal(watch.hz, 2 * GHZ);
}

static void what_was_not_measured_is_not_judged(void **state)
{
	struct clock_sample none = {.ticks = 99 * GHZ};

	for (int i = 0; i < 10; i++) {
		assert_int_equal(clock_watch_look(&watch, none), CLOCK_STEADY);
		assert_int_equal(after(CLOCK_WATCH_MIN_NS / 20, 7 * GHZ), CLOCK_STEADY);
	}
	assert_int_equal(watch.agreeing, 0);
	/* The system's clock is not to go back; if it did, the next interval begins there. */
	now.ns = 1;
	assert_int_equal(clock_watch_look(&watch, now), CLOCK_STEADY);
	assert_int_equal(second(2 * GHZ), CLOCK_STEADY);
	assert_int_equal(watch.agreeing, 0);
	/* A watch that began without a sample. */
	clock_watch_start(&watch, 2 * GHZ, none);
	assert_int_equal(second(2 * GHZ), CLOCK_STEADY);
	assert_int_equal(second(2 * GHZ), CLOCK_STEADY);
	assert_int_equal(watch.agreeing, 0);
}

static void this_machine_can_be_sampled(void **state)
{
	struct clock_sample first = {0}, later = {0};

	for (int i = 0; i < 1000 && first.ns == 0; i++)
		first = clock_sample();
	for (int i = 0; i < 1000 && later.ns == 0; i++)
		later = clock_sample();
	assert_true(later.ticks > first.ticks);
	assert_true(later.ns > first.ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(small_differences_are_steady, start),
		cmocka_unit_test_setup(a_wrong_frequency_is_measured, start),
		cmocka_unit_test_setup(a_moved_machine_is_measured, start),
		cmocka_unit_test_setup(a_pause_is_a_step, start),
		cmocka_unit_test_setup(pauses_in_a_row_are_no_frequency, start),
		cmocka_unit_test_setup(what_was_not_measured_is_not_judged, start),
		cmocka_unit_test(this_machine_can_be_sampled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
