/* SPDX-License-Identifier: BSD-3-Clause */
/* What the engine tells its operators: histograms, totals of a station, flows by level. */
#include "snoop_fixture.h"

static void test_buckets(void **state)
{
	static const struct {
		uint64_t value;
		unsigned int bucket;
	} cases[] = {
		{0, 0},		  {1, 0},     {2, 1},	  {3, 2},	    {4, 2},
		{5, 3},		  {1024, 10}, {1025, 11}, {1ULL << 25, 25}, {(1ULL << 25) + 1, 26},
		{UINT64_MAX, 26},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct histogram histogram = {0};

		histogram_add(&histogram, cases[i].value);
		if (histogram.bucket[cases[i].bucket] != 1)
			fail_msg("%llu is not in bucket %u", (unsigned long long)cases[i].value,
				 cases[i].bucket);
		assert_int_equal(histogram_count(&histogram), 1);
		assert_int_equal(histogram.sum, cases[i].value);
	}
}

static void test_quantiles(void **state)
{
	struct histogram histogram = {0};

	assert_int_equal(histogram_quantile(&histogram, 500), 0);
	for (int i = 0; i < 90; i++)
		histogram_add(&histogram, 1000);
	for (int i = 0; i < 10; i++)
		histogram_add(&histogram, 100000);
	assert_in_range(histogram_quantile(&histogram, 500), 512, 1024);
	assert_in_range(histogram_quantile(&histogram, 950), 65536, 131072);
	assert_in_range(histogram_quantile(&histogram, 1000), 0, 131072);
}

static void test_rtt_and_repair(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	const struct histograms *histograms = snoop_engine_histograms(f->engine);
	struct snoop_station_info info;

	assert_true(histograms->wireless_rtt.bucket[12] > 0); /* 2048 < RTT_US <= 4096 */
	assert_int_equal(histogram_count(&histograms->wireless_rtt), f->counters.rtt_samples);
	fixture_send(f, 2, 12, 10);
	fixture_wait(f, RTT_US);
	fixture_ack(f, 2, 3, 7); /* found lost, and retransmitted */
	fixture_wait(f, 3000);
	fixture_ack(f, 12, 0, 0);
	assert_int_equal(f->counters.repairs_confirmed, 0); /* a D-SACK may follow */
	fixture_wait(f, 2 * OUTCOME_WAIT_US);
	assert_int_equal(f->counters.repairs_confirmed, 1);
	assert_int_equal(histogram_count(&histograms->repair_time), 1);
	assert_int_equal(histograms->repair_time.sum, 3000);

	assert_true(snoop_station_info(f->engine, f->flow.station, &info));
	assert_memory_equal(info.addr, f->key.station_addr, sizeof(info.addr));
	assert_int_equal(info.ip_version, f->key.ip_version);
	assert_int_equal(info.flows, 1);
	assert_int_equal(info.totals.radio_losses, 1);
	assert_int_equal(info.totals.repairs_confirmed, 1);
	assert_int_equal(info.totals.delivered_segments, 12);
	assert_int_equal(info.totals.acked_bytes, 12 * SEGMENT_BYTES);
	assert_false(snoop_station_info(f->engine, snoop_station_count(f->engine), &info));
	fixture_close(f);
}

static void test_withhold_time(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_SNOOP, NULL, 1000);
	const struct histograms *histograms = snoop_engine_histograms(f->engine);

	fixture_send(f, 2, 12, 10);
	fixture_wait(f, RTT_US);
	assert_int_equal(fixture_ack(f, 2, 3, 7), SNOOP_WITHHOLD);
	fixture_wait(f, 2500);
	fixture_ack(f, 12, 0, 0);
	assert_int_equal(f->counters.acks_freed, 1);
	assert_int_equal(histogram_count(&histograms->withhold_time), 1);
	assert_int_equal(histograms->withhold_time.sum, 2500);
	fixture_close(f);
}

static void test_levels(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_SNOOP, NULL, 1000);

	assert_int_equal(f->counters.flows_snoop, 1);
	fixture_send(f, 2, 12, 10);
	fixture_wait(f, RTT_US);
	assert_int_equal(fixture_ack(f, 2, 3, 5), SNOOP_WITHHOLD);
	assert_int_equal(fixture_ack(f, 2, 3, 6), SNOOP_WITHHOLD);
	snoop_flow_set_level(f->engine, &f->flow, SNOOP_LEVEL_BYPASS);
	/* Another level: what was withheld goes out, in order. */
	assert_int_equal(f->release_count, 2);
	assert_int_equal(f->counters.acks_withheld_now, 0);
	assert_int_equal(f->counters.flows_snoop, 0);
	assert_int_equal(f->counters.flows_bypass, 1);
	snoop_flow_set_level(f->engine, &f->flow, SNOOP_LEVEL_AUTO);
	assert_int_equal(f->counters.flows_bypass, 0);
	assert_int_equal(f->counters.flows_auto, 1);
	/* And it helps again. */
	fixture_send(f, 12, 22, 10);
	fixture_wait(f, RTT_US);
	fixture_ack(f, 12, 13, 17);
	assert_int_equal(fixture_retransmits_of(f, 12), 1);
	snoop_flow_close(f->engine, &f->flow);
	assert_int_equal(f->counters.flows_auto, 0);
	snoop_flow_init(f->engine, &f->flow, &f->key, SNOOP_LEVEL_OBSERVE, f->now_us);
	assert_int_equal(f->counters.flows_observe, 1);
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buckets),	       cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_rtt_and_repair), cmocka_unit_test(test_withhold_time),
		cmocka_unit_test(test_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
