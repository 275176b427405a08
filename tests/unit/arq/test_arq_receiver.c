/* SPDX-License-Identifier: BSD-3-Clause */
#include "arq_fixture.h"

struct lane {
	struct fixture fixture;
	struct arq_receiver receiver;
	void *memory;
	uint32_t first;
};

/* Every test runs in the middle and across the wraps of both lengths of numbers. */
static const uint32_t firsts[] = {1000, 0xfffffffe, 0xfffffe, 0};

static void lane_init(struct lane *lane, uint32_t first, uint8_t index)
{
	fixture_init(&lane->fixture);
	lane->memory = calloc(1, arq_receiver_bytes(&lane->fixture.config));
	arq_receiver_init(&lane->receiver, &lane->fixture.shared, lane->memory, index);
	arq_receiver_restart(&lane->receiver, first);
	arq_estimator_rtt(&lane->fixture.shared.estimator, 5000, lane->fixture.now_us);
	lane->first = first;
}

static void lane_end(struct lane *lane)
{
	arq_receiver_flush(&lane->receiver);
	assert_int_equal(lane->receiver.withheld, 0);
	assert_int_equal(lane->receiver.withheld_bytes, 0);
	free(lane->memory);
}

/* The frame of the n-th number is n + 1, as 0 is none. */
static enum arq_verdict get(struct lane *lane, uint32_t n, uint16_t distance, bool retransmit)
{
	struct arq_packet packet = fixture_packet(n + 1, 0);
	struct arq_tag tag = {.seq = (lane->first + n) & ARQ_SEQ_MASK,
			      .distance = distance,
			      .retransmit = retransmit};

	return arq_receiver_frame(&lane->receiver, &packet, &tag, lane->fixture.now_us);
}

#define FOR_EACH_FIRST(lane, index)                                                                \
	for (size_t start_ = 0; start_ < 4 && (lane_init(lane, firsts[start_], index), true);      \
	     lane_end(lane), start_++)

static void in_order(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		for (uint32_t n = 0; n < 1000; n++) {
			assert_int_equal(get(&lane, n, n > 0, false), ARQ_TAKEN);
			expect_delivered(&lane.fixture, n + 1);
		}
		assert_int_equal(lane.receiver.base, lane.first + 1000);
		assert_int_equal(lane.fixture.counters.withheld, 0);
	}
}

/* Only the flow that misses a frame waits. */
static void only_its_flow_waits(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		get(&lane, 0, 0, false);
		/* 1 is lost; 2 and 4 are of its flow, 3 and 5 of another. */
		get(&lane, 2, 1, false);
		get(&lane, 3, 0, false);
		get(&lane, 4, 2, false);
		get(&lane, 5, 2, false);
		expect_delivered(&lane.fixture, 1, 4, 6);
		assert_int_equal(lane.receiver.withheld, 2);
		assert_int_equal(get(&lane, 1, 1, true), ARQ_TAKEN);
		expect_delivered(&lane.fixture, 2, 3, 5);
		assert_int_equal(lane.fixture.counters.repaired, 1);
		assert_int_equal(lane.receiver.base, lane.first + 6);
	}
}

/* Two frames of a flow are lost; the second comes back first. */
static void chain(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		get(&lane, 2, 1, false);
		get(&lane, 1, 1, true);
		expect_delivered(&lane.fixture);
		get(&lane, 0, 0, true);
		expect_delivered(&lane.fixture, 1, 2, 3);
	}
}

static void copies(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		get(&lane, 0, 0, false);
		get(&lane, 2, 1, false);
		assert_int_equal(get(&lane, 0, 0, false), ARQ_DROP);
		assert_int_equal(get(&lane, 2, 1, true), ARQ_DROP);
		get(&lane, 1, 1, true);
		assert_int_equal(get(&lane, 1, 1, false), ARQ_DROP);
		expect_delivered(&lane.fixture, 1, 2, 3);
		assert_int_equal(lane.fixture.counters.duplicates, 3);
		for (uint32_t n = 3; n < 600; n++)
			get(&lane, n, 1, false);
		lane.fixture.delivered_count = 0;
		assert_int_equal(get(&lane, 1, 1, false), ARQ_DROP);
		assert_int_equal(lane.fixture.counters.too_old, 1);
		expect_delivered(&lane.fixture);
	}
}

