/* SPDX-License-Identifier: BSD-3-Clause */
/* When a worker has looked at all that arrived, so that timers may fire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <snoopd/datapath/receive.h>

static void test_few_packets_settle(void **state)
{
	struct receive_state receive = {0};

	(void)state;
	receive_note(&receive, 0);
	receive_note(&receive, RECEIVE_FEW);
	assert_true(receive_settles(&receive, false, 1000));
	assert_int_equal(receive.settled_us, 1000);
}

static void test_one_source_with_more_is_enough(void **state)
{
	struct receive_state receive = {.settled_us = 1000};

	(void)state;
	receive_note(&receive, RECEIVE_FEW + 1);
	receive_note(&receive, 0);
	assert_false(receive_settles(&receive, false, 2000));
	assert_int_equal(receive.settled_us, 1000);
	assert_true(receive_settles(&receive, false, 3000));
}

/* The sources were empty, then the worker stood still. */
static void test_late_turn_settles_nothing(void **state)
{
	struct receive_state receive = {.settled_us = 1000};

	(void)state;
	assert_false(receive_settles(&receive, true, 51000));
	assert_int_equal(receive.settled_us, 1000);
	assert_true(receive_settles(&receive, false, 51010));
}

static void test_timers_fire_under_overload(void **state)
{
	struct receive_state receive = {0};

	(void)state;
	for (uint32_t turn = 1; turn <= 3 * RECEIVE_TURNS_MAX; turn++) {
		receive_note(&receive, 32);
		assert_int_equal(receive_settles(&receive, false, turn),
				 turn % RECEIVE_TURNS_MAX == 0);
	}
	/* A worker that stands still in every turn ends them too. */
	for (uint32_t turn = 1; turn <= RECEIVE_TURNS_MAX; turn++)
		assert_int_equal(receive_settles(&receive, true, turn), turn == RECEIVE_TURNS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few_packets_settle),
		cmocka_unit_test(test_one_source_with_more_is_enough),
		cmocka_unit_test(test_late_turn_settles_nothing),
		cmocka_unit_test(test_timers_fire_under_overload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
