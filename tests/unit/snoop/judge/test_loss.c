/* SPDX-License-Identifier: BSD-3-Clause */
/* Loss detection and repair. */
#include "../snoop_fixture.h"

static struct fixture *sent(enum snoop_level level, uint32_t end, uint32_t step_us)
{
	struct fixture *f = fixture_open(level, NULL, 0xffffe000U);

	fixture_send(f, 2, end, step_us);
	f->now_us += RTT_US;
	return f;
}

static void test_three_sacked_segments(void **state)
{
	struct fixture *f = sent(SNOOP_LEVEL_REPAIR, 12, 10);

	fixture_ack(f, 2, 3, 4);
	fixture_ack(f, 2, 3, 5);
	assert_int_equal(f->retransmit_count, 0);
	fixture_ack(f, 2, 3, 6);
	assert_int_equal(f->retransmit_count, 1);
	assert_int_equal(f->retransmits[0].seq, SEG(2));
	assert_int_equal(f->retransmits[0].cause, SNOOP_CAUSE_SCOREBOARD);
	fixture_close(f);
}

static void test_reordering_window_without_three(void **state)
{
	struct fixture *f = sent(SNOOP_LEVEL_REPAIR, 4, 10);
	uint64_t start_us = f->now_us;

	fixture_ack(f, 2, 3, 4);
	assert_int_equal(f->retransmit_count, 0);
	fixture_wait(f, RTT_US);
	assert_int_equal(f->retransmit_count, 1);
	assert_true(f->retransmits[0].at_us - start_us <= RTT_US / 4);
	assert_int_equal(f->retransmits[0].cause, SNOOP_CAUSE_SCOREBOARD);
	fixture_close(f);
}

/* A reordered segment that arrives within the window is not retransmitted, and the flow learns. */
static void test_reordering_is_learnt(void **state)
{
	struct fixture *f = sent(SNOOP_LEVEL_REPAIR, 12, 10);

	fixture_ack(f, 2, 3, 5);
	f->now_us += 100;
	fixture_ack(f, 5, 0, 0);
	assert_true(f->flow.reordering);
	fixture_wait(f, 1000);
	assert_int_equal(f->retransmit_count, 0);
	/* From now on three segments are not enough. */
	fixture_ack(f, 5, 6, 12);
	assert_int_equal(f->retransmit_count, 0);
	fixture_wait(f, RTT_US);
	assert_int_equal(fixture_retransmits_of(f, 5), 1);
	fixture_close(f);
}

static void test_dsack_widens_the_window(void **state)
{
	struct fixture *f = sent(SNOOP_LEVEL_REPAIR, 12, 10);
	struct wire_view view;

	fixture_ack(f, 2, 3, 6);
	assert_int_equal(f->retransmit_count, 1);
	f->now_us += 100;
	fixture_ack(f, 12, 0, 0);
	f->now_us += RTT_US;
	view = fixture_ack_view(f, SEG(12));
	fixture_add_sack(&view, SEG(2), SEG(3));
	fixture_receive_view(f, &view);
	assert_int_equal(f->counters.spurious_repairs, 1);
	assert_int_equal(f->flow.reo_steps, 1);
	fixture_close(f);
}

static void test_lost_retransmit(void **state)
{
	struct fixture *f = sent(SNOOP_LEVEL_REPAIR, 12, 10);

	fixture_ack(f, 2, 3, 12);
	assert_int_equal(fixture_retransmits_of(f, 2), 1);
	fixture_send(f, 12, 20, 100);
	f->now_us += RTT_US;
	fixture_ack(f, 2, 3, 14);
	fixture_wait(f, RTT_US / 2);
	fixture_ack(f, 2, 3, 20);
	assert_int_equal(fixture_retransmits_of(f, 2), 2);
	assert_int_equal(f->retransmits[1].cause, SNOOP_CAUSE_SCOREBOARD);
	fixture_close(f);
}

