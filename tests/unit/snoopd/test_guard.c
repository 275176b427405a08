/* SPDX-License-Identifier: BSD-3-Clause */
/* When a link is demoted and promoted, and when the cache is under pressure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <snoopd/control/guard.h>

static const struct guard_limits limits = {
	.period_us = 10000000,
	.retry_us = 60000000,
	.spurious_ppm = 500000,
	.confirmed_ppm = 50000,
};

static struct guard guard;
static struct guard_counts counts;
static struct guard_station stations[GUARD_STATIONS];
static uint64_t now_us;

static int start(void **state)
{
	guard = (struct guard){0};
	memset(stations, 0, sizeof(stations));
	counts = (struct guard_counts){.retransmits = 1000000, .spurious = 900000};
	now_us = 1000;
	guard_restart(&guard, &counts, &limits, now_us);
	return 0;
}

static void add_station(uint32_t index, uint64_t retransmits, uint64_t spurious, uint64_t confirmed)
{
	stations[index].retransmits += retransmits;
	stations[index].spurious += spurious;
	stations[index].confirmed += confirmed;
}

/* The stations are as they are. */
static enum guard_action period_of_link(uint64_t retransmits, uint64_t spurious, uint64_t confirmed,
					uint64_t losses)
{
	counts.retransmits += retransmits;
	counts.spurious += spurious;
	counts.confirmed += confirmed;
	counts.losses += losses;
	now_us += limits.period_us;
	return guard_look(&guard, &counts, stations, &limits, now_us);
}

/* Of two stations that are alike. */
static enum guard_action period(uint64_t retransmits, uint64_t spurious, uint64_t confirmed,
				uint64_t losses)
{
	for (uint32_t i = 0; i < 2; i++)
		add_station(i, retransmits / 2, spurious / 2, confirmed / 2);
	return period_of_link(retransmits, spurious, confirmed, losses);
}

static void good_repairs_stay(void **state)
{
	for (int i = 0; i < 100; i++)
		assert_int_equal(period(1000, 500, 500, 1000), GUARD_LEAVE);
}

static void spurious_ones_are_demoted(void **state)
{
	assert_int_equal(period(1000, 502, 498, 1000), GUARD_LEAVE);
	assert_int_equal(period(1000, 502, 498, 1000), GUARD_LEAVE);
	assert_int_equal(period(1000, 502, 498, 1000), GUARD_DEMOTE);
	assert_int_equal(guard.cause, GUARD_SPURIOUS);
	assert_true(guard.demoted);
}

static void useless_ones_are_demoted(void **state)
{
	for (int i = 1; i < GUARD_BAD_PERIODS; i++)
		assert_int_equal(period(1000, 0, 50, 1000), GUARD_LEAVE);
	assert_int_equal(period(1000, 0, 50, 1000), GUARD_DEMOTE);
	assert_int_equal(guard.cause, GUARD_USELESS);
}

/* Only bad periods in a row count; a quiet one says nothing, not even that it is fine. */
static void one_good_period_starts_the_count_again(void **state)
{
	period(1000, 900, 100, 0);
	period(1000, 900, 100, 0);
	assert_int_equal(period(1000, 0, 1000, 0), GUARD_LEAVE);
	period(1000, 900, 100, 0);
	assert_int_equal(period(GUARD_RETRANSMITS_MIN - 1, 99, 0, 0), GUARD_LEAVE);
	assert_int_equal(period(1000, 900, 100, 0), GUARD_LEAVE);
	assert_int_equal(period(1000, 900, 100, 0), GUARD_DEMOTE);
}

static void looks_within_a_period_change_nothing(void **state)
{
	for (int i = 0; i < 20; i++) {
		counts.retransmits += 1000;
		counts.spurious += 1000;
		now_us += 1000;
		assert_int_equal(guard_look(&guard, &counts, NULL, &limits, now_us), GUARD_LEAVE);
	}
}

static void demote(void)
{
	while (period(1000, 900, 100, 1000) != GUARD_DEMOTE)
		;
}

/* @return periods until it is promoted. */
static int wait_for_promotion(uint64_t losses)
{
	int periods = 1;

	while (period(0, 0, 0, losses) != GUARD_PROMOTE)
		assert_true(++periods < 1000);
	return periods;
}

static void promoted_when_there_is_loss_after_a_wait_that_doubles(void **state)
{
	demote();
	assert_int_equal(wait_for_promotion(100), 6);
	demote();
	assert_int_equal(wait_for_promotion(100), 12);
	demote();
	assert_int_equal(wait_for_promotion(100), 24);
	for (int i = 0; i < 10; i++) {
		demote();
		assert_true(wait_for_promotion(100) <= 6 << GUARD_WAIT_DOUBLINGS_MAX);
	}
	assert_int_equal(guard.demotions, 13);
	assert_int_equal(guard.promotions, 13);
	for (int i = 0; i < GUARD_GOOD_PERIODS; i++)
		period(1000, 0, 1000, 1000);
	demote();
	assert_int_equal(wait_for_promotion(100), 6);
}

static void without_loss_there_is_nothing_to_promote_for(void **state)
{
	demote();
	for (int i = 0; i < 500; i++)
		assert_int_equal(period(0, 0, 0, GUARD_LOSSES_MIN - 1), GUARD_LEAVE);
	assert_int_equal(period(0, 0, 0, GUARD_LOSSES_MIN), GUARD_PROMOTE);
}

static void a_restart_forgets(void **state)
{
	demote();
	guard_restart(&guard, &counts, &limits, now_us);
	assert_false(guard.demoted);
	assert_int_equal(period(1000, 900, 100, 1000), GUARD_LEAVE);
	assert_int_equal(guard.demotions, 1);
}

