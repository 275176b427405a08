/* SPDX-License-Identifier: BSD-3-Clause */
/* The segment store: order, gaps, hint, budgets, withheld ACKs. */
#include <snoop/store/search.h>

#include "sim.h"
#include "../snoop_fixture.h"

static uint32_t insert(struct fixture *f, uint32_t first, uint32_t end)
{
	struct wire_view view = fixture_data_view(f, SEG(first), (end - first) * SEGMENT_BYTES);
	struct fixture_packet *packet = calloc(1, sizeof(*packet));
	struct snoop_packet described = {
		.view = &packet->view, .handle = packet, .frame_bytes = 100, .checksum_ok = true};
	uint32_t index;

	f->packets[f->packet_count++] = packet;
	packet->view = view;
	packet->refs = 1;
	index = segment_insert(f->engine, &f->flow, &described, SEG(first), SEG(end), f->now_us);
	packet->refs--;
	assert_null(check_store(f->engine, &f->flow));
	return index;
}

static void test_order_and_gaps(void **state)
{
	static const uint32_t bases[] = {1000, 0xfffff000U, 0x7ffff000U};

	for (size_t i = 0; i < 3; i++) {
		struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, bases[i]);
		uint32_t first, middle;

		first = insert(f, 2, 3);
		insert(f, 6, 7);
		assert_int_equal(f->flow.gaps, 1);
		middle = insert(f, 4, 5);
		assert_int_equal(f->flow.gaps, 2);
		insert(f, 3, 4);
		assert_int_equal(f->flow.gaps, 1);
		insert(f, 5, 6);
		assert_int_equal(f->flow.gaps, 0);
		assert_int_equal(f->flow.by_seq.head, first);
		assert_int_equal(segment_find(f->engine, &f->flow, SEG(4)), middle);
		assert_int_equal(segment_find(f->engine, &f->flow, SEG(4) + 1), middle);
		assert_int_equal(segment_find(f->engine, &f->flow, SEG(1)), first);
		assert_int_equal(segment_find(f->engine, &f->flow, SEG(7)), 0);
		segment_remove(f->engine, &f->flow, middle);
		assert_int_equal(f->flow.gaps, 1);
		assert_null(check_store(f->engine, &f->flow));
		fixture_close(f);
	}
}

static void test_sacked_leaves_the_open_list(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	uint32_t index[8];

	for (uint32_t n = 2; n < 8; n++)
		index[n] = insert(f, n, n + 1);
	segment_sacked(f->engine, &f->flow, index[4]);
	assert_null(check_store(f->engine, &f->flow));
	assert_int_equal(segment_find_open(f->engine, &f->flow, SEG(4)), index[5]);
	assert_int_equal(segment_find(f->engine, &f->flow, SEG(4)), index[4]);
	assert_int_equal(f->flow.sacked_count, 1);
	assert_int_equal(f->flow.open_bytes, 5 * SEGMENT_BYTES);
	segment_lost(f->engine, &f->flow, index[2]);
	segment_leave(f->engine, &f->flow, index[3]);
	assert_null(check_store(f->engine, &f->flow));
	segment_sent(f->engine, &f->flow, index[2], f->now_us);
	assert_int_equal(f->flow.in_flight.tail, index[2]);
	segment_by_sender(f->engine, &f->flow, index[3]);
	segment_by_sender(f->engine, &f->flow, index[3]);
	assert_int_equal(f->flow.sender_count, 1);
	assert_null(check_store(f->engine, &f->flow));
	segment_sacked(f->engine, &f->flow, index[3]);
	assert_int_equal(f->flow.sender_count, 0);
	assert_int_equal(f->flow.left_count, 0);
	assert_null(check_store(f->engine, &f->flow));
	fixture_close(f);
}

/* A search at an instant of its own. */
static uint32_t find(struct fixture *f, uint32_t seq)
{
	f->engine->now_us++;
	return segment_find(f->engine, &f->flow, seq);
}

static uint32_t find_open(struct fixture *f, uint32_t seq)
{
	f->engine->now_us++;
	return segment_find_open(f->engine, &f->flow, seq);
}