static void test_conservation(void **state)
{
	struct fixture *f = sent(SNOOP_LEVEL_REPAIR, 102, 10);

	/* 2 .. 99 are lost, two arrive: two retransmits and the allowance. */
	fixture_ack(f, 2, 100, 102);
	fixture_wait(f, RTT_US / 2);
	assert_true(f->retransmit_count <= 2 + f->config.allowance_segments);
	assert_true(f->retransmit_count >= 2);
	fixture_close(f);
}

static void test_give_up_by_tries(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);

	f->config.tries_max = 2;
	f->config.hole_age_max_us = 100000000;
	snoop_engine_configure(f->engine, &f->config);
	fixture_send(f, 2, 8, 10);
	f->now_us += RTT_US;
	fixture_ack(f, 2, 3, 8);
	for (uint32_t n = 8; n < 40; n++) {
		fixture_send(f, n, n + 1, 1000);
		fixture_wait(f, RTT_US);
		fixture_ack(f, 2, 3, n + 1);
	}
	assert_int_equal(fixture_retransmits_of(f, 2), 2);
	assert_int_equal(f->counters.given_up, 1);
	fixture_close(f);
}

static void test_give_up_by_age(void **state)
{
	struct fixture *f = sent(SNOOP_LEVEL_REPAIR, 8, 10);
	uint64_t start_us = f->now_us;

	fixture_ack(f, 2, 3, 8);
	for (uint32_t n = 8; n < 90; n++) {
		fixture_send(f, n, n + 1, 1000);
		fixture_wait(f, RTT_US);
		fixture_ack(f, 2, 3, n + 1);
	}
	assert_int_equal(f->counters.given_up, 1);
	for (uint32_t i = 0; i < f->retransmit_count; i++)
		assert_true(f->retransmits[i].at_us - start_us <= f->config.hole_age_max_us + 1000);
	fixture_close(f);
}

/* The receiver has taken its window back: nothing goes beyond what it offers now. */
static void test_window(void **state)
{
	struct fixture *f = sent(SNOOP_LEVEL_REPAIR, 12, 10);
	struct wire_view view = fixture_ack_view(f, SEG(2));

	view.window = 0;
	fixture_add_sack(&view, SEG(3), SEG(8));
	fixture_receive_view(f, &view);
	fixture_wait(f, 30000);
	assert_int_equal(f->retransmit_count, 0);
	view = fixture_ack_view(f, SEG(2));
	view.window = 2; /* times 1024: two segments */
	fixture_add_sack(&view, SEG(3), SEG(9));
	fixture_receive_view(f, &view);
	assert_int_equal(fixture_retransmits_of(f, 2), 1);
	fixture_wait(f, 30000);
	for (uint32_t i = 0; i < f->retransmit_count; i++)
		assert_true(seq_lt(f->retransmits[i].seq, SEG(4)));
	fixture_close(f);
}

static void test_without_sack_three_duplicates(void **state)
{
	struct fixture *f = sent(SNOOP_LEVEL_REPAIR, 12, 10);

	f->flow.sack = false;
	fixture_ack(f, 2, 0, 0);
	fixture_ack(f, 2, 0, 0);
	assert_int_equal(f->retransmit_count, 0);
	fixture_ack(f, 2, 0, 0);
	assert_int_equal(f->retransmit_count, 1);
	assert_int_equal(f->retransmits[0].cause, SNOOP_CAUSE_DUPACK);
	fixture_close(f);
}

/* 2 and 8 are lost: the partial ACK names 8, and nothing else may be retransmitted (RFC 6582). */
static void test_without_sack_partial_ack(void **state)
{
	struct fixture *f = sent(SNOOP_LEVEL_REPAIR, 22, 300);

	f->flow.sack = false;
	for (int i = 0; i < 10; i++) {
		fixture_ack(f, 2, 0, 0);
		f->now_us += 300;
	}
	assert_int_equal(f->retransmit_count, 1);
	fixture_wait(f, RTT_US);
	fixture_ack(f, 8, 0, 0);
	assert_int_equal(fixture_retransmits_of(f, 8), 1);
	assert_int_equal(f->retransmit_count, 2);
	fixture_close(f);
}

static void test_early_retransmit(void **state)
{
	struct fixture *f = sent(SNOOP_LEVEL_REPAIR, 4, 10);

	f->flow.sack = false;
	fixture_ack(f, 2, 0, 0); /* only one duplicate is possible */
	assert_int_equal(f->retransmit_count, 1);
	fixture_close(f);
}

