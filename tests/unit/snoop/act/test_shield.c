/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies ahead of a retransmit of the sender: of what, and how many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <snoop/act/shield.h>
#include <snoop/store/answer_rings.h>

#include "../snoop_fixture.h"

#define STEP_US 500U
#define MISSING 40U

/* A flow to a station whose radio loses one segment of ten. */
static struct fixture *open_lossy(bool sack)
{
	struct snoop_config config;
	struct fixture *f;

	snoop_config_defaults(&config);
	config.cache_segments = 2048;
	f = fixture_open(SNOOP_LEVEL_REPAIR, &config, 1000);
	f->engine->stations[f->flow.station].low_delivered = 900;
	f->engine->stations[f->flow.station].low_lost = 100;
	f->flow.sack = sack;
	return f;
}

static void retransmit_of_sender(struct fixture *f, uint32_t n)
{
	struct wire_view view = fixture_data_view(f, SEG(n), SEGMENT_BYTES);

	fixture_send_view(f, &view);
}

/* Segments from 2 on at a steady pace; the first and perhaps another one are lost, all others are
 * answered after a round trip. */
static struct fixture *without_sack(uint32_t segments, uint32_t missing)
{
	struct fixture *f = open_lossy(false);

	for (uint32_t n = 2; n < 2 + segments + RTT_US / STEP_US; n++) {
		uint32_t answered = n - RTT_US / STEP_US;

		if (n < 2 + segments)
			fixture_send(f, n, n + 1, 0);
		if (answered > 2 && answered < n && answered != missing)
			fixture_ack(f, 2, 0, 0);
		f->now_us += STEP_US;
	}
	return f;
}

static void test_what_is_missing_is_sent(void **state)
{
	struct fixture *f = without_sack(100, MISSING);

	retransmit_of_sender(f, 2);
	assert_int_equal(fixture_retransmits_of(f, MISSING), 1);
	assert_int_equal(f->counters.retransmits_shield, 1);
	fixture_close(f);
}

/* Behind a hole that stays, the flight grows: it is the newest of it that can still be repaired. */
static void test_a_long_flight_is_looked_at_from_its_end(void **state)
{
	struct fixture *f = without_sack(1400, 1350);

	retransmit_of_sender(f, 2);
	assert_int_equal(fixture_retransmits_of(f, 1350), 1);
	assert_int_equal(f->counters.retransmits_shield, 1);
	fixture_close(f);
}

/* A sender without SACK retransmits one hole after the other: that older ones are left says nothing
 * of a shield's copies. */
static void test_older_holes_are_no_failure(void **state)
{
	struct fixture *f = without_sack(100, MISSING);

	retransmit_of_sender(f, 2);
	f->now_us += 3 * RTT_US;
	fixture_ack(f, 3, 0, 0);
	retransmit_of_sender(f, 3);
	assert_int_equal(extra_of(f->engine, &f->flow)->shield_dear, 0);
	fixture_close(f);
}

/* The sender has to retransmit what a copy was for. */
static void test_a_copy_that_did_not_arrive_is_a_failure(void **state)
{
	struct fixture *f = without_sack(100, MISSING);

	retransmit_of_sender(f, 2);
	f->now_us += 3 * RTT_US;
	fixture_ack(f, MISSING, 0, 0);
	retransmit_of_sender(f, MISSING);
	assert_int_equal(extra_of(f->engine, &f->flow)->shield_dear, 1);
	fixture_close(f);
}

/* ---- What came of it ---- */

/* The sender's retransmit of segment 2 fills the hole, and with the shield's copy all is there.
 * @return what was lost of segment 2. */
static uint32_t holes_are_filled(struct fixture *f)
{
	uint32_t hole = fixture_retransmits_of(f, 2) + 1;

	f->now_us += RTT_US;
	fixture_ack(f, 2, 0, 0); /* the answer to the copy */
	fixture_ack(f, 2 + 100, 0, 0);
	fixture_settle(f);
	fixture_wait(f, USEC_PER_SEC);
	return hole;
}

static void test_what_a_shield_repaired_was_lost(void **state)
{
	struct fixture *f = without_sack(100, MISSING);
	uint32_t hole;

	retransmit_of_sender(f, 2);
	assert_int_equal(f->counters.radio_losses, 0);
	hole = holes_are_filled(f);
	assert_int_equal(f->counters.radio_losses, hole + 1);
	assert_int_equal(f->flow.radio_losses, f->counters.radio_losses);
	assert_int_equal(f->counters.repairs_confirmed, 1);
	assert_int_equal(f->counters.spurious_shield, 0);
	assert_int_equal(f->counters.repairs_unproven, 0);
	fixture_close(f);
}

/* Its original was late, and is answered as well. */
static void test_a_needless_copy_is_no_loss(void **state)
{
	struct fixture *f = without_sack(100, MISSING);
	uint32_t hole;

	retransmit_of_sender(f, 2);
	fixture_ack(f, 2, 0, 0);
	hole = holes_are_filled(f);
	assert_int_equal(f->counters.radio_losses, hole);
	assert_int_equal(f->counters.repairs_confirmed, 0);
	assert_int_equal(f->counters.spurious_shield, 1);
	assert_int_equal(f->counters.spurious_repairs, 1);
	fixture_close(f);
}