/* The hint must be right wherever it points: compare with a search from the head. */
static void test_hint(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 0xffff0000U);
	uint32_t random = 7;

	fixture_send(f, 2, 200, 10);
	f->now_us += RTT_US;
	for (int round = 0; round < 300; round++) {
		uint32_t n, index, expected;

		random = random * 1664525U + 1013904223U;
		n = 2 + (random >> 16) % 198;
		index = find_open(f, SEG(n));
		for (expected = f->flow.open.head;
		     expected && seq_leq(segment_at(f->engine, expected)->end, SEG(n));)
			expected = segment_at(f->engine, expected)->open_next;
		assert_int_equal(index, expected);
		if (n > 3)
			fixture_ack(f, 2, n, n + 1);
		assert_null(check_store(f->engine, &f->flow));
	}
	fixture_close(f);
}

static void test_partial_sack_covers_nothing(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	struct wire_view view = fixture_ack_view(f, SEG(2));

	fixture_send(f, 2, 8, 10);
	f->now_us += RTT_US;
	fixture_add_sack(&view, SEG(3) + 1, SEG(6) - 1);
	fixture_receive_view(f, &view);
	assert_int_equal(f->flow.sacked_count, 1); /* 4 */
	assert_null(check_store(f->engine, &f->flow));
	fixture_close(f);
}

static void test_budgets(void **state)
{
	struct snoop_config config;
	struct fixture *f;

	snoop_config_defaults(&config);
	config.cache_segments = 3;
	config.stations = config.syn_entries = 2;
	f = fixture_open(SNOOP_LEVEL_REPAIR, &config, 1000);
	fixture_send(f, 2, 6, 0);
	assert_int_equal(f->flow.cached_count, 3);
	assert_int_equal(f->counters.pass_cache_full, 1);
	assert_int_equal(snoop_flow_reason(&f->flow), SNOOP_REASON_CACHE_FULL);
	fixture_close(f);

	config.cache_segments = 100;
	config.cache_bytes = 2500;
	f = fixture_open(SNOOP_LEVEL_REPAIR, &config, 1000);
	fixture_send(f, 2, 6, 0);
	assert_int_equal(f->flow.cached_count, 2);
	assert_true(f->counters.cache_bytes <= 2500);
	fixture_close(f);

	config.cache_bytes = 1 << 20;
	config.flow_cache_bytes = 1066;
	f = fixture_open(SNOOP_LEVEL_REPAIR, &config, 1000);
	fixture_send(f, 2, 6, 0);
	assert_int_equal(f->flow.cached_count, 1);
	fixture_close(f);
}

static void test_sacked_segments_make_room(void **state)
{
	struct snoop_config config;
	struct fixture *f;

	snoop_config_defaults(&config);
	config.cache_segments = 3;
	config.stations = config.syn_entries = 2;
	f = fixture_open(SNOOP_LEVEL_REPAIR, &config, 1000);
	fixture_send(f, 2, 3, 0);
	f->checksum_ok = false;
	fixture_send(f, 3, 4, 0);
	f->checksum_ok = true;
	fixture_send(f, 4, 6, 0);
	f->now_us += RTT_US;
	fixture_ack(f, 3, 4, 5);
	fixture_send(f, 6, 8, 0);
	assert_int_equal(f->counters.cache_evictions, 1);
	assert_int_equal(f->counters.pass_cache_full, 0);
	assert_null(check_store(f->engine, &f->flow));
	fixture_close(f);
}

#define MANY 3000U

static struct fixture *open_large(uint32_t base)
{
	struct snoop_config config;

	snoop_config_defaults(&config);
	config.cache_segments = MANY;
	config.flow_cache_bytes = config.cache_bytes = 2ULL * MANY * SEGMENT_BYTES;
	return fixture_open(SNOOP_LEVEL_REPAIR, &config, base);
}