static void test_tail_timer(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	uint64_t start_us = f->now_us;

	/* Four segments: no delayed ACK. Only the first one goes out again. */
	fixture_send(f, 2, 6, 0);
	fixture_wait(f, 20000);
	assert_int_equal(f->retransmit_count, 1);
	assert_int_equal(f->retransmits[0].cause, SNOOP_CAUSE_TIMEOUT);
	assert_int_equal(f->retransmits[0].seq, SEG(2));
	assert_int_equal(f->retransmits[0].at_us, start_us + RTT_US + 4 * (RTT_US / 2));
	fixture_close(f);
}

static void test_tail_timer_allows_for_delayed_acks(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);

	fixture_send(f, 2, 3, 0);
	fixture_wait(f, 40000 + RTT_US);
	assert_int_equal(f->retransmit_count, 0);
	fixture_wait(f, 30000);
	assert_int_equal(f->retransmit_count, 1);
	fixture_close(f);
}

static void test_backoff(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);

	f->config.hole_age_max_us = 100000000;
	snoop_engine_configure(f->engine, &f->config);
	fixture_send(f, 2, 6, 0);
	fixture_wait(f, 60000);
	assert_true(f->retransmit_count >= 2);
	assert_true(f->retransmits[1].at_us - f->retransmits[0].at_us >=
		    2ULL * (RTT_US + 4 * (RTT_US / 2)));
	fixture_close(f);
}

/* A flight of which nothing is answered until the timer retransmits its first segment. */
static void stall(struct fixture *f)
{
	fixture_send(f, 2, 42, 10);
	while (!f->retransmit_count)
		fixture_wait(f, 1000);
	assert_int_equal(f->retransmits[0].seq, SEG(2));
}

static void test_stalled_radio_lost_nothing(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);

	stall(f);
	fixture_wait(f, RTT_US + 500);
	/* Everything arrives, an ACK for each. */
	for (uint32_t n = 3; n <= 42; n++) {
		fixture_ack(f, n, 0, 0);
		fixture_wait(f, 100);
	}
	assert_true(f->retransmit_count <= 2);
	assert_int_equal(f->counters.repairs_confirmed, f->counters.radio_losses);
	assert_true(f->counters.radio_losses <= 1);
	fixture_close(f);
}

static void test_lost_tail_is_retransmitted_in_a_few_round_trips(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	uint32_t rounds = 0;

	stall(f);
	while (f->flow.una != SEG(42)) {
		uint32_t sent = 2 + f->retransmit_count;

		assert_true(++rounds < 10);
		fixture_wait(f, RTT_US);
		/* The station answers each of the retransmits. */
		for (uint32_t n = (f->flow.una - f->base) / SEGMENT_BYTES; n < sent; n++)
			fixture_ack(f, n + 1, 0, 0);
		fixture_wait(f, RTT_US / 4);
	}
	assert_int_equal(f->retransmit_count, 40);
	fixture_settle(f);
	/* The first may have arrived, its ACK delayed: nothing proves a loss. */
	assert_int_equal(f->counters.radio_losses, 39);
	fixture_close(f);
}

/* A D-SACK that comes with the answer says that the time-out was spurious: nothing was lost. */
static void test_spurious_timeout_is_no_loss(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	struct wire_view view;

	fixture_send(f, 2, 3, 0);
	while (!f->retransmit_count)
		fixture_wait(f, 1000);
	f->now_us += RTT_US;
	view = fixture_ack_view(f, SEG(3));
	fixture_add_sack(&view, SEG(2), SEG(3));
	fixture_receive_view(f, &view);
	assert_int_equal(f->counters.spurious_repairs, 1);
	assert_int_equal(f->counters.radio_losses, 0);
	assert_int_equal(f->counters.repairs_confirmed, 0);
	assert_int_equal(snoop_flow_reason(&f->flow), SNOOP_REASON_NO_LOSS);
	fixture_close(f);
}

/* A shield and a probe are sent without a loss: they are duplicates of their own kind, and no
 * argument against the repairs of the flow. */
