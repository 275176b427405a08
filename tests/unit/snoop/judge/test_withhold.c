/* SPDX-License-Identifier: BSD-3-Clause */
/* The closed list: which duplicate ACKs may be withheld. Each rule: what it forbids, and that it is
 * the rule and nothing else that forbids it. */
#include "../snoop_fixture.h"

#define BASE 1000U

/* Segments 2 .. 11 are out, 2 is lost, 3 is SACKed: the next duplicate is one that may be withheld.
 */
static struct fixture *open_hole(enum snoop_level level)
{
	struct fixture *f = fixture_open(level, NULL, BASE);

	fixture_send(f, 2, 12, 100);
	f->now_us += RTT_US;
	return f;
}

static struct wire_view duplicate(const struct fixture *f, uint32_t to)
{
	struct wire_view view = fixture_ack_view(f, SEG(2));

	fixture_add_sack(&view, SEG(3), SEG(to));
	return view;
}

static void test_duplicate_is_withheld_and_freed(void **state)
{
	struct fixture *f = open_hole(SNOOP_LEVEL_SNOOP);

	assert_int_equal(fixture_ack(f, 2, 3, 4), SNOOP_WITHHOLD);
	assert_int_equal(fixture_ack(f, 2, 3, 5), SNOOP_WITHHOLD);
	assert_int_equal(f->counters.acks_withheld_now, 2);
	assert_int_equal(fixture_retransmits_of(f, 2), 0);
	assert_int_equal(fixture_ack(f, 2, 3, 6), SNOOP_WITHHOLD);
	assert_int_equal(fixture_retransmits_of(f, 2), 1);
	assert_int_equal(fixture_ack(f, 12, 0, 0), SNOOP_FORWARD);
	assert_int_equal(f->counters.acks_freed, 3);
	assert_int_equal(f->release_count, 0);
	fixture_close(f);
}

static void test_released_in_order_when_the_budget_ends(void **state)
{
	struct fixture *f = open_hole(SNOOP_LEVEL_SNOOP);
	uint64_t start_us = f->now_us;

	assert_int_equal(fixture_ack(f, 2, 3, 4), SNOOP_WITHHOLD);
	fixture_wait(f, 1000);
	assert_int_equal(fixture_ack(f, 2, 3, 5), SNOOP_WITHHOLD);
	fixture_wait(f, 2ULL * f->config.withhold_max_us);
	assert_int_equal(f->release_count, 2);
	assert_int_equal(f->releases[0].at_us, start_us + 60000); /* a fast radio */
	/* The budget of this hole is used up. */
	assert_int_equal(fixture_ack(f, 2, 3, 6), SNOOP_FORWARD);
	fixture_close(f);
}

static void test_levels(void **state)
{
	static const enum snoop_level levels[] = {SNOOP_LEVEL_BYPASS, SNOOP_LEVEL_OBSERVE,
						  SNOOP_LEVEL_REPAIR, SNOOP_LEVEL_AUTO};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		struct fixture *f = open_hole(levels[i]);

		assert_int_equal(fixture_ack(f, 2, 3, 4), SNOOP_FORWARD);
		assert_int_equal(fixture_ack(f, 2, 3, 6), SNOOP_FORWARD);
		assert_int_equal(fixture_retransmits_of(f, 2), levels[i] >= SNOOP_LEVEL_REPAIR);
		fixture_close(f);
	}
}

/* A sender without SACK cannot learn to tolerate a repair; where nobody saw the handshake, nobody
 * knows. */
static void test_auto_without_sack(void **state)
{
	for (int midstream = 0; midstream < 2; midstream++) {
		struct fixture *f = fixture_open(SNOOP_LEVEL_AUTO, NULL, 1000);

		f->flow.sack = false;
		f->flow.midstream = midstream;
		fixture_send(f, 2, 12, 10);
		f->now_us += RTT_US;
		assert_int_equal(fixture_ack(f, 2, 0, 0),
				 midstream ? SNOOP_FORWARD : SNOOP_WITHHOLD);
		fixture_close(f);
	}
}

/* One field makes the difference; the same ACK without it is withheld. */
static void refuse(void (*spoil)(struct fixture *f, struct wire_view *view))
{
	struct fixture *f = open_hole(SNOOP_LEVEL_SNOOP);
	struct wire_view view = duplicate(f, 4);

	assert_int_equal(fixture_receive_view(f, &view), SNOOP_WITHHOLD);
	view = duplicate(f, 5);
	spoil(f, &view);
	assert_int_equal(fixture_receive_view(f, &view), SNOOP_FORWARD);
	/* What was withheld before it went before it. */
	assert_int_equal(f->release_count, 1);
	fixture_close(f);
}