static void test_a_large_ack_is_taken_in_portions(void **state)
{
	struct fixture *f = open_large(0xfff00000U);

	fixture_send(f, 2, 2 + MANY, 1);
	f->now_us += RTT_US;
	assert_int_equal(fixture_ack(f, 2 + MANY, 0, 0), SNOOP_FORWARD);
	assert_int_equal(f->flow.una, SEG(2 + MANY));
	assert_int_equal(f->flow.cached_count, MANY - SEGMENT_PORTION);
	assert_int_equal(snoop_flow_deadline_us(&f->flow), f->now_us);
	assert_null(check_store(f->engine, &f->flow));
	/* At the same instant other packets find little left; and data goes on. */
	fixture_send(f, 2 + MANY, 3 + MANY, 0);
	fixture_ack(f, 2 + MANY, 0, 0);
	assert_int_equal(f->flow.cached_count, MANY + 1 - SEGMENT_PORTION - SEGMENT_PORTION_MIN);
	for (uint32_t i = 0; i < MANY / SEGMENT_PORTION; i++) {
		f->now_us++;
		snoop_flow_timer(f->engine, &f->flow, f->now_us);
		assert_null(check_store(f->engine, &f->flow));
	}
	assert_int_equal(f->flow.cached_count, 1);
	assert_false(f->flow.catching_up);
	assert_int_equal(f->retransmit_count, 0);
	assert_false(f->flow.reordering);
	fixture_close(f);
}

static void test_large_sack_blocks_are_taken_in_portions(void **state)
{
	struct fixture *f = open_large(0xfff00000U);

	fixture_send(f, 2, 2 + MANY, 1);
	f->now_us += RTT_US;
	for (uint32_t i = 0; i < MANY / SEGMENT_PORTION; i++) {
		f->now_us++;
		fixture_ack(f, 2, 3, 2 + MANY);
		assert_int_equal(f->flow.sacked_count, (i + 1) * SEGMENT_PORTION);
		assert_int_equal(f->retransmit_count, 0); /* what is not taken yet is not lost */
		assert_null(check_store(f->engine, &f->flow));
	}
	f->now_us++;
	fixture_ack(f, 2, 3, 2 + MANY);
	assert_int_equal(f->flow.sacked_count, MANY - 1);
	assert_int_equal(f->retransmit_count, 1);
	assert_int_equal(fixture_retransmits_of(f, 2), 1);
	assert_false(f->flow.reordering);
	fixture_close(f);
}

/* Segments 2 and up, but for the hole; all SACKed but 2. */
static struct fixture *open_with_hole(uint32_t hole)
{
	struct fixture *f = open_large(0xfff00000U);

	if (hole > 2)
		fixture_send(f, 2, hole, 1);
	fixture_send(f, hole + 1, 2 + MANY, 1);
	f->now_us += RTT_US;
	for (uint32_t i = 0; i < 2 * (MANY / SEGMENT_PORTION + 1); i++) {
		f->now_us++;
		if (hole > 3)
			fixture_ack(f, 2, 3, hole);
		f->now_us++;
		fixture_ack(f, 2, hole + 1, 2 + MANY);
	}
	assert_int_equal(f->flow.sacked_count, hole == 2 ? MANY - 1 : MANY - 2);
	assert_null(check_store(f->engine, &f->flow));
	return f;
}

static uint32_t find_from_head(struct fixture *f, uint32_t seq)
{
	uint32_t index = f->flow.by_seq.head;

	while (index && seq_leq(segment_at(f->engine, index)->end, seq))
		index = segment_at(f->engine, index)->seq_next;
	return index;
}

static void test_search_among_sacked(void **state)
{
	struct fixture *f = open_with_hole(MANY / 2);

	for (uint32_t n = 2; n < 2 + MANY; n++) /* as a sender retransmits all of it */
		assert_int_equal(find(f, SEG(n)), find_from_head(f, SEG(n)));
	for (uint32_t n = 2; n < SEARCH_STEPS_MAX / 2; n++) {
		assert_int_equal(find(f, SEG(n)), find_from_head(f, SEG(n)));
		assert_int_equal(find(f, SEG(1 + MANY - n)), find_from_head(f, SEG(1 + MANY - n)));
	}
	assert_int_equal(find(f, SEG(2 + MANY)), 0);
	assert_int_equal(find(f, SEG(MANY / 2)), SEGMENT_FAR);
	fixture_close(f);
}

/* Steps that are left of an instant's after one ACK with a block of one byte of segment n. */
static uint32_t steps_left(struct fixture *f, uint32_t n)
{
	struct wire_view view = fixture_ack_view(f, SEG(2));

	f->now_us++;
	fixture_add_sack(&view, SEG(n), SEG(n) + 1);
	fixture_receive_view(f, &view);
	return f->engine->search_us == f->now_us ? f->engine->search_left : SEARCH_STEPS;
}