/* The radio loses ACKs as well: what has no answer need not have been lost. */
static void test_where_answers_get_lost_nothing_is_claimed(void **state)
{
	struct fixture *f = without_sack(100, MISSING);
	uint32_t hole;

	extra_of(f->engine, &f->flow)->answers_due = 1000;
	extra_of(f->engine, &f->flow)->answers_lost = 100;
	retransmit_of_sender(f, 2);
	hole = holes_are_filled(f);
	assert_int_equal(f->counters.radio_losses, hole);
	assert_int_equal(f->counters.repairs_confirmed, 0);
	assert_int_equal(f->counters.repairs_unproven, 1);
	fixture_close(f);
}

/* How many answers get lost is seen where no shield was sent. */
static void test_answers_that_get_lost_are_seen(void **state)
{
	for (uint32_t lost = 0; lost < 2; lost++) {
		struct fixture *f = without_sack(100, lost ? MISSING : 0);
		const struct snoop_flow_extra *extra = extra_of(f->engine, &f->flow);

		f->engine->stations[f->flow.station].low_lost = 0;
		retransmit_of_sender(f, 2);
		f->now_us += RTT_US;
		fixture_ack(f, 102, 0, 0);
		fixture_wait(f, USEC_PER_SEC);
		assert_int_equal(extra->answers_due, 99);
		assert_int_equal(extra->answers_lost, lost);
		fixture_close(f);
	}
}

/* The worker has a ring for each flow that needs one, or takes that of another. */
static void test_rings_go_round(void **state)
{
	struct fixture *f = without_sack(100, MISSING);
	struct snoop_flow others[SNOOP_ANSWER_RINGS + 1] = {0};
	struct snoop_flow_extra *own = extra_of(f->engine, &f->flow);

	for (uint32_t i = 0; i <= SNOOP_ANSWER_RINGS; i++) {
		struct snoop_flow_extra *extra = extra_get(f->engine, &others[i]);
		const struct snoop_answer_ring *ring = answer_ring_get(f->engine, extra, f->now_us);

		assert_ptr_equal(ring->extra, extra);
	}
	assert_int_equal(own->answer_ring, 0);
	retransmit_of_sender(f, 2);
	assert_int_equal(f->counters.retransmits_shield, 0);
	for (uint32_t i = 0; i <= SNOOP_ANSWER_RINGS; i++)
		extra_put(f->engine, &others[i]);
	fixture_close(f);
}

static void test_what_has_arrived_is_not_sent(void **state)
{
	struct fixture *f = without_sack(100, 0);

	retransmit_of_sender(f, 2);
	retransmit_of_sender(f, 3);
	assert_int_equal(f->counters.retransmits_shield, 0);
	fixture_close(f);
}

/* All that is on the air, or nothing; more only after losses. */
static void test_losses_earn_copies(void **state)
{
	struct fixture *f = open_lossy(true);

	fixture_send(f, 2, 5 + SHIELD_FLOW_START, 0);
	f->now_us += 3000;
	retransmit_of_sender(f, 2);
	assert_int_equal(f->counters.retransmits_shield, 0);
	f->flow.radio_losses = SHIELD_EARN_LOSSES;
	retransmit_of_sender(f, 3);
	assert_int_equal(f->counters.retransmits_shield, SHIELD_FLOW_START + 1);
	fixture_close(f);
}

/* The sender retransmits once more what the shield was for: the next copies are dearer. */
static void test_failure_makes_copies_dear(void **state)
{
	struct fixture *f = open_lossy(true);
	const uint32_t copies = SHIELD_FLOW_START / 2;

	fixture_send(f, 2, 3 + copies, 0);
	f->now_us += 3000;
	retransmit_of_sender(f, 2);
	assert_int_equal(f->counters.retransmits_shield, copies);
	f->now_us += 3 * RTT_US;
	fixture_send(f, 3 + copies, 3 + 2 * copies, 0);
	f->now_us += 3000;
	retransmit_of_sender(f, 2);
	assert_int_equal(f->counters.retransmits_shield, copies);
	fixture_close(f);
}

/* One station has one radio: many flows do not have more than it may take. */
static void test_station_has_a_budget_too(void **state)
{
	struct fixture *f = open_lossy(true);

	f->engine->stations[f->flow.station].shield_spent = SHIELD_STATION_START - 1;
	fixture_send(f, 2, 10, 0);
	f->now_us += 3000;
	retransmit_of_sender(f, 2);
	assert_int_equal(f->counters.retransmits_shield, 0);
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_missing_is_sent),
		cmocka_unit_test(test_a_long_flight_is_looked_at_from_its_end),
		cmocka_unit_test(test_older_holes_are_no_failure),
		cmocka_unit_test(test_a_copy_that_did_not_arrive_is_a_failure),
		cmocka_unit_test(test_what_a_shield_repaired_was_lost),
		cmocka_unit_test(test_a_needless_copy_is_no_loss),
		cmocka_unit_test(test_where_answers_get_lost_nothing_is_claimed),
		cmocka_unit_test(test_answers_that_get_lost_are_seen),
		cmocka_unit_test(test_rings_go_round),
		cmocka_unit_test(test_what_has_arrived_is_not_sent),
		cmocka_unit_test(test_losses_earn_copies),
		cmocka_unit_test(test_failure_makes_copies_dear),
		cmocka_unit_test(test_station_has_a_budget_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
