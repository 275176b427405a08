/* SPDX-License-Identifier: BSD-3-Clause */
/* A station whose ACKs come otherwise than before is learnt anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../snoop_fixture.h"

#define HELD 3U		  /* segments that the station does not answer at once */
#define DELAY_US 200000U  /* but after so long */
#define LONG_US 31000000U /* a habit that does not show for so long is forgotten */

/* Three segments, answered by one ACK after a time. @return the next one. */
static uint32_t held_segments(struct fixture *f, uint32_t n, uint32_t answered_us)
{
	fixture_send(f, n, n + HELD, 0);
	fixture_wait(f, answered_us);
	fixture_ack(f, n + HELD, 0, 0);
	return n + HELD;
}

static struct fixture *open_holding(uint32_t *next)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);

	*next = held_segments(f, 2, DELAY_US);
	assert_true(f->engine->stations[1].ack_hold_bytes >= HELD * SEGMENT_BYTES);
	assert_true(f->engine->ack_hold_max_bytes >= HELD * SEGMENT_BYTES);
	return f;
}

static void test_a_station_that_holds_acks_is_waited_for(void **state)
{
	uint32_t next, before;
	struct fixture *f = open_holding(&next);

	before = f->retransmit_count;
	for (int i = 0; i < 10; i++)
		next = held_segments(f, next, DELAY_US);
	assert_in_range(f->retransmit_count - before, 0, 3);
	fixture_close(f);
}

/* It answers three segments at once now, and nothing is ever sent alone: when three are lost, the
 * first time-out is late, the next one is not. */
static void test_a_station_that_holds_none_any_more(void **state)
{
	uint32_t next, before;
	struct fixture *f = open_holding(&next);

	for (uint32_t us = 0; us < LONG_US; us += 1000000 + RTT_US) {
		next = held_segments(f, next, RTT_US);
		fixture_wait(f, 1000000);
	}
	fixture_send(f, next, next + HELD, 0);
	fixture_wait(f, DELAY_US);
	for (uint32_t i = 1; i <= HELD; i++) {
		fixture_ack(f, next + i, 0, 0);
		fixture_wait(f, RTT_US);
	}
	next += HELD;
	fixture_wait(f, 1000000);
	assert_int_equal(f->engine->stations[1].ack_hold_bytes, 0);
	assert_int_equal(f->engine->ack_hold_max_bytes, 0);
	before = f->retransmit_count;
	fixture_send(f, next, next + HELD, 0);
	fixture_wait(f, 5 * RTT_US);
	assert_int_equal(f->retransmit_count, before + 1);
	fixture_ack(f, next + HELD, 0, 0);
	fixture_close(f);
}

/* Its record becomes another station's. */
static void test_a_station_that_is_gone_holds_nothing(void **state)
{
	struct fixture *f = fixture_engine(NULL); /* four records */

	for (uint8_t i = 1; i <= 5; i++) {
		struct snoop_key key = {.station_addr = {10, 0, 0, i}, .ip_version = 4};
		uint32_t index = station_get(f->engine, &key);

		if (i > 1)
			continue;
		f->engine->stations[index].ack_hold_bytes = HELD * SEGMENT_BYTES;
		f->engine->ack_hold_max_bytes = HELD * SEGMENT_BYTES;
		f->engine->ack_holders = 1;
	}
	assert_int_equal(f->engine->ack_holders, 0);
	assert_int_equal(f->engine->ack_hold_max_bytes, 0);
	fixture_close(f);
}

/* The allowance for a lone segment falls again with the delay of its answer. */
static void test_a_delay_that_ends(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	uint32_t n = 2, most_us;

	for (; n < 20; n++) {
		fixture_send(f, n, n + 1, 0);
		fixture_wait(f, 400000);
		fixture_ack(f, n + 1, 0, 0);
	}
	most_us = f->engine->stations[1].ack_wait_us;
	assert_in_range(most_us, 400000, 750000);
	for (; n < 600; n++) {
		fixture_send(f, n, n + 1, 0);
		fixture_wait(f, RTT_US);
		fixture_ack(f, n + 1, 0, 0);
	}
	assert_in_range(f->engine->stations[1].ack_wait_us, 0, f->config.delayed_ack_us);
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_station_that_holds_acks_is_waited_for),
		cmocka_unit_test(test_a_station_that_holds_none_any_more),
		cmocka_unit_test(test_a_station_that_is_gone_holds_nothing),
		cmocka_unit_test(test_a_delay_that_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