/* Blocks that SACK nothing, in turns at both ends of a large window: near both, and no news. */
static void test_blocks_without_news_are_cheap(void **state)
{
	struct fixture *f = open_large(0xfff00000U);
	uint32_t hint;

	fixture_send(f, 2, 2 + MANY, 1);
	f->now_us += RTT_US;
	fixture_ack(f, 2, 5, 6);
	hint = f->flow.sack_hint;
	assert_int_equal(segment_at(f->engine, hint)->seq, SEG(6));
	for (uint32_t i = 0; i < 20; i++) {
		assert_true(steps_left(f, MANY - i % 4) >= SEARCH_STEPS - 16);
		assert_int_equal(f->flow.sack_hint, hint);
		assert_true(steps_left(f, 3 + i % 4) >= SEARCH_STEPS - 16);
		assert_int_equal(f->flow.sack_hint, hint);
	}
	assert_null(check_store(f->engine, &f->flow));
	fixture_close(f);
}

/* In the middle it takes too long: once, and all together at one instant. */
static void test_search_among_open_is_bounded(void **state)
{
	struct fixture *f = open_large(0xfff00000U);
	uint32_t middle = 2 + MANY / 2, calls = 0, index;

	fixture_send(f, 2, 2 + MANY, 1);
	f->now_us += RTT_US;
	fixture_ack(f, 2, 5, 6);
	assert_int_equal(find_open(f, SEG(middle)), SEGMENT_FAR);
	assert_int_equal(f->engine->search_left, SEARCH_STEPS - SEARCH_STEPS_MAX);
	/* A search for the same place goes on where that one was. */
	while ((index = find_open(f, SEG(middle))) == SEGMENT_FAR)
		assert_true(++calls < MANY / SEARCH_STEPS_MAX);
	assert_int_equal(segment_at(f->engine, index)->seq, SEG(middle));
	/* Nothing is left of this instant but the least. */
	f->engine->search_left = 0;
	f->flow.sack_hint = f->flow.open.head;
	assert_int_equal(segment_find_open(f->engine, &f->flow, SEG(2 + MANY / 3)), SEGMENT_FAR);
	assert_int_equal(segment_find_open(f->engine, &f->flow, SEG(2 + MANY) - 1),
			 f->flow.open.tail);
	fixture_close(f);
}

/* What cannot be found is SACKed by one of the next ACKs; until then no loss is judged. */
static void test_far_block_is_taken_later(void **state)
{
	struct fixture *f = open_large(0xfff00000U);
	uint32_t middle = 2 + MANY / 2, acks = 0;

	fixture_send(f, 2, 2 + MANY, 1);
	f->now_us += RTT_US;
	while (!f->flow.sacked_count) {
		assert_int_equal(f->flow.radio_losses, 0);
		f->now_us++;
		assert_int_equal(fixture_ack(f, 2, middle, middle + 1), SNOOP_FORWARD);
		assert_true(++acks <= 1 + MANY / SEARCH_STEPS_MAX);
	}
	assert_true(acks > 1);
	assert_int_equal(f->flow.high_sack, SEG(middle + 1));
	assert_null(check_store(f->engine, &f->flow));
	fixture_close(f);
}

/* Data below what was forwarded, in the middle of a large window: which copies it replaces takes
 * too long to find out, so that none of them may be retransmitted. */
static void test_retransmit_far_among_open(void **state)
{
	struct fixture *f = open_large(0xfff00000U);

	fixture_send(f, 2, 2 + MANY, 1);
	f->now_us += RTT_US;
	fixture_send(f, 2 + MANY / 2, 3 + MANY / 2, 1);
	assert_int_equal(f->flow.cached_count, 0);
	assert_int_equal(f->flow.uncached_end, SEG(2 + MANY));
	assert_null(check_store(f->engine, &f->flow));
	/* Later data is cached as ever. */
	fixture_send(f, 2 + MANY, 4 + MANY, 1);
	assert_int_equal(f->flow.cached_count, 2);
	assert_null(check_store(f->engine, &f->flow));
	fixture_close(f);
}

/* SACKs and retransmits anywhere in a window, while other flows have used up every instant's steps:
 * the store stays whole, and what was not found does no harm. */
