/* SPDX-License-Identifier: BSD-3-Clause */
/* Data from the wired side: what is cached. */
#include "../snoop_fixture.h"

#define NEAR_WRAP 0xfffff000U

static struct fixture *open_repair(void)
{
	return fixture_open(SNOOP_LEVEL_REPAIR, NULL, NEAR_WRAP);
}

static void test_new_data(void **state)
{
	struct fixture *f = open_repair();

	fixture_send(f, 2, 20, 10);
	assert_int_equal(f->flow.cached_count, 18);
	assert_int_equal(f->flow.gaps, 0);
	assert_int_equal(f->flow.snd_max, SEG(20));
	f->now_us += RTT_US;
	fixture_ack(f, 10, 0, 0);
	assert_int_equal(f->flow.cached_count, 10);
	fixture_close(f);
}

static void test_sender_retransmit_resets_tries(void **state)
{
	struct fixture *f = open_repair();

	fixture_send(f, 2, 12, 10);
	f->now_us += RTT_US;
	fixture_ack(f, 2, 3, 12);
	assert_int_equal(fixture_retransmits_of(f, 2), 1);
	fixture_send(f, 2, 3, 0);
	assert_int_equal(f->counters.sender_retransmits, 1);
	assert_int_equal(f->counters.sender_retransmits_needless, 1);
	assert_int_equal(segment_at(f->engine, f->flow.by_seq.head)->tries, 0);
	assert_int_equal(f->flow.sender_count, 1);
	assert_int_equal(f->flow.cached_count, 10);
	/* It is the sender's repair then, not ours. */
	f->now_us += RTT_US;
	fixture_ack(f, 12, 0, 0);
	assert_int_equal(f->counters.repairs_confirmed, 0);
	fixture_close(f);
}

static void test_old_data(void **state)
{
	struct fixture *f = open_repair();

	fixture_send(f, 0, 1, 0);
	assert_int_equal(f->counters.pass_old_data, 1);
	assert_int_equal(f->flow.cached_count, 0);
	fixture_close(f);
}

static void test_hole_and_its_filler(void **state)
{
	struct fixture *f = open_repair();

	fixture_send(f, 2, 3, 0);
	fixture_send(f, 4, 6, 0);
	assert_int_equal(f->flow.gaps, 1);
	assert_int_equal(f->counters.upstream_holes, 0);
	f->now_us += RTT_US;
	fixture_send(f, 3, 4, 0);
	assert_int_equal(f->counters.upstream_holes, 1);
	assert_int_equal(f->counters.upstream_bytes, SEGMENT_BYTES);
	assert_int_equal(f->flow.gaps, 0);
	assert_int_equal(f->counters.sender_retransmits, 0);
	fixture_close(f);
}

static void test_overlap_newest_wins(void **state)
{
	struct fixture *f = open_repair();
	struct wire_view view;

	fixture_send(f, 2, 5, 0);
	view = fixture_data_view(f, SEG(2) + 500, 2 * SEGMENT_BYTES);
	fixture_send_view(f, &view);
	/* All three are touched; only the new one is left, over no stale byte. */
	assert_int_equal(f->flow.cached_count, 1);
	assert_int_equal(segment_at(f->engine, f->flow.by_seq.head)->seq, SEG(2) + 500);
	fixture_close(f);
}

static void test_sacked_copy_stays(void **state)
{
	struct fixture *f = open_repair();

	fixture_send(f, 2, 6, 0);
	f->now_us += RTT_US;
	fixture_ack(f, 2, 4, 5);
	fixture_send(f, 4, 5, 0);
	assert_int_equal(f->flow.sacked_count, 1);
	assert_int_equal(f->counters.sender_retransmits_needless, 1);
	fixture_close(f);
}

