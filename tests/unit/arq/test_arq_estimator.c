/* SPDX-License-Identifier: BSD-3-Clause */
#include "arq_fixture.h"

static void round_trip(void **state)
{
	struct arq_estimator estimator;

	arq_estimator_init(&estimator, 0);
	assert_int_equal(arq_rtt_us(&estimator), ARQ_RTT_UNKNOWN_US);
	assert_int_equal(arq_min_rtt_us(&estimator), ARQ_RTT_UNKNOWN_US);
	arq_estimator_rtt(&estimator, 8000, 1);
	assert_int_equal(estimator.srtt_us, 8000);
	assert_int_equal(estimator.rttvar_us, 4000);
	for (uint32_t i = 0; i < 100; i++)
		arq_estimator_rtt(&estimator, 5000, 2 + i);
	assert_in_range(estimator.srtt_us, 5000, 5010);
	assert_in_range(estimator.rttvar_us, 0, 100);
	arq_estimator_rtt(&estimator, 3000, 200);
	assert_int_equal(arq_min_rtt_us(&estimator), 3000);
	/* No sample: what nobody can have measured. */
	arq_estimator_rtt(&estimator, UINT32_MAX, 300);
	assert_in_range(estimator.srtt_us, 4000, 5010);
	arq_estimator_rtt(&estimator, 0, 300);
	assert_int_equal(arq_min_rtt_us(&estimator), 1);
}

static void loss_and_bursts(void **state)
{
	struct arq_estimator estimator;

	arq_estimator_init(&estimator, 0);
	/* 4 lost of 40, in a row. */
	for (uint32_t i = 0; i < 40000; i++)
		arq_estimator_frame(&estimator, i % 40 < 4);
	assert_in_range(estimator.loss_ppm, 80000, 120000);
	assert_in_range(estimator.burst_x256, 950, 1024);
	for (uint32_t i = 0; i < 5000; i++)
		arq_estimator_frame(&estimator, false);
	assert_true(estimator.loss_ppm < 300);
	for (uint32_t i = 0; i < 100000; i++)
		arq_estimator_frame(&estimator, true);
	assert_in_range(estimator.loss_ppm, 999000, 1000000);
}

static void rate(void **state)
{
	struct arq_estimator estimator;
	uint64_t now_us = 0;

	arq_estimator_init(&estimator, now_us);
	arq_estimator_rtt(&estimator, 5000, now_us);
	for (; now_us < 1000000; now_us += 100)
		arq_estimator_delivered(&estimator, 1250, now_us);
	assert_in_range(estimator.rate_bytes_per_s, 12300000, 12800000);
	for (; now_us < 2000000; now_us += 100)
		arq_estimator_delivered(&estimator, 125, now_us);
	assert_in_range(estimator.rate_bytes_per_s, 1230000, 1280000);
}

static void bucket(void **state)
{
	struct arq_bucket bucket;

	arq_bucket_init(&bucket, 3000);
	assert_true(arq_bucket_take(&bucket, 3000));
	assert_false(arq_bucket_take(&bucket, 1));
	arq_bucket_earn(&bucket, 1000, 50000);
	assert_false(arq_bucket_take(&bucket, 51));
	assert_true(arq_bucket_take(&bucket, 50));
	arq_bucket_earn(&bucket, UINT32_MAX, 1000000);
	assert_false(arq_bucket_take(&bucket, 3001));
	assert_true(arq_bucket_take(&bucket, 3000));
	arq_bucket_resize(&bucket, 6000);
	assert_false(arq_bucket_take(&bucket, 1));
	arq_bucket_earn(&bucket, 10000, 1000000);
	arq_bucket_resize(&bucket, 1000);
	assert_false(arq_bucket_take(&bucket, 1001));
	assert_true(arq_bucket_take(&bucket, 1000));
}

static void configuration(void **state)
{
	struct arq_config config;

	arq_config_defaults(&config);
	assert_null(arq_config_check(&config));
	config.window_frames = 1000;
	assert_non_null(arq_config_check(&config));
	config.window_frames = 65536;
	assert_non_null(arq_config_check(&config));
	arq_config_defaults(&config);
	config.alive_us = config.dead_us + 1;
	assert_non_null(arq_config_check(&config));
	arq_config_defaults(&config);
	config.share_min_ppm = config.share_max_ppm + 1;
	assert_non_null(arq_config_check(&config));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),	 cmocka_unit_test(loss_and_bursts),
		cmocka_unit_test(rate),		 cmocka_unit_test(bucket),
		cmocka_unit_test(configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