static void test_store_without_steps(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 0xffff0000U);
	uint32_t random = 11, una = 2, sent = 2, evictions = 0;

	for (uint32_t i = 0; i < 1500; i++) {
		uint32_t n, step;

		f->now_us += 50;
		f->engine->search_us = f->now_us;
		f->engine->search_left = 0;
		random = random * 1664525U + 1013904223U;
		n = una + (random >> 16) % (sent - una + 1);
		step = random >> 8 & 63;
		if (sent - una < 200 || step < 2) {
			fixture_send(f, sent, sent + 1, 0);
			sent++;
		} else if (step < 40) {
			fixture_ack(f, una, n + 1, n + 1 + (random >> 28));
		} else if (step < 56) {
			fixture_send(f, n < sent ? n : una, (n < sent ? n : una) + 1, 0);
		} else {
			una += step - 55;
			fixture_ack(f, una, 0, 0);
		}
		assert_null(check_store(f->engine, &f->flow));
		evictions += f->counters.cache_evictions > 0;
	}
	assert_true(evictions > 0); /* some searches took too long */
	f->now_us += RTT_US;
	fixture_ack(f, sent, 0, 0);
	assert_int_equal(f->flow.cached_count, 0);
	fixture_close(f);
}

static void test_filler_below_sacked(void **state)
{
	struct fixture *f = open_with_hole(2);

	fixture_send(f, 2, 3, 1);
	assert_int_equal(f->flow.cached_count, MANY);
	assert_int_equal(f->flow.gaps, 0);
	assert_int_equal(segment_at(f->engine, f->flow.by_seq.head)->seq, SEG(2));
	assert_null(check_store(f->engine, &f->flow));
	fixture_close(f);
}

/* Where it belongs would take too long to find: it is forwarded, and what it overlaps is not
 * retransmitted. */
static void test_filler_far_among_sacked(void **state)
{
	struct fixture *f = open_with_hole(MANY / 2);

	f->engine->found = 0;
	fixture_send(f, MANY / 2, MANY / 2 + 1, 1);
	assert_int_equal(f->flow.cached_count, MANY - 1);
	assert_int_equal(f->flow.uncached_end, SEG(MANY / 2 + 1));
	assert_int_equal(f->flow.gaps, 1);
	assert_null(check_store(f->engine, &f->flow));
	fixture_close(f);
}

static void test_a_reset_frees_in_portions(void **state)
{
	struct fixture *f = open_large(1000);

	fixture_send(f, 2, 2 + MANY, 1);
	assert_int_equal(f->counters.cache_segments, MANY);
	f->now_us++;
	snoop_flow_reset(f->engine, &f->flow);
	assert_int_equal(f->flow.cached_count, 0);
	assert_null(check_store(f->engine, &f->flow));
	assert_true(f->counters.cache_segments >= MANY - SEGMENT_PORTION);
	assert_true(snoop_engine_deadline_us(f->engine) <= f->now_us);
	/* A flow that needs room does not have to wait for it. */
	fixture_send(f, 2 + MANY, 2 + MANY + 2 * SEGMENT_PORTION, 0);
	assert_int_equal(f->flow.cached_count, 2 * SEGMENT_PORTION);
	assert_int_equal(f->counters.pass_cache_full, 0);
	for (uint32_t i = 0; i < MANY / SEGMENT_PORTION; i++)
		snoop_engine_timer(f->engine, ++f->now_us);
	assert_int_equal(f->counters.cache_segments, 2 * SEGMENT_PORTION);
	assert_int_equal(snoop_engine_deadline_us(f->engine), SNOOP_NEVER);
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_gaps),
		cmocka_unit_test(test_sacked_leaves_the_open_list),
		cmocka_unit_test(test_hint),
		cmocka_unit_test(test_partial_sack_covers_nothing),
		cmocka_unit_test(test_budgets),
		cmocka_unit_test(test_sacked_segments_make_room),
		cmocka_unit_test(test_a_large_ack_is_taken_in_portions),
		cmocka_unit_test(test_large_sack_blocks_are_taken_in_portions),
		cmocka_unit_test(test_search_among_sacked),
		cmocka_unit_test(test_blocks_without_news_are_cheap),
		cmocka_unit_test(test_search_among_open_is_bounded),
		cmocka_unit_test(test_far_block_is_taken_later),
		cmocka_unit_test(test_retransmit_far_among_open),
		cmocka_unit_test(test_store_without_steps),
		cmocka_unit_test(test_filler_below_sacked),
		cmocka_unit_test(test_filler_far_among_sacked),
		cmocka_unit_test(test_a_reset_frees_in_portions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