static void test_jump_flushes(void **state)
{
	struct fixture *f = open_repair();
	struct wire_view view;

	fixture_send(f, 2, 6, 0);
	view = fixture_data_view(f, SEG(6) + (200U << 20), SEGMENT_BYTES);
	fixture_send_view(f, &view);
	assert_int_equal(f->counters.flows_reset, 1);
	assert_int_equal(f->flow.cached_count, 1);
	fixture_wait(f, 1000000);
	for (uint32_t i = 0; i < f->retransmit_count; i++)
		assert_int_equal(f->retransmits[i].seq, view.seq);
	fixture_close(f);
}

static void test_far_below_flushes(void **state)
{
	struct fixture *f = open_repair();
	struct wire_view view;

	fixture_send(f, 2, 6, 0);
	view = fixture_data_view(f, SEG(2) - (1500U << 20), SEGMENT_BYTES);
	fixture_send_view(f, &view);
	assert_int_equal(f->counters.flows_reset, 1);
	assert_int_equal(f->flow.una, view.seq);
	fixture_close(f);
}

/* In order, but two gigabytes ahead of the last ACK: the numbers have come round. */
static void test_far_ahead_flushes(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);

	fixture_send(f, 2, 12, 10);
	f->flow.una = SEG(12) - 0x80000000U + SEGMENT_BYTES / 2;
	fixture_send(f, 12, 13, 10);
	assert_int_equal(f->counters.flows_reset, 1);
	assert_int_equal(f->flow.cached_count, 1);
	fixture_close(f);
}

static void test_paws_regression_flushes(void **state)
{
	struct fixture *f = open_repair();
	struct wire_view view;

	fixture_send(f, 2, 6, 0);
	view = fixture_data_view(f, SEG(6), SEGMENT_BYTES);
	view.tsval -= 100; /* reordered: still the same connection */
	fixture_send_view(f, &view);
	assert_int_equal(f->counters.flows_reset, 0);
	view = fixture_data_view(f, SEG(7), SEGMENT_BYTES);
	view.tsval -= 1U << 20;
	fixture_send_view(f, &view);
	assert_int_equal(f->counters.flows_reset, 1);
	assert_int_equal(f->flow.cached_count, 1);
	fixture_close(f);
}

static void test_reset_flushes(void **state)
{
	for (int side = 0; side < 2; side++) {
		struct fixture *f = open_repair();
		struct wire_view view =
			side ? fixture_ack_view(f, SEG(2)) : fixture_data_view(f, SEG(6), 0);

		view.tcp_flags |= WIRE_TCP_RST;
		fixture_send(f, 2, 6, 0);
		if (side)
			assert_int_equal(fixture_receive_view(f, &view), SNOOP_FORWARD);
		else
			fixture_send_view(f, &view);
		assert_int_equal(f->flow.cached_count, 0);
		assert_true(snoop_flow_finished(&f->flow));
		fixture_wait(f, 1000000);
		assert_int_equal(f->retransmit_count, 0);
		fixture_close(f);
	}
}

static void test_fin(void **state)
{
	struct fixture *f = open_repair();
	struct wire_view view = fixture_data_view(f, SEG(2), 0), ack;

	view.tcp_flags |= WIRE_TCP_FIN;
	fixture_send_view(f, &view);
	assert_int_equal(f->flow.cached_count, 1);
	fixture_wait(f, 100000);
	assert_true(fixture_retransmits_of(f, 2) >= 1); /* a lost FIN is repaired */
	ack = fixture_ack_view(f, SEG(2) + 1);
	ack.tcp_flags |= WIRE_TCP_FIN;
	assert_false(snoop_flow_finished(&f->flow));
	fixture_receive_view(f, &ack);
	assert_true(snoop_flow_finished(&f->flow));
	assert_int_equal(f->flow.cached_count, 0);
	fixture_close(f);
}

