/* SPDX-License-Identifier: BSD-3-Clause */
/* Heartbeats, stalls, the busy share, and when systemd's watchdog is fed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <snoopd/control/health.h>

#define WAKE_US 250000u
#define START_US 5000000u

static struct health health;
static struct worker_health own[2];
static uint64_t now_us;

static int start(void **state)
{
	now_us = START_US;
	own[0] = own[1] = (struct worker_health){0};
	health_init(&health, 2, now_us);
	return 0;
}

static void both_move(void)
{
	own[0].turns += 100;
	own[1].turns += 7;
}

static enum health_event look(uint32_t worker)
{
	return health_look(&health, worker, &own[worker], now_us);
}

static void a_worker_that_moves_is_steady(void **state)
{
	for (int i = 0; i < 10; i++) {
		now_us += WAKE_US;
		both_move();
		assert_int_equal(look(0), HEALTH_STEADY);
		assert_int_equal(look(1), HEALTH_STEADY);
		assert_true(health_all_moved(&health));
	}
	assert_int_equal(health_stuck(&health), 0);
}

static void a_stall_is_told_once_and_its_end_too(void **state)
{
	both_move();
	look(0);
	now_us += HEALTH_STALL_US;
	assert_int_equal(look(0), HEALTH_STEADY); /* not longer than allowed */
	now_us++;
	assert_int_equal(look(0), HEALTH_STUCK);
	now_us += WAKE_US;
	assert_int_equal(look(0), HEALTH_STEADY);
	assert_int_equal(health_stuck(&health), 1);

	now_us += WAKE_US;
	own[0].turns++;
	own[0].stalls++;
	assert_int_equal(look(0), HEALTH_STALLED);
	assert_int_equal(health_stuck(&health), 0);
	now_us += 1000;
	assert_int_equal(look(0), HEALTH_STEADY);
}

/* Between two looks: the worker's own count tells. */
static void a_short_stall_is_told_by_the_worker(void **state)
{
	both_move();
	look(0);
	now_us += WAKE_US;
	own[0].turns += 3;
	own[0].stalls++;
	assert_int_equal(look(0), HEALTH_STALLED);
	assert_int_equal(health_stuck(&health), 0);
}

/* A control thread that was late itself sees that the workers moved in the meantime. */
static void a_late_look_is_no_stall(void **state)
{
	both_move();
	look(0);
	now_us += 60000000;
	both_move();
	assert_int_equal(look(0), HEALTH_STEADY);
}

static void one_worker_that_stands_keeps_the_watchdog_hungry(void **state)
{
	assert_false(health_all_moved(&health)); /* not before their first turn */
	both_move();
	look(0);
	assert_false(health_all_moved(&health));
	look(1);
	assert_true(health_all_moved(&health));
	assert_false(health_all_moved(&health));
	own[0].turns++;
	look(0);
	assert_false(health_all_moved(&health));
	own[1].turns++;
	look(1);
	assert_true(health_all_moved(&health));
}

static void the_busy_share_is_of_the_last_window(void **state)
{
	both_move();
	own[0].cycles = 1000;
	own[0].busy_cycles = 900;
	look(0);
	assert_int_equal(health.worker[0].busy_permille, 0); /* no full window yet */
	now_us += HEALTH_WINDOW_US;
	look(0);
	assert_int_equal(health.worker[0].busy_permille, 900);
	now_us += HEALTH_WINDOW_US;
	own[0].cycles = 3000;
	own[0].busy_cycles = 1400;
	look(0);
	assert_int_equal(health.worker[0].busy_permille, 250);
	now_us += HEALTH_WINDOW_US; /* it stands */
	look(0);
	assert_int_equal(health.worker[0].busy_permille, 0);
	now_us += HEALTH_WINDOW_US; /* read at two moments */
	own[0].cycles += 10;
	own[0].busy_cycles += 12;
	look(0);
	assert_int_equal(health.worker[0].busy_permille, 1000);
}

static void the_load_is_that_of_the_last_window(void **state)
{
	struct health_load load = {0};
	uint64_t bytes[2] = {1000000, 2000000};

	health_load(&load, bytes, now_us);
	assert_int_equal(load.bits_per_s[1], 0); /* what was sent before the first look */
	bytes[0] += 125000;
	bytes[1] += 250000;
	health_load(&load, bytes, now_us + HEALTH_WINDOW_US / 2);
	assert_int_equal(load.bits_per_s[0], 0); /* no full window yet */
	health_load(&load, bytes, now_us + 2 * HEALTH_WINDOW_US);
	assert_int_equal(load.bits_per_s[0], 500000);
	assert_int_equal(load.bits_per_s[1], 1000000);
	health_load(&load, bytes, now_us + 3 * HEALTH_WINDOW_US);
	assert_int_equal(load.bits_per_s[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_worker_that_moves_is_steady, start),
		cmocka_unit_test_setup(a_stall_is_told_once_and_its_end_too, start),
		cmocka_unit_test_setup(a_short_stall_is_told_by_the_worker, start),
		cmocka_unit_test_setup(a_late_look_is_no_stall, start),
		cmocka_unit_test_setup(one_worker_that_stands_keeps_the_watchdog_hungry, start),
		cmocka_unit_test_setup(the_busy_share_is_of_the_last_window, start),
		cmocka_unit_test_setup(the_load_is_that_of_the_last_window, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
