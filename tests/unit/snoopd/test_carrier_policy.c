/* SPDX-License-Identifier: BSD-3-Clause */
/* One side follows the other: loss, return, flaps, both down, and never both by our hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <snoopd/control/carrier_policy.h>

#define LOOK_US 250000u
#define WITHHOLD_US 2000000u
#define BOTH_UP_LOOKS 100

static struct carrier_policy state;
static uint64_t now_us;
static bool cable[2]; /* what each port would see if nobody took it down */
static bool follow;
static int forced; /* as ordered */

static struct carrier_policy_order look(void)
{
	bool up[2] = {cable[0] && forced != 0, cable[1] && forced != 1};
	struct carrier_policy_order order;

	now_us += LOOK_US;
	order = carrier_policy_look(&state, up, follow, WITHHOLD_US, now_us);
	if (order.action == CARRIER_TAKE_DOWN) {
		assert_int_equal(forced, CARRIER_NO_SIDE);
		forced = order.side;
	} else if (order.action == CARRIER_GIVE_BACK) {
		assert_int_equal(forced, order.side);
		forced = CARRIER_NO_SIDE;
	}
	return order;
}

/* @return looks until something was ordered, up to limit. */
static int looks_until_order(int limit)
{
	int looks = 1;

	while (look().action == CARRIER_LEAVE && looks < limit)
		looks++;
	return looks;
}

static void nothing_for(uint64_t us)
{
	for (uint64_t end_us = now_us + us; now_us < end_us;)
		assert_int_equal(look().action, CARRIER_LEAVE);
}

static int start(void **unused)
{
	now_us = 7000000;
	cable[0] = cable[1] = follow = true;
	forced = CARRIER_NO_SIDE;
	carrier_policy_init(&state, now_us);
	look();
	return 0;
}

static void the_other_side_follows_and_returns(void **unused)
{
	for (int broken = 0; broken < 2; broken++) {
		nothing_for(WITHHOLD_US);
		cable[broken] = false;
		assert_int_equal(looks_until_order(1), 1);
		assert_int_equal(forced, !broken);
		nothing_for(60000000);
		cable[broken] = true;
		assert_int_equal(looks_until_order(100), 1 + WITHHOLD_US / LOOK_US);
		assert_int_equal(forced, CARRIER_NO_SIDE);
	}
}

static void flaps_give_one_loss(void **unused)
{
	cable[1] = false;
	look();
	assert_int_equal(forced, 0);
	for (int flap = 0; flap < 50; flap++) {
		cable[1] = true;
		nothing_for(WITHHOLD_US / 2);
		cable[1] = false;
		nothing_for(LOOK_US);
	}
	cable[1] = true;
	looks_until_order(100);
	assert_int_equal(forced, CARRIER_NO_SIDE);
}

/* The side that was given back has no carrier of its own: then it is the broken one. */
static void roles_change(void **unused)
{
	cable[0] = false;
	look();
	assert_int_equal(forced, 1);
	cable[1] = false; /* nobody can see that */
	cable[0] = true;
	looks_until_order(100);
	assert_int_equal(forced, CARRIER_NO_SIDE);
	nothing_for(CARRIER_SETTLE_US - LOOK_US); /* it may be negotiating */
	looks_until_order(4);
	assert_int_equal(forced, 0);
	cable[1] = true;
	looks_until_order(100);
	assert_int_equal(forced, CARRIER_NO_SIDE);
	nothing_for(CARRIER_SETTLE_US * 2);
}

static void both_down_at_once_are_left_alone(void **unused)
{
	cable[0] = cable[1] = false;
	nothing_for(CARRIER_SETTLE_US * 3);
	cable[1] = true;
	looks_until_order(2);
	assert_int_equal(forced, 1);
	cable[0] = true;
	looks_until_order(100);
	assert_int_equal(forced, CARRIER_NO_SIDE);
}

static void a_port_may_take_its_time_at_the_start(void **unused)
{
	carrier_policy_init(&state, now_us);
	cable[1] = false;
	nothing_for(CARRIER_SETTLE_US - 2 * LOOK_US);
	cable[1] = true;
	nothing_for(CARRIER_SETTLE_US);
}

static void a_port_that_never_comes_up_is_broken(void **unused)
{
	carrier_policy_init(&state, now_us);
	cable[1] = false;
	looks_until_order(100);
	assert_int_equal(forced, 0);
}

static void a_driver_that_cannot_is_asked_once(void **unused)
{
	cable[0] = false;
	assert_int_equal(look().action, CARRIER_TAKE_DOWN);
	carrier_policy_refused(&state, 1);
	forced = CARRIER_NO_SIDE;
	nothing_for(CARRIER_SETTLE_US * 2);
	cable[0] = true;
	nothing_for(WITHHOLD_US);
	cable[1] = false; /* the other driver may be able to */
	look();
	assert_int_equal(forced, 0);
}

static void without_following_what_was_taken_comes_back(void **unused)
{
	cable[0] = false;
	look();
	follow = false;
	assert_int_equal(look().action, CARRIER_GIVE_BACK);
	nothing_for(CARRIER_SETTLE_US * 2);
	follow = true;
	assert_int_equal(look().action, CARRIER_TAKE_DOWN);
}

/* Whatever the cables did: once both are back, both links come back and stay. */
static void never_locked_down(void **unused)
{
	srand(1);
	for (int round = 0; round < 2000; round++) {
		for (int step = rand() % 60; step > 0; step--) {
			if (rand() % 4 == 0)
				cable[rand() % 2] ^= true;
			look();
		}
		cable[0] = cable[1] = true;
		for (int i = 0; i < BOTH_UP_LOOKS; i++)
			look();
		assert_int_equal(forced, CARRIER_NO_SIDE);
		nothing_for(CARRIER_SETTLE_US);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_other_side_follows_and_returns, start),
		cmocka_unit_test_setup(flaps_give_one_loss, start),
		cmocka_unit_test_setup(roles_change, start),
		cmocka_unit_test_setup(both_down_at_once_are_left_alone, start),
		cmocka_unit_test_setup(a_port_may_take_its_time_at_the_start, start),
		cmocka_unit_test_setup(a_port_that_never_comes_up_is_broken, start),
		cmocka_unit_test_setup(a_driver_that_cannot_is_asked_once, start),
		cmocka_unit_test_setup(without_following_what_was_taken_comes_back, start),
		cmocka_unit_test_setup(never_locked_down, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
