/* SPDX-License-Identifier: BSD-3-Clause */
/* When a side's checksums are worth a line in the log, and how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>

#include <snoopd/control/checksums.h>

static struct checksums_watch watch;
static struct checksums_counts counts, news;
static uint64_t now_us;

static int start(void **state)
{
	memset(&watch, 0, sizeof(watch));
	memset(&counts, 0, sizeof(counts));
	now_us = 1000000;
	return 0;
}

/* A second later, with so many more packets. */
static enum checksums_verdict later(uint64_t tcp, uint64_t invalid, uint64_t unfinished)
{
	now_us += 1000000;
	counts.tcp += tcp;
	counts.invalid += invalid;
	counts.unfinished += unfinished;
	return checksums_look(&watch, &counts, now_us, &news);
}

static void two_unfinished_are_enough(void **state)
{
	assert_int_equal(later(1, 1, 1), CHECKSUMS_FINE);
	assert_int_equal(later(1000, 0, 0), CHECKSUMS_FINE);
	assert_int_equal(later(1, 1, 1), CHECKSUMS_UNFINISHED);
	assert_int_equal(news.tcp, 1002);
	assert_int_equal(news.unfinished, 2);
}

static void a_share_of_damaged_packets_is(void **state)
{
	assert_int_equal(later(10000, 99, 0), CHECKSUMS_FINE);
	assert_int_equal(later(0, 1, 0), CHECKSUMS_INVALID);
	assert_int_equal(news.invalid, 100);
	start(state);
	assert_int_equal(later(9, 9, 0), CHECKSUMS_FINE);
	assert_int_equal(later(1, 1, 0), CHECKSUMS_INVALID);
}

static void again_after_a_while_and_only_of_what_is_new(void **state)
{
	assert_int_equal(later(5, 5, 5), CHECKSUMS_UNFINISHED);
	for (uint64_t us = 0; us + 1000000 < CHECKSUMS_AGAIN_US; us += 1000000)
		assert_int_equal(later(5, 5, 5), CHECKSUMS_FINE);
	assert_int_equal(later(5, 5, 5), CHECKSUMS_UNFINISHED);
	assert_int_equal(news.unfinished, 5 * (CHECKSUMS_AGAIN_US / 1000000));
	/* It was mended: what was counted before is not told again. */
	for (uint64_t us = 0; us < 3ULL * CHECKSUMS_AGAIN_US; us += 1000000)
		assert_int_equal(later(5, 0, 0), CHECKSUMS_FINE);
	assert_int_equal(later(5, 5, 5), CHECKSUMS_FINE);
}

static void sides_have_counters_of_their_own(void **state)
{
	const struct counters sum = {
		.tcp_wired_packets = 1,
		.checksum_wired_invalid = 2,
		.checksum_wired_unfinished = 3,
		.tcp_wireless_packets = 4,
		.checksum_wireless_invalid = 5,
		.checksum_wireless_unfinished = 6,
	};

	counts = checksums_count(&sum, 0);
	assert_int_equal(counts.tcp * 100 + counts.invalid * 10 + counts.unfinished, 123);
	counts = checksums_count(&sum, 1);
	assert_int_equal(counts.tcp * 100 + counts.invalid * 10 + counts.unfinished, 456);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(two_unfinished_are_enough, start),
		cmocka_unit_test_setup(a_share_of_damaged_packets_is, start),
		cmocka_unit_test_setup(again_after_a_while_and_only_of_what_is_new, start),
		cmocka_unit_test(sides_have_counters_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