/* After the persistence the queue moves on. A retransmit is dropped then, an original is not. */
static void gives_up(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		get(&lane, 0, 0, false);
		get(&lane, 3, 1, false);
		assert_int_equal(arq_receiver_expiry_us(&lane.receiver),
				 lane.fixture.now_us + 45000);
		arq_receiver_expire(&lane.receiver, lane.fixture.now_us + 44999);
		expect_delivered(&lane.fixture, 1);
		arq_receiver_expire(&lane.receiver, lane.fixture.now_us + 45000);
		expect_delivered(&lane.fixture, 4);
		assert_int_equal(lane.fixture.counters.given_up, 2);
		assert_int_equal(arq_receiver_expiry_us(&lane.receiver), ARQ_NEVER);
		assert_int_equal(get(&lane, 1, 1, true), ARQ_DROP);
		assert_int_equal(get(&lane, 2, 1, false), ARQ_TAKEN);
		expect_delivered(&lane.fixture, 3);
		assert_int_equal(get(&lane, 2, 1, false), ARQ_DROP);
		assert_int_equal(lane.fixture.counters.late_originals, 1);
		assert_int_equal(lane.fixture.counters.late_retransmits, 1);
	}
}

static void unordered_never_waits(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_UNORDERED)
	{
		get(&lane, 1, 1, false);
		get(&lane, 0, 0, true);
		expect_delivered(&lane.fixture, 2, 1);
	}
}

/* A window further, what was missing is given up, in order. */
static void window_moves(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		get(&lane, 1, 1, false);
		get(&lane, 3, 2, false);
		expect_delivered(&lane.fixture);
		get(&lane, 256, 0, false);
		expect_delivered(&lane.fixture, 2, 4, 257);
		/* A frame that is further ahead, or the peer's word. */
		get(&lane, 600, 7, false);
		expect_delivered(&lane.fixture, 601);
		assert_int_equal(lane.fixture.counters.resyncs, 1);
		arq_receiver_next(&lane.receiver, lane.first, lane.first + 1000,
				  lane.fixture.now_us);
		assert_int_equal(lane.fixture.counters.resyncs, 2);
		assert_int_equal(lane.receiver.base, lane.first + 1000);
		/* What comes late is fresh, unless it is a retransmit. */
		assert_int_equal(get(&lane, 998, 0, true), ARQ_DROP);
		assert_int_equal(get(&lane, 999, 0, false), ARQ_TAKEN);
		assert_int_equal(get(&lane, 999, 0, false), ARQ_DROP);
		get(&lane, 1000, 1, false);
		expect_delivered(&lane.fixture, 1000, 1001);
	}
}

/* The peer will not send again what it does not keep. */
static void peer_gave_up(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		get(&lane, 2, 1, false);
		get(&lane, 5, 1, false);
		arq_receiver_next(&lane.receiver, lane.first + 2, lane.first + 6,
				  lane.fixture.now_us);
		expect_delivered(&lane.fixture, 3);
		assert_int_equal(lane.receiver.base, lane.first + 3);
		/* Not beyond what is known. */
		arq_receiver_next(&lane.receiver, lane.first + 9, lane.first + 6,
				  lane.fixture.now_us);
		expect_delivered(&lane.fixture, 6);
		assert_int_equal(lane.receiver.base, lane.first + 6);
	}
}

