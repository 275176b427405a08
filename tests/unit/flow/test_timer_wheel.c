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
	assert_int_equal(records[0].armed_us, 50000);
	set_deadline(1, 80000, 0);
	set_deadline(1, 20000, 0); /* earlier: moved at once */
	assert_in_range(run_until_due(&records[1], 0, 100000), 20000, 20000 + 2 * TICK_US);
	assert_in_range(run_until_due(&records[0], 20500, 100000), 90000, 90000 + 2 * TICK_US);
}

/* A timer whose deadline stands, or moves within its tick, is left where it is: nobody's links
 * change. */
static void test_not_moved_in_vain(void **state)
{
	for (uint32_t i = 0; i < 3; i++)
		set_deadline(i, 50000, 0);
	for (uint64_t now_us = 0; now_us < 49000; now_us += 100) {
		struct flow_record before = records[1];

		set_deadline(1, 50000 + now_us % 3, now_us);
		assert_int_equal(records[1].list_prev, before.list_prev);
		assert_int_equal(records[1].list_next, before.list_next);
		flow_timers_run(&timers, now_us);
	}
	assert_in_range(run_until_due(&records[0], 49000, 60000), 50000, 50000 + 2 * TICK_US);
	assert_ptr_equal(flow_timers_pop(&timers), &records[1]);
}

/* So many others fire that the wheel is late; a packet before every run must not put the timer off.
 */
static void test_late_and_touched(void **state)
{
	uint64_t now_us = 0;

	for (uint32_t i = 0; i < RECORDS; i++)
		set_deadline(i, 10000, 0);
	for (now_us = 10000; now_us < 100000; now_us += 10) {
		set_deadline(RECORDS - 1, 10000, now_us);
		flow_timers_run(&timers, now_us);
		for (struct flow_record *record; (record = flow_timers_pop(&timers)) != NULL;) {
			if (record == &records[RECORDS - 1])
				goto due;
			set_deadline((uint32_t)(record - records), now_us + 128, now_us);
		}
	}
due:
	assert_in_range(now_us, 10000, 20000);
}

/* The low half of the clock wraps, and the clock jumps by more than half of it. */
static void test_wrap_and_jump(void **state)
{
	uint64_t wrap_us = 1ull << 32;

	for (uint64_t start_us = wrap_us - 20000; start_us < wrap_us + 20000; start_us += 1999)
		check_one(start_us, 1500);
	for (uint64_t jump_us = 1ull << 30; jump_us < 5 * wrap_us; jump_us += 1ull << 30) {
		uint64_t start_us = 10 * wrap_us + 8 * jump_us;

		flow_timers_run(&timers, start_us);
		set_deadline(0, start_us + 5000, start_us);
		set_deadline(0, start_us + jump_us + 700, start_us + jump_us);
		assert_true(run_until_due(&records[0], start_us + jump_us,
					  start_us + jump_us + 10000) >= start_us + jump_us + 700);
		assert_false(records[0].armed);
	}
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
		cmocka_unit_test_setup(test_not_moved_in_vain, setup),
		cmocka_unit_test_setup(test_late_and_touched, setup),
		cmocka_unit_test_setup(test_wrap_and_jump, setup),
		cmocka_unit_test_setup(test_cancelled, setup),
		cmocka_unit_test_setup(test_many_at_once, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
