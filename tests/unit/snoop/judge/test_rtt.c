/* SPDX-License-Identifier: BSD-3-Clause */
/* Wireless and wired RTT, tail timer. */
#include "../snoop_fixture.h"

static void test_first_sample(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);

	assert_int_equal(f->flow.srtt_us, RTT_US);
	assert_int_equal(f->flow.rttvar_us, RTT_US / 2);
	assert_int_equal(rtt_min_us(f->engine, &f->flow), RTT_US);
	assert_int_equal(f->counters.rtt_samples, 1);
	assert_int_equal(windowed_min_get(&f->flow.wired_rtt), UINT32_MAX);
	fixture_close(f);
}

static void test_one_sample_per_ack_from_the_newest(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);

	fixture_send(f, 2, 12, 1000); /* the last one leaves 1 ms before the end of the loop */
	f->now_us += RTT_US - 1000;
	fixture_ack(f, 12, 0, 0);
	assert_int_equal(f->counters.rtt_samples, 2);
	assert_int_equal(f->flow.srtt_us, RTT_US);
	fixture_close(f);
}

/* Karn: an ACK whose newest segment was retransmitted gives no sample, however many others it
 * covers. */
static void test_no_sample_across_a_repair(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	uint64_t samples;

	f->flow.sack = false;
	fixture_send(f, 2, 12, 100);
	f->now_us += RTT_US;
	for (int i = 0; i < 4; i++)
		fixture_ack(f, 2, 0, 0); /* no SACK: NewReno */
	assert_int_equal(fixture_retransmits_of(f, 2), 1);
	samples = f->counters.rtt_samples;
	f->now_us += 20000;
	fixture_ack(f, 12, 0, 0);
	assert_int_equal(f->counters.rtt_samples, samples);
	assert_int_equal(f->flow.srtt_us, RTT_US);
	fixture_close(f);
}

static void test_no_sample_of_a_sender_retransmit(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	uint64_t samples = f->counters.rtt_samples;

	fixture_send(f, 2, 3, 0);
	f->now_us += 10000;
	fixture_send(f, 2, 3, 0);
	f->now_us += 100;
	fixture_ack(f, 3, 0, 0);
	assert_int_equal(f->counters.rtt_samples, samples);
	fixture_close(f);
}

/* One lone segment that is acknowledged late says more of the delayed-ACK timer than of the path.
 */
static void test_delayed_ack_is_no_sample(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);

	fixture_send(f, 2, 3, 0);
	f->now_us += 40000 + RTT_US;
	fixture_ack(f, 3, 0, 0);
	assert_int_equal(f->flow.srtt_us, RTT_US);
	fixture_close(f);
}

static void test_rto(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);

	assert_int_equal(rtt_rto_us(f->engine, &f->flow), RTT_US + 4 * (RTT_US / 2));
	f->flow.rttvar_us = 0;
	assert_int_equal(rtt_rto_us(f->engine, &f->flow), 2 * RTT_US);
	f->flow.srtt_us = 100;
	assert_int_equal(rtt_rto_us(f->engine, &f->flow), f->config.rto_min_us);
	f->flow.backoff = 2;
	assert_int_equal(rtt_rto_us(f->engine, &f->flow), 4ULL * f->config.rto_min_us);
	f->flow.backoff = 8;
	f->flow.srtt_us = 400000;
	assert_int_equal(rtt_rto_us(f->engine, &f->flow), f->config.rto_max_us);
	f->flow.srtt_us = 900000; /* nothing can be known sooner */
	assert_int_equal(rtt_rto_us(f->engine, &f->flow), 2 * f->flow.srtt_us);
	fixture_close(f);
}

static void test_rto_before_any_sample(void **state)
{
	struct fixture *f = fixture_engine(NULL);

	snoop_flow_init(f->engine, &f->flow, &f->key, SNOOP_LEVEL_REPAIR, f->now_us);
	assert_int_equal(rtt_rto_us(f->engine, &f->flow), f->config.rto_initial_us);
	/* What other flows of the station know is better than nothing. */
	rtt_station_sample(&f->engine->stations[f->flow.station], 20000, f->now_us);
	assert_int_equal(rtt_rto_us(f->engine, &f->flow), 20000 + 4 * 10000);
	fixture_close(f);
}

static void test_minimum_forgets(void **state)
{
	struct windowed_min min;

	windowed_min_init(&min);
	assert_int_equal(windowed_min_get(&min), UINT32_MAX);
	windowed_min_add(&min, 500, 1000, 0);
	windowed_min_add(&min, 900, 1000, 500);
	assert_int_equal(windowed_min_get(&min), 500);
	windowed_min_add(&min, 800, 1000, 1000);
	assert_int_equal(windowed_min_get(&min), 500);
	windowed_min_add(&min, 700, 1000, 2500);
	assert_int_equal(windowed_min_get(&min), 700);
}

static void test_wired_rtt_by_echo(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	struct wire_view view, ack;

	f->now_us += 10000;
	fixture_send(f, 2, 4, 0);
	f->now_us += RTT_US;
	ack = fixture_ack_view(f, SEG(4));
	fixture_receive_view(f, &ack);
	f->now_us += 1000;
	view = fixture_data_view(f, SEG(4), SEGMENT_BYTES);
	view.tsecr = 1;
	fixture_send_view(f, &view); /* echoes something older */
	f->now_us += 29000;
	view = fixture_data_view(f, SEG(5), SEGMENT_BYTES);
	view.tsecr = ack.tsval;
	fixture_send_view(f, &view);
	assert_true(windowed_min_get(&f->flow.wired_rtt) >= 30000);
	assert_true(windowed_min_get(&f->flow.wired_rtt) < 60000);
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_sample),
		cmocka_unit_test(test_one_sample_per_ack_from_the_newest),
		cmocka_unit_test(test_no_sample_across_a_repair),
		cmocka_unit_test(test_no_sample_of_a_sender_retransmit),
		cmocka_unit_test(test_delayed_ack_is_no_sample),
		cmocka_unit_test(test_rto),
		cmocka_unit_test(test_rto_before_any_sample),
		cmocka_unit_test(test_minimum_forgets),
		cmocka_unit_test(test_wired_rtt_by_echo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