/* Forged reports, or a rate that outweighs all the others'. */
static void one_station_alone_does_not_demote_the_link(void **state)
{
	for (int i = 0; i < 50; i++) {
		add_station(7, 100000, 100000, 0);
		add_station(8, 20, 0, 20);
		add_station(9, GUARD_STATION_RETRANSMITS_MIN - 1, 9, 0); /* too few for a vote */
		assert_int_equal(period_of_link(100029, 100009, 20, 100029), GUARD_LEAVE);
	}
	assert_false(guard.demoted);
}

static void the_majority_does(void **state)
{
	for (int i = 1; i <= GUARD_BAD_PERIODS; i++) {
		add_station(1, 100, 100, 0);
		add_station(2, 100, 0, 0);
		add_station(3, 100, 0, 100);
		assert_int_equal(period_of_link(300, 200, 100, 300),
				 i < GUARD_BAD_PERIODS ? GUARD_LEAVE : GUARD_DEMOTE);
	}
}

/* The only station that is there may take the help from itself. */
static void the_only_one_does(void **state)
{
	for (int i = 1; i < GUARD_BAD_PERIODS; i++) {
		add_station(1, 200, 200, 0);
		assert_int_equal(period_of_link(200, 200, 0, 200), GUARD_LEAVE);
	}
	add_station(1, 200, 200, 0);
	assert_int_equal(period_of_link(200, 200, 0, 200), GUARD_DEMOTE);
}

/* Flows with a level from a rule are not among the stations' sums. */
static void without_a_vote_nothing_happens(void **state)
{
	for (int i = 0; i < 50; i++)
		assert_int_equal(period_of_link(1000, 1000, 0, 1000), GUARD_LEAVE);
}

static void flows_that_ended_do_not_make_it_negative(void **state)
{
	for (int i = 1; i <= GUARD_BAD_PERIODS; i++) {
		memset(stations, 0, sizeof(stations));
		add_station(1, 200u - 10u * (unsigned int)i, 150, 0);
		assert_int_equal(period_of_link(200, 200, 0, 200),
				 i < GUARD_BAD_PERIODS ? GUARD_LEAVE : GUARD_DEMOTE);
	}
}

static void the_stations_are_wanted_after_a_bad_period_only(void **state)
{
	counts.retransmits += 1000;
	counts.spurious += 900;
	assert_false(guard_suspects(&guard, &counts, &limits, now_us + limits.period_us - 1));
	assert_true(guard_suspects(&guard, &counts, &limits, now_us + limits.period_us));
	now_us += limits.period_us;
	assert_int_equal(guard_look(&guard, &counts, NULL, &limits, now_us), GUARD_LEAVE);
	assert_int_equal(guard.bad, 0); /* not known: it says nothing */
	counts.retransmits += 1000;
	counts.confirmed += 900;
	assert_false(guard_suspects(&guard, &counts, &limits, now_us + limits.period_us));
}

/* A repair that is proven late stands in two counters. */
static void a_repair_counts_once(void **state)
{
	struct counters sum = {.repairs_confirmed = 3, .repairs_unproven = 5};
	uint64_t before = guard_count(&sum).confirmed;

	sum.repairs_confirmed += 4;
	sum.unproven_confirmed += 4;
	assert_int_equal(guard_count(&sum).confirmed, before);
}

/* Two of ten repairs and nearly all of many shields are duplicates: the repairs help. */
static void copies_without_a_loss_have_no_vote(void **state)
{
	struct counters sum = {0};

	counts = guard_count(&sum);
	guard_restart(&guard, &counts, &limits, now_us);
	for (int i = 0; i < 3 * GUARD_BAD_PERIODS; i++) {
		sum.retransmits_scoreboard += 1000;
		sum.retransmits_shield += 4000;
		sum.retransmits_probe += 200;
		sum.spurious_repairs += 200 + 3900 + 150;
		sum.spurious_shield += 3900;
		sum.spurious_probe += 150;
		sum.repairs_confirmed += 800;
		sum.radio_losses += 1000;
		counts = guard_count(&sum);
		add_station(0, 1000, 200, 800);
		now_us += limits.period_us;
		assert_int_equal(guard_look(&guard, &counts, stations, &limits, now_us),
				 GUARD_LEAVE);
		assert_int_equal(guard.bad, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(good_repairs_stay, start),
		cmocka_unit_test_setup(spurious_ones_are_demoted, start),
		cmocka_unit_test_setup(useless_ones_are_demoted, start),
		cmocka_unit_test_setup(one_good_period_starts_the_count_again, start),
		cmocka_unit_test_setup(looks_within_a_period_change_nothing, start),
		cmocka_unit_test_setup(promoted_when_there_is_loss_after_a_wait_that_doubles,
				       start),
		cmocka_unit_test_setup(without_loss_there_is_nothing_to_promote_for, start),
		cmocka_unit_test_setup(a_restart_forgets, start),
		cmocka_unit_test_setup(one_station_alone_does_not_demote_the_link, start),
		cmocka_unit_test_setup(the_majority_does, start),
		cmocka_unit_test_setup(the_only_one_does, start),
		cmocka_unit_test_setup(without_a_vote_nothing_happens, start),
		cmocka_unit_test_setup(flows_that_ended_do_not_make_it_negative, start),
		cmocka_unit_test_setup(the_stations_are_wanted_after_a_bad_period_only, start),
		cmocka_unit_test(a_repair_counts_once),
		cmocka_unit_test_setup(copies_without_a_loss_have_no_vote, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
