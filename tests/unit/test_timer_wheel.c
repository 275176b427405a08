/* SPDX-License-Identifier: BSD-3-Clause */
/* The timing wheel: no deadline early, none late by more than two ticks, none forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <flow/timer.h>

#define TICK_US 128u
#define WHEEL_US (TICK_US * FLOW_TIMER_SLOTS)
#define RECORDS 1000u

static struct flow_timers timers;
static struct flow_record records[RECORDS];

static int setup(void **state)
{
	flow_timers_init(&timers, records);
	memset(records, 0, sizeof(records));
	return 0;
}

static void set_deadline(uint32_t i, uint64_t deadline_us, uint64_t now_us)
{
	records[i].flow.deadline_us = deadline_us;
	flow_timer_update(&timers, &records[i], now_us);
}

/* @return the time at which the record was due. */
static uint64_t run_until_due(const struct flow_record *record, uint64_t now_us, uint64_t end_us)
{
	for (; now_us <= end_us; now_us += 50) {
		flow_timers_run(&timers, now_us);
		if (flow_timers_pop(&timers) == record)
			return now_us;
	}
	return SNOOP_NEVER;
}

static void check_one(uint64_t start_us, uint64_t delay_us)
{
	uint64_t due_us;

	flow_timers_run(&timers, start_us);
	set_deadline(0, start_us + delay_us, start_us);
	due_us = run_until_due(&records[0], start_us, start_us + delay_us + WHEEL_US);
	assert_true(due_us >= start_us + delay_us);
	assert_true(due_us <= start_us + delay_us + 2 * TICK_US);
}

static void test_near_and_far(void **state)
{
	check_one(0, 1);
	check_one(1000, 128);
	check_one(1000000, 5000);
	check_one(5000000, WHEEL_US - TICK_US);
	check_one(6000000, WHEEL_US);
	check_one(9000000, 10 * WHEEL_US + 77);
}

static void test_armed_on_a_stale_wheel(void **state)
{
	uint64_t now_us = 123456789000;

	/* Nothing has run the wheel since it was made. */
	set_deadline(0, now_us + 5000, now_us);
	assert_in_range(run_until_due(&records[0], now_us, now_us + 10000), now_us + 5000,
			now_us + 5000 + 2 * TICK_US);
}

static void test_moved(void **state)
{
	set_deadline(0, 50000, 0);
	set_deadline(0, 90000, 0); /* later: found when the timer fires */
	assert_in_range(records[0].armed_us, 50000, 50000 + TICK_US);
	set_deadline(1, 80000, 0);
	set_deadline(1, 20000, 0); /* earlier: moved at once */
	assert_in_range(run_until_due(&records[1], 0, 100000), 20000, 20000 + 2 * TICK_US);
	assert_in_range(run_until_due(&records[0], 20500, 100000), 90000, 90000 + 2 * TICK_US);
}

static void test_cancelled(void **state)
{
	set_deadline(0, 10000, 0);
	flow_timer_cancel(&timers, &records[0]);
	assert_true(run_until_due(&records[0], 0, 2 * WHEEL_US) == SNOOP_NEVER);
}

static void test_many_at_once(void **state)
{
	uint32_t due = 0, runs = 0;

	for (uint32_t i = 0; i < RECORDS; i++)
		set_deadline(i, 10000, 0);
	/* A bounded number in each run, and all in the end. */
	while (flow_timers_run(&timers, 10000 + 2 * TICK_US) && runs < RECORDS)
		runs++;
	while (flow_timers_pop(&timers) != NULL)
		due++;
	assert_int_equal(due, RECORDS);
	assert_in_range(runs, 2, RECORDS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_near_and_far, setup),
		cmocka_unit_test_setup(test_armed_on_a_stale_wheel, setup),
		cmocka_unit_test_setup(test_moved, setup),
		cmocka_unit_test_setup(test_cancelled, setup),
		cmocka_unit_test_setup(test_many_at_once, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