static void test_not_cached(void **state)
{
	struct fixture *f = open_repair();
	struct wire_view view = fixture_data_view(f, SEG(4), SEGMENT_BYTES);

	f->checksum_ok = false;
	fixture_send(f, 2, 3, 0);
	assert_int_equal(f->counters.pass_bad_checksum, 1);
	f->checksum_ok = true;
	f->no_handle = true;
	fixture_send(f, 3, 4, 0);
	assert_int_equal(f->counters.pass_not_shareable, 1);
	f->no_handle = false;
	view.options_malformed = true;
	fixture_send_view(f, &view);
	assert_int_equal(f->counters.pass_bad_options, 1);
	assert_int_equal(f->flow.cached_count, 0);
	fixture_close(f);
}

static void test_mid_stream(void **state)
{
	struct fixture *f = fixture_engine(NULL);

	f->base = NEAR_WRAP;
	snoop_flow_init(f->engine, &f->flow, &f->key, SNOOP_LEVEL_SNOOP, f->now_us);
	assert_int_equal(f->counters.flows_midstream, 1);
	fixture_send(f, 10, 20, 10);
	f->now_us += RTT_US;
	/* Older data than we know is still unacknowledged. */
	assert_int_equal(fixture_ack(f, 7, 0, 0), SNOOP_FORWARD);
	assert_int_equal(fixture_ack(f, 7, 10, 12), SNOOP_FORWARD);
	assert_int_equal(f->retransmit_count, 0);
	assert_int_equal(fixture_ack(f, 13, 14, 20), SNOOP_FORWARD);
	assert_int_equal(fixture_retransmits_of(f, 13), 1);
	fixture_close(f);
}

/* A stale segment from far ahead resets the flow; the station's next ACK shows what is right. */
static void test_stale_jump_is_recovered_from(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	struct wire_view view = fixture_data_view(f, SEG(2) + (64U << 20), SEGMENT_BYTES);

	fixture_send_view(f, &view);
	assert_int_equal(f->counters.flows_reset, 1);
	fixture_ack(f, 2, 0, 0);
	assert_int_equal(f->flow.snd_max, SEG(2));
	fixture_send(f, 2, 8, 10);
	f->now_us += RTT_US;
	fixture_ack(f, 2, 3, 8);
	assert_int_equal(fixture_retransmits_of(f, 2), 1);
	fixture_close(f);
}

/* Without SACK: the sender fills a hole from upstream in part, and much was forwarded after it. The
 * station may delay the ACK of the filler, and of no more than the first of two. */
static void test_delayed_ack_of_a_filler(void **state)
{
	for (int fillers = 1; fillers <= 2; fillers++) {
		struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);

		f->flow.sack = false;
		fixture_send(f, 5, 12, 10);
		for (int i = 0; i < 7; i++)
			fixture_ack(f, 2, 0, 0);
		fixture_send(f, 2, 3, 0);
		fixture_wait(f, 30000);
		if (fillers == 2)
			fixture_send(f, 3, 4, 0);
		fixture_wait(f, 10000);
		assert_int_equal(f->retransmit_count, 0);
		fixture_wait(f, 20000);
		assert_int_equal(f->retransmit_count, 1);
		assert_int_equal(f->counters.radio_losses, 0);
		fixture_close(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stale_jump_is_recovered_from),
		cmocka_unit_test(test_new_data),
		cmocka_unit_test(test_delayed_ack_of_a_filler),
		cmocka_unit_test(test_sender_retransmit_resets_tries),
		cmocka_unit_test(test_old_data),
		cmocka_unit_test(test_hole_and_its_filler),
		cmocka_unit_test(test_overlap_newest_wins),
		cmocka_unit_test(test_sacked_copy_stays),
		cmocka_unit_test(test_jump_flushes),
		cmocka_unit_test(test_far_below_flushes),
		cmocka_unit_test(test_far_ahead_flushes),
		cmocka_unit_test(test_paws_regression_flushes),
		cmocka_unit_test(test_reset_flushes),
		cmocka_unit_test(test_fin),
		cmocka_unit_test(test_not_cached),
		cmocka_unit_test(test_mid_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
