/* SPDX-License-Identifier: BSD-3-Clause */
/* What is told of repairs on a path that reorders, to stations that report no duplicates. */
#include "../snoop_fixture.h"

#define SEGMENTS 10U

static struct fixture *reordering(void)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 0xffffe000U);

	f->flow.reordering = true;
	return f;
}

/* The first of ten segments is missing, is retransmitted, and all is acknowledged in time. */
static uint32_t repair(struct fixture *f, uint32_t first)
{
	fixture_send(f, first, first + SEGMENTS, 10);
	f->now_us += RTT_US;
	fixture_ack(f, first, first + 1, first + SEGMENTS);
	fixture_wait(f, RTT_US / 2);
	assert_int_equal(fixture_retransmits_of(f, first), 1);
	f->now_us += RTT_US;
	fixture_ack(f, first + SEGMENTS, 0, 0);
	return first + SEGMENTS;
}

/* The station has answered each duplicate so far, as there was none: it was a loss. */
static void test_repair_without_a_duplicate(void **state)
{
	struct fixture *f = reordering();

	repair(f, 2);
	fixture_settle(f);
	assert_int_equal(f->counters.radio_losses, 1);
	assert_int_equal(f->counters.repairs_confirmed, 1);
	assert_int_equal(f->counters.repairs_unproven, 0);
	fixture_close(f);
}

/* An ACK that says nothing new answers a duplicate. As many are not seen: so of one more repair it
 * is unknown whether it was needed. */
static void test_duplicate_is_answered(void **state)
{
	struct fixture *f = reordering();
	uint32_t next = repair(f, 2);

	fixture_ack(f, next, 0, 0);
	fixture_settle(f);
	assert_int_equal(f->counters.spurious_repairs, 1);
	assert_int_equal(f->counters.radio_losses, 0);
	next = repair(f, next);
	fixture_settle(f);
	assert_int_equal(f->counters.radio_losses, 0);
	assert_int_equal(f->counters.repairs_unproven, 1);
	repair(f, next);
	fixture_settle(f);
	assert_int_equal(f->counters.radio_losses, 1);
	assert_int_equal(f->counters.repairs_confirmed, 1);
	fixture_close(f);
}

/* The station reports duplicates in another flow: here it would, too. */
static void test_station_that_reports_duplicates(void **state)
{
	struct fixture *f = reordering();
	uint32_t next = repair(f, 2);

	fixture_ack(f, next, 0, 0);
	fixture_settle(f);
	f->engine->stations[f->flow.station].dsack_seen = true;
	repair(f, next);
	fixture_settle(f);
	assert_int_equal(f->counters.repairs_unproven, 0);
	assert_int_equal(f->counters.radio_losses, 1);
	assert_int_equal(f->counters.repairs_confirmed, 1);
	fixture_close(f);
}

/* The sender's own copy of what has arrived is answered, too: that says nothing of ours. */
static void test_answer_to_the_senders_copy(void **state)
{
	struct fixture *f = reordering();
	uint32_t next = repair(f, 2);

	fixture_send(f, 2, 3, 0);
	f->now_us += RTT_US;
	fixture_ack(f, next, 0, 0);
	fixture_settle(f);
	assert_int_equal(f->counters.spurious_repairs, 0);
	assert_int_equal(f->counters.radio_losses, 1);
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repair_without_a_duplicate),
		cmocka_unit_test(test_duplicate_is_answered),
		cmocka_unit_test(test_station_that_reports_duplicates),
		cmocka_unit_test(test_answer_to_the_senders_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