static void withheld_is_bounded(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		lane.fixture.config.withheld_frames = 3;
		/* Two flows, one frame of each is missing. */
		get(&lane, 2, 2, false);
		get(&lane, 3, 2, false);
		get(&lane, 4, 2, false);
		expect_delivered(&lane.fixture);
		get(&lane, 6, 2, false);
		/* In the order of numbers, whatever flow they are of. */
		expect_delivered(&lane.fixture, 3, 5, 7);
		assert_int_equal(lane.fixture.counters.forced, 1);
		get(&lane, 1, 0, true);
		expect_delivered(&lane.fixture, 2, 4);
		lane.fixture.config.withheld_frames = 1000;
		lane.fixture.config.withheld_bytes = 0;
		get(&lane, 8, 1, false);
		expect_delivered(&lane.fixture, 9);
	}
}

/* A tag may claim anything. */
static void forged_distance(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		get(&lane, 1, 0xffff, false);
		expect_delivered(&lane.fixture, 2);
		get(&lane, 2, 2, false);
		get(&lane, 3, 3, false);
		expect_delivered(&lane.fixture, 4);
		assert_int_equal(lane.fixture.counters.not_chained, 1);
		get(&lane, 0, 0, true);
		expect_delivered(&lane.fixture, 1, 3);
	}
}

static void tells(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		struct arq_status status;

		get(&lane, 0, 0, false);
		assert_true(arq_receiver_status_due_us(&lane.receiver) > lane.fixture.now_us);
		get(&lane, 3, 0, false);
		assert_true(arq_receiver_status_due_us(&lane.receiver) <= lane.fixture.now_us);
		arq_receiver_tell(&lane.receiver, &status, lane.fixture.now_us);
		assert_int_equal(status.cumulative, lane.first + 1);
		assert_int_equal(status.end, lane.first + 4);
		assert_int_equal(status.received, 2);
		/* Again while something is missing. */
		assert_int_equal(arq_receiver_status_due_us(&lane.receiver),
				 lane.fixture.now_us + 5000 / 4);
		/* The tail. */
		arq_receiver_next(&lane.receiver, lane.first, lane.first + 6, lane.fixture.now_us);
		arq_receiver_tell(&lane.receiver, &status, lane.fixture.now_us);
		assert_int_equal(status.end, lane.first + 6);
		arq_receiver_next(&lane.receiver, lane.first, lane.first + 2, lane.fixture.now_us);
		assert_int_equal(lane.receiver.end, lane.first + 6);
	}
}

/* An original that comes late teaches patience, which is forgotten slowly. */
static void learns_tolerance(void **state)
{
	struct lane lane;

	FOR_EACH_FIRST(&lane, ARQ_ORDERED)
	{
		struct arq_status status;

		get(&lane, 1, 1, false);
		lane.fixture.now_us += 3000;
		get(&lane, 0, 0, false);
		assert_in_range(lane.receiver.tolerance_us, 3000, 3500);
		assert_int_equal(lane.fixture.counters.reordered, 1);
		get(&lane, 3, 2, false);
		arq_receiver_tell(&lane.receiver, &status, lane.fixture.now_us);
		assert_int_equal(status.end, lane.first + 2);
		assert_int_equal(arq_receiver_status_due_us(&lane.receiver),
				 lane.fixture.now_us + lane.receiver.tolerance_us);
		lane.fixture.now_us += lane.receiver.tolerance_us;
		arq_receiver_tell(&lane.receiver, &status, lane.fixture.now_us);
		assert_int_equal(status.end, lane.first + 4);
		for (uint32_t i = 0; i < 1000; i++) {
			lane.fixture.now_us += 400000;
			get(&lane, 4 + i, 1, false);
		}
		assert_int_equal(lane.receiver.tolerance_us, 0);
		lane.fixture.delivered_count = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(only_its_flow_waits),
		cmocka_unit_test(chain),
		cmocka_unit_test(copies),
		cmocka_unit_test(gives_up),
		cmocka_unit_test(unordered_never_waits),
		cmocka_unit_test(window_moves),
		cmocka_unit_test(withheld_is_bounded),
		cmocka_unit_test(forged_distance),
		cmocka_unit_test(tells),
		cmocka_unit_test(learns_tolerance),
		cmocka_unit_test(peer_gave_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
