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
	assert_true(receive_settles(&receive, true, false, 1000));
	assert_int_equal(receive.settled_us, 1000);
}

static void test_one_source_with_more_is_enough(void **state)
{
	struct receive_state receive = {.settled_us = 1000};

	(void)state;
	receive_note(&receive, RECEIVE_FEW + 1);
	receive_note(&receive, 0);
	assert_false(receive_settles(&receive, true, false, 2000));
	assert_int_equal(receive.settled_us, 1000);
	assert_true(receive_settles(&receive, true, false, 3000));
}

/* The sources were empty, then the worker stood still. */
static void test_late_turn_settles_nothing(void **state)
{
	struct receive_state receive = {.settled_us = 1000};

	(void)state;
	assert_false(receive_settles(&receive, true, true, 51000));
	assert_int_equal(receive.settled_us, 1000);
	assert_true(receive_settles(&receive, true, false, 51010));
}

static void test_timers_fire_under_overload(void **state)
{
	struct receive_state receive = {0};

	(void)state;
	for (uint32_t turn = 1; turn <= 3 * RECEIVE_TURNS_MAX; turn++) {
		receive_note(&receive, 32);
		assert_int_equal(receive_settles(&receive, true, false, turn),
				 turn % RECEIVE_TURNS_MAX == 0);
	}
	/* A worker that stands still in every turn ends them too. */
	for (uint32_t turn = 1; turn <= RECEIVE_TURNS_MAX; turn++)
		assert_int_equal(receive_settles(&receive, true, true, turn),
				 turn == RECEIVE_TURNS_MAX);
}

/* Before a round has ended, packets may wait that nobody has asked for. */
static void test_a_part_of_the_links_settles_nothing(void **state)
{
	struct receive_state receive = {.settled_us = 1000};

	(void)state;
	assert_false(receive_settles(&receive, false, false, 2000));
	assert_int_equal(receive.settled_us, 1000);
	assert_true(receive_settles(&receive, true, false, 3000));
	/* Under overload it is the turns that count. */
	for (uint32_t turn = 1; turn <= RECEIVE_TURNS_MAX; turn++) {
		receive_note(&receive, 32);
		assert_int_equal(receive_settles(&receive, turn % 8 == 0, false, turn),
				 turn == RECEIVE_TURNS_MAX);
	}
}

/* One link, or a few: all are asked in every turn. */
static void test_few_links_are_asked_in_every_turn(void **state)
{
	const uint64_t links = 0x8000000000000005;
	struct receive_round round = {.unasked = links};

	for (uint32_t turn = 0; turn < 10; turn++) {
		assert_true(receive_choose(&round, links) == links);
		receive_answered(&round, 2, turn % 2, false);
		receive_answered(&round, 63, turn % 3, false);
		assert_true(receive_ends_round(&round, links));
	}
}

/* Of 64 links two are busy: they are asked in every turn, each of the others once in a round. */
static void test_quiet_links_are_asked_in_turn(void **state)
{
	const uint64_t links = UINT64_MAX, busy = 1ull << 5 | 1ull << 63;
	struct receive_round round = {.unasked = links, .busy = busy};
	uint64_t asked = 0;
	uint32_t turns = 0;

	do {
		uint64_t chosen = receive_choose(&round, links);

		assert_true((chosen & busy) == busy);
		assert_true((chosen & asked & ~busy) == 0);
		assert_in_range(__builtin_popcountll(chosen), 1, RECEIVE_QUIET_PER_TURN + 2);
		asked |= chosen;
		turns++;
	} while (!receive_ends_round(&round, links));
	assert_true(asked == links);
	assert_int_equal(turns, (62 + RECEIVE_QUIET_PER_TURN - 1) / RECEIVE_QUIET_PER_TURN);

	/* A quiet one that gives a packet is asked in the next turn again, until it gives none. */
	receive_answered(&round, 7, 1, false);
	for (uint32_t i = 0; i < 3; i++)
		assert_true(receive_choose(&round, links) >> 7 & 1);
	receive_answered(&round, 7, 0, false);
	assert_false(receive_choose(&round, links) >> 7 & 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few_packets_settle),
		cmocka_unit_test(test_one_source_with_more_is_enough),
		cmocka_unit_test(test_late_turn_settles_nothing),
		cmocka_unit_test(test_timers_fire_under_overload),
		cmocka_unit_test(test_a_part_of_the_links_settles_nothing),
		cmocka_unit_test(test_few_links_are_asked_in_every_turn),
		cmocka_unit_test(test_quiet_links_are_asked_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