static void with_payload(struct fixture *f, struct wire_view *view)
{
	view->payload_bytes = 10;
}
static void with_fin(struct fixture *f, struct wire_view *view)
{
	view->tcp_flags |= WIRE_TCP_FIN;
}
static void with_urgent(struct fixture *f, struct wire_view *view)
{
	view->tcp_flags |= WIRE_TCP_URG;
}
static void with_reset(struct fixture *f, struct wire_view *view)
{
	view->tcp_flags |= WIRE_TCP_RST;
}
static void without_ack(struct fixture *f, struct wire_view *view)
{
	view->tcp_flags = WIRE_TCP_PSH;
}
static void with_window_update(struct fixture *f, struct wire_view *view)
{
	view->window++;
}
static void with_smaller_window(struct fixture *f, struct wire_view *view)
{
	view->window--;
}
static void with_ece(struct fixture *f, struct wire_view *view)
{
	view->tcp_flags |= WIRE_TCP_ECE;
}
static void with_accurate_ecn(struct fixture *f, struct wire_view *view)
{
	view->tcp_ae = 1;
}
static void with_ce(struct fixture *f, struct wire_view *view)
{
	view->ecn = WIRE_ECN_CE;
}
static void with_mptcp(struct fixture *f, struct wire_view *view)
{
	view->has_mptcp = view->has_other_option = true;
}
static void with_unknown_option(struct fixture *f, struct wire_view *view)
{
	view->has_other_option = true;
}
static void with_malformed_options(struct fixture *f, struct wire_view *view)
{
	view->options_malformed = true;
}
static void with_old_number(struct fixture *f, struct wire_view *view)
{
	view->ack = SEG(1);
}

static void test_news_in_the_ack(void **state)
{
	refuse(with_payload);
	refuse(with_fin);
	refuse(with_urgent);
	refuse(with_reset);
	refuse(without_ack);
	refuse(with_window_update);
	refuse(with_smaller_window);
	refuse(with_ece);
	refuse(with_accurate_ecn);
	refuse(with_ce);
	refuse(with_mptcp);
	refuse(with_unknown_option);
	refuse(with_malformed_options);
	refuse(with_old_number);
}

static void test_zero_window(void **state)
{
	struct fixture *f = open_hole(SNOOP_LEVEL_SNOOP);
	struct wire_view view = fixture_ack_view(f, SEG(3));

	view.window = 0;
	assert_int_equal(fixture_receive_view(f, &view), SNOOP_FORWARD);
	assert_int_equal(fixture_receive_view(f, &view), SNOOP_FORWARD);
	fixture_close(f);
}

static void test_nothing_outstanding(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_SNOOP, NULL, BASE);

	assert_int_equal(fixture_ack(f, 2, 0, 0), SNOOP_FORWARD);
	assert_int_equal(f->counters.acks_duplicate, 0);
	fixture_close(f);
}

static void test_answer_to_keep_alive(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_SNOOP, NULL, BASE);
	struct wire_view probe = fixture_data_view(f, SEG(2) - 1, 0);

	fixture_send_view(f, &probe);
	fixture_send(f, 2, 12, 100);
	f->now_us += RTT_US;
	/* The answer to the probe, then duplicates of the hole. */
	assert_int_equal(fixture_ack(f, 2, 0, 0), SNOOP_FORWARD);
	assert_int_equal(fixture_ack(f, 2, 3, 4), SNOOP_WITHHOLD);
	fixture_close(f);
}

static void test_answer_to_old_data(void **state)
{
	struct fixture *f = open_hole(SNOOP_LEVEL_SNOOP);

	fixture_send(f, 1, 2, 0);
	assert_int_equal(fixture_ack(f, 2, 3, 4), SNOOP_FORWARD);
	assert_int_equal(fixture_ack(f, 2, 3, 5), SNOOP_WITHHOLD);
	fixture_close(f);
}

static void test_hole_from_upstream(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_SNOOP, NULL, BASE);

	fixture_send(f, 2, 4, 100);
	fixture_send(f, 5, 12, 100); /* 4 never came */
	f->now_us += RTT_US;
	assert_int_equal(fixture_ack(f, 4, 5, 6), SNOOP_FORWARD);
	assert_int_equal(fixture_ack(f, 4, 5, 9), SNOOP_FORWARD);
	assert_int_equal(f->retransmit_count, 0);
	fixture_send(f, 4, 5, 100);
	assert_int_equal(f->counters.upstream_holes, 1);
	fixture_close(f);
}

/* The hole at the front is ours, one after it is not in the cache. */
static void test_later_hole_not_cached(void **state)
{
	struct fixture *f = open_hole(SNOOP_LEVEL_SNOOP);

	f->no_handle = true;
	fixture_send(f, 12, 14, 100);
	f->no_handle = false;
	f->now_us += RTT_US;
	assert_int_equal(fixture_ack(f, 2, 3, 12), SNOOP_WITHHOLD);
	assert_int_equal(fixture_ack(f, 2, 13, 14), SNOOP_FORWARD);
	fixture_close(f);
}

static void test_sender_repairs(void **state)
{
	struct fixture *f = open_hole(SNOOP_LEVEL_SNOOP);

	assert_int_equal(fixture_ack(f, 2, 3, 4), SNOOP_WITHHOLD);
	fixture_send(f, 2, 3, 0);
	assert_int_equal(f->release_count, 1);
	assert_int_equal(fixture_ack(f, 2, 3, 5), SNOOP_FORWARD);
	fixture_close(f);
}

