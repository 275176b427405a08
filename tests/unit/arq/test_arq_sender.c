/* SPDX-License-Identifier: BSD-3-Clause */
#include "arq_fixture.h"

#define RTT_US 5000U

struct lane {
	struct fixture fixture;
	struct arq_sender sender;
	void *memory;
	uint32_t first;
};

static const uint32_t firsts[] = {1000, 0xfffffffe, 0xfffffe, 0};

static void lane_init(struct lane *lane, uint32_t first, uint8_t index)
{
	fixture_init(&lane->fixture);
	lane->memory = calloc(1, arq_sender_bytes(&lane->fixture.config));
	arq_sender_init(&lane->sender, &lane->fixture.shared, lane->memory, index, first);
	arq_estimator_rtt(&lane->fixture.shared.estimator, RTT_US, lane->fixture.now_us);
	lane->first = first;
}

static void lane_end(struct lane *lane)
{
	arq_sender_reset(&lane->sender);
	assert_int_equal(lane->fixture.references, 0);
	assert_int_equal(lane->sender.stored_bytes, 0);
	free(lane->memory);
}

#define FOR_EACH_FIRST(lane, index)                                                                \
	for (size_t start_ = 0; start_ < 4 && (lane_init(lane, firsts[start_], index), true);      \
	     lane_end(lane), start_++)

/* @return the tag of the next frame, which is n + 1 if it has the n-th number. */
static struct arq_tag put(struct lane *lane, uint32_t key)
{
	struct arq_packet packet = fixture_packet(lane->sender.next - lane->first + 1, key);
	struct arq_tag tag;

	arq_sender_number(&lane->sender, &packet, lane->fixture.now_us, &tag);
	return tag;
}

/* The peer has all before the n-th, and of those after it before the end the ones in bits. */
static bool hear(struct lane *lane, uint32_t n, uint32_t end, uint64_t bits, uint64_t echo_us)
{
	uint32_t cumulative = lane->first + n;
	struct arq_status status = {
		.cumulative = cumulative,
		.end = lane->first + end,
		.words = arq_status_words(cumulative, lane->first + end),
	};

	for (uint32_t i = 0; i < 64; i++)
		if (bits >> i & 1)
			status.bits[(cumulative + i - (cumulative & ~63U)) / 64] |=
				1ULL << ((cumulative + i) & 63);
	return arq_sender_status(&lane->sender, &status, echo_us, lane->fixture.now_us);
}

/* The distance is that to the frame before, unless all before were acknowledged at once. */
static void distances(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		assert_int_equal(put(&lane, 1).distance, 0);
		assert_int_equal(put(&lane, 2).distance, 0);
		assert_int_equal(put(&lane, 1).distance, 2);
		assert_int_equal(put(&lane, 1 + ARQ_KEYS).distance, 1);
		assert_int_equal(put(&lane, 2).distance, 3);
		/* 1 arrived, but it may wait for what is missing. */
		assert_true(hear(&lane, 3, 5, 2, 0));
		assert_int_equal(put(&lane, 2).distance, 1);
		assert_true(hear(&lane, 6, 6, 0, 0));
		assert_int_equal(put(&lane, 2).distance, 0);
		assert_int_equal(put(&lane, 1).distance, 0);
	}
	FOR_EACH_FIRST(&lane, ARQ_UNORDERED)
	{
		put(&lane, 1);
		assert_int_equal(put(&lane, 1).distance, 0);
	}
}

static void retransmits_once(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		for (uint32_t i = 0; i < 4; i++)
			put(&lane, 1);
		lane.fixture.now_us += RTT_US;
		assert_true(hear(&lane, 1, 4, 4, 0));
		/* Numbers 1 and 2 are missing. */
		assert_int_equal(lane.fixture.retransmitted_count, 2);
		assert_int_equal(lane.fixture.retransmitted[0].frame, 2);
		assert_int_equal(lane.fixture.retransmitted[0].tag.seq,
				 (lane.first + 1) & ARQ_SEQ_MASK);
		assert_int_equal(lane.fixture.retransmitted[0].tag.distance, 1);
		assert_int_equal(lane.fixture.references, 2);
		/* Not again by a status that cannot know of the retransmit, nor before D. */
		assert_true(hear(&lane, 1, 4, 4, lane.fixture.now_us));
		lane.fixture.now_us += RTT_US;
		assert_true(hear(&lane, 1, 4, 4, lane.fixture.now_us - RTT_US));
		assert_int_equal(lane.fixture.retransmitted_count, 2);
		/* Something that was sent later arrived. */
		assert_true(hear(&lane, 1, 4, 4, lane.fixture.now_us - RTT_US + 1));
		assert_int_equal(lane.fixture.retransmitted_count, 4);
		/* A second copy of the second retransmit. */
		assert_int_equal(arq_sender_deadline_us(&lane.sender), lane.fixture.now_us + 3000);
		arq_sender_timer(&lane.sender, lane.fixture.now_us + 2999);
		assert_int_equal(lane.fixture.retransmitted_count, 4);
		assert_true(hear(&lane, 2, 4, 2, 0));
		arq_sender_timer(&lane.sender, lane.fixture.now_us + 3000);
		assert_int_equal(lane.fixture.retransmitted_count, 5);
		assert_int_equal(lane.fixture.retransmitted[4].frame, 3);
		assert_int_equal(arq_sender_deadline_us(&lane.sender), ARQ_NEVER);
		assert_true(hear(&lane, 4, 4, 0, 0));
		assert_int_equal(lane.fixture.references, 0);
	}
}