static void test_duplicates_by_cause(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	struct wire_view view;
	uint32_t shields;

	f->engine->stations[f->flow.station].low_delivered = 900;
	f->engine->stations[f->flow.station].low_lost = 100;
	for (uint32_t n = 2; n < 12; n++) {
		view = fixture_data_view(f, SEG(n), SEGMENT_BYTES);
		view.has_timestamp = true;
		view.tsval = 1000;
		fixture_send_view(f, &view);
	}
	f->now_us += 1000;
	view = fixture_data_view(f, SEG(2), SEGMENT_BYTES);
	view.has_timestamp = true;
	view.tsval = 2000;
	fixture_send_view(f, &view);
	shields = f->retransmit_count;
	assert_true(shields > 0);
	assert_int_equal(f->counters.retransmits_shield, shields);
	assert_int_equal(f->flow.retransmits, 0);
	f->now_us += RTT_US;
	view = fixture_ack_view(f, SEG(12));
	fixture_add_sack(&view, SEG(4), SEG(5));
	fixture_receive_view(f, &view);
	assert_int_equal(f->counters.spurious_repairs, f->counters.spurious_shield);
	assert_true(f->counters.spurious_shield > 0);
	assert_int_equal(f->flow.spurious, 0);
	fixture_close(f);
}

static void test_observe_retransmits_nothing(void **state)
{
	struct fixture *f = sent(SNOOP_LEVEL_OBSERVE, 12, 10);

	/* It knows of them, and holds none. */
	assert_true(f->counters.cache_segments > 0);
	assert_int_equal(f->counters.cache_bytes, 0);
	assert_int_equal(f->counters.cached_segments_total, 0);
	assert_int_equal(f->last->engine_refs, 0);
	fixture_ack(f, 2, 3, 10);
	fixture_wait(f, 5000000);
	fixture_ack(f, 2, 3, 11); /* the station is back */
	fixture_wait(f, 5000000);
	assert_int_equal(f->retransmit_count, 0);
	assert_int_equal(f->counters.radio_losses, 0); /* it may still arrive */
	fixture_close(f);
}

/* What was only observed cannot be retransmitted: a flow that is helped from now on starts afresh.
 */
static void test_observed_then_helped(void **state)
{
	struct fixture *f = sent(SNOOP_LEVEL_OBSERVE, 12, 10);

	f->no_handle = true; /* nobody asks for it */
	fixture_send(f, 12, 14, 10);
	assert_int_equal(f->counters.pass_not_shareable, 0);
	f->no_handle = false;
	snoop_flow_set_level(f->engine, &f->flow, SNOOP_LEVEL_REPAIR);
	fixture_ack(f, 2, 3, 10);
	fixture_wait(f, 100000);
	assert_int_equal(f->retransmit_count, 0);
	fixture_send(f, 14, 24, 10);
	fixture_wait(f, RTT_US);
	fixture_ack(f, 14, 15, 20);
	assert_int_equal(fixture_retransmits_of(f, 14), 1);
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_three_sacked_segments),
		cmocka_unit_test(test_reordering_window_without_three),
		cmocka_unit_test(test_reordering_is_learnt),
		cmocka_unit_test(test_dsack_widens_the_window),
		cmocka_unit_test(test_lost_retransmit),
		cmocka_unit_test(test_conservation),
		cmocka_unit_test(test_give_up_by_tries),
		cmocka_unit_test(test_give_up_by_age),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_without_sack_three_duplicates),
		cmocka_unit_test(test_without_sack_partial_ack),
		cmocka_unit_test(test_early_retransmit),
		cmocka_unit_test(test_tail_timer),
		cmocka_unit_test(test_tail_timer_allows_for_delayed_acks),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_stalled_radio_lost_nothing),
		cmocka_unit_test(test_lost_tail_is_retransmitted_in_a_few_round_trips),
		cmocka_unit_test(test_spurious_timeout_is_no_loss),
		cmocka_unit_test(test_duplicates_by_cause),
		cmocka_unit_test(test_observe_retransmits_nothing),
		cmocka_unit_test(test_observed_then_helped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