/* The first copy was not cached: what fills its gap is the sender's retransmit, not a segment that
 * came late. */
static void test_sender_repairs_uncached(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_SNOOP, NULL, BASE);

	f->no_handle = true;
	fixture_send(f, 2, 3, 100);
	f->no_handle = false;
	fixture_send(f, 3, 12, 100);
	f->now_us += RTT_US;
	assert_int_equal(fixture_ack(f, 2, 3, 4), SNOOP_FORWARD);
	fixture_send(f, 2, 3, 0);
	assert_int_equal(fixture_ack(f, 2, 3, 5), SNOOP_FORWARD);
	fixture_close(f);
}

/* A D-SACK of the sender's own needless retransmit is news to the sender, even while a hole is
 * open. */
static void test_dsack_of_the_sender(void **state)
{
	struct fixture *f = open_hole(SNOOP_LEVEL_SNOOP);
	struct wire_view view = fixture_ack_view(f, SEG(2));

	assert_int_equal(fixture_ack(f, 2, 3, 6), SNOOP_WITHHOLD);
	fixture_add_sack(&view, SEG(1), SEG(2));
	fixture_add_sack(&view, SEG(3), SEG(6));
	assert_int_equal(fixture_receive_view(f, &view), SNOOP_FORWARD);
	fixture_close(f);
}

static void test_tries_used_up(void **state)
{
	struct fixture *f = open_hole(SNOOP_LEVEL_SNOOP);

	f->config.tries_max = 1;
	f->config.withhold_max_us = 1000000;
	snoop_engine_configure(f->engine, &f->config);
	assert_int_equal(fixture_ack(f, 2, 3, 4), SNOOP_WITHHOLD);
	assert_int_equal(fixture_ack(f, 2, 3, 6), SNOOP_FORWARD);
	assert_int_equal(fixture_retransmits_of(f, 2), 1);
	fixture_wait(f, 30000); /* shorter than three time-outs: those begin to probe */
	assert_int_equal(fixture_retransmits_of(f, 2), 1);
	fixture_close(f);
}

static void test_no_room_to_withhold(void **state)
{
	struct fixture *f = open_hole(SNOOP_LEVEL_SNOOP);

	f->config.withhold_acks = 1;
	snoop_engine_configure(f->engine, &f->config);
	assert_int_equal(fixture_ack(f, 2, 3, 4), SNOOP_WITHHOLD);
	assert_int_equal(fixture_ack(f, 2, 3, 5), SNOOP_FORWARD);
	assert_int_equal(f->release_count, 1);
	f->no_handle = true;
	assert_int_equal(fixture_ack(f, 2, 3, 6), SNOOP_FORWARD);
	fixture_close(f);
}

static void test_auto_after_an_impatient_sender(void **state)
{
	struct fixture *f = open_hole(SNOOP_LEVEL_AUTO);

	assert_int_equal(fixture_ack(f, 2, 3, 6), SNOOP_FORWARD);
	assert_int_equal(fixture_retransmits_of(f, 2), 1);
	fixture_send(f, 2, 3, 0); /* it did not wait for the repair */
	f->now_us += RTT_US;
	fixture_ack(f, 12, 0, 0);
	assert_int_equal(f->flow.sender_needless, 1);
	fixture_send(f, 12, 20, 100);
	f->now_us += RTT_US;
	assert_int_equal(fixture_ack(f, 12, 13, 14), SNOOP_FORWARD); /* one may be how it learns */
	f->flow.sender_needless = 20;
	assert_int_equal(fixture_ack(f, 12, 13, 15), SNOOP_WITHHOLD);
	fixture_close(f);
}

static void test_level_change_releases(void **state)
{
	struct fixture *f = open_hole(SNOOP_LEVEL_SNOOP);

	assert_int_equal(fixture_ack(f, 2, 3, 4), SNOOP_WITHHOLD);
	snoop_flow_set_level(f->engine, &f->flow, SNOOP_LEVEL_OBSERVE);
	assert_int_equal(f->release_count, 1);
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duplicate_is_withheld_and_freed),
		cmocka_unit_test(test_released_in_order_when_the_budget_ends),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_auto_without_sack),
		cmocka_unit_test(test_news_in_the_ack),
		cmocka_unit_test(test_zero_window),
		cmocka_unit_test(test_nothing_outstanding),
		cmocka_unit_test(test_answer_to_keep_alive),
		cmocka_unit_test(test_answer_to_old_data),
		cmocka_unit_test(test_hole_from_upstream),
		cmocka_unit_test(test_later_hole_not_cached),
		cmocka_unit_test(test_sender_repairs),
		cmocka_unit_test(test_sender_repairs_uncached),
		cmocka_unit_test(test_dsack_of_the_sender),
		cmocka_unit_test(test_tries_used_up),
		cmocka_unit_test(test_no_room_to_withhold),
		cmocka_unit_test(test_auto_after_an_impatient_sender),
		cmocka_unit_test(test_level_change_releases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