/* As many as the bucket has. */
static void newest_first(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_UNORDERED)
	{
		for (uint32_t i = 0; i < 100; i++)
			put(&lane, 1);
		assert_true(hear(&lane, 0, 100, 1ULL << 50, 0));
		assert_int_equal(lane.fixture.retransmitted_count, 32);
		assert_int_equal(lane.fixture.retransmitted[0].frame, 100);
		assert_int_equal(lane.fixture.retransmitted[31].frame, 69);
	}
}

/* Whatever a status names that was not sent frees nothing and sends nothing. */
static void forged_status(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		for (uint32_t i = 0; i < 10; i++)
			put(&lane, 1);
		assert_true(hear(&lane, 2, 2, 0, 0));
		assert_false(hear(&lane, 11, 11, 0, 0));
		assert_false(hear(&lane, 2, 11, 0, 0));
		assert_false(hear(&lane, 2 + 0x70000000U, 2 + 0x70000000U, 0, 0));
		assert_int_equal(lane.fixture.counters.status_bad, 3);
		/* Of the past: nothing new. */
		assert_true(hear(&lane, 1, 5, 0, 0));
		assert_int_equal(lane.fixture.counters.status_old, 1);
		assert_int_equal(lane.fixture.retransmitted_count, 0);
		assert_int_equal(lane.fixture.references, 8);
	}
}

/* What a peer asks for again and again costs no more than the bucket has. */
static void amplification_is_bounded(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		for (uint32_t i = 0; i < 250; i++)
			put(&lane, 1);
		for (uint32_t i = 0; i < 1000; i++) {
			lane.fixture.now_us += 2 * RTT_US;
			assert_true(hear(&lane, 0, 250, 0, lane.fixture.now_us - RTT_US));
		}
		assert_true(lane.fixture.counters.retransmit_bytes <=
			    ARQ_BUCKET_MIN_BYTES + 250 * 1000 / 4);
		assert_true(lane.fixture.counters.bucket_empty > 0);
	}
	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		put(&lane, 1);
		for (uint32_t i = 0; i < 1000; i++) {
			lane.fixture.now_us += 2 * RTT_US;
			assert_true(hear(&lane, 0, 1, 0, lane.fixture.now_us - RTT_US));
			arq_sender_timer(&lane.sender, lane.fixture.now_us);
		}
		assert_true(lane.fixture.retransmitted_count <= lane.fixture.config.tries_max + 1);
	}
}

static void store_is_bounded(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		lane.fixture.config.store_bytes = 5500;
		for (uint32_t i = 0; i < 10; i++)
			put(&lane, 1);
		assert_int_equal(lane.fixture.references, 5);
		assert_int_equal(lane.fixture.counters.store_full, 5);
		/* Numbered, not repairable. */
		assert_true(hear(&lane, 0, 10, 0, 0));
		assert_int_equal(lane.fixture.retransmitted_count, 5);
		lane.fixture.config.store_bytes = 1 << 20;
		lane.fixture.refuse_keep = true;
		put(&lane, 1);
		assert_int_equal(lane.fixture.counters.store_full, 6);
	}
	/* A window later the oldest go. */
	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		for (uint32_t i = 0; i < 1000; i++)
			assert_in_range(put(&lane, i % 300).distance, 0, 300);
		assert_int_equal(lane.fixture.references, 256);
		assert_int_equal(lane.fixture.counters.window_full, 1000 - 256);
		assert_int_equal(lane.sender.next - lane.sender.una, 256);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances),
		cmocka_unit_test(retransmits_once),
		cmocka_unit_test(newest_first),
		cmocka_unit_test(forged_status),
		cmocka_unit_test(amplification_is_bounded),
		cmocka_unit_test(store_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
