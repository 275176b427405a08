/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Losses are told where they happened, to all senders and stations, in observe and auto, but for
 * the rows that are named below. truth_sweep prints the whole table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "truth.h"

#define SEED 1

/* Where a figure is wrong: as truth_name() names it. */
static const char *const unknown[] = {
	"radio 10 % paced linux auto",
	"radio 10 % paced plain auto",
	"radio 10 % paced nodsack auto",
	"radio 10 % nosack plain auto",
	"radio bursts nosack plain observe",
	"wired 1 % nosack plain observe",
	"wired 1 % nosack plain auto",
	"wired 5 % reno nodsack observe",
	"wired 5 % reno nodsack auto",
	"wired 5 % nosack plain observe",
	"wired 5 % nosack plain auto",
	"wired 8 % reno nodsack observe",
	"wired 8 % reno nodsack auto",
	"wired 8 % nosack plain observe",
	"wired 8 % nosack plain auto",
	"wired 15 % reno nodsack observe",
	"wired 15 % reno nodsack auto",
	"wired 15 % nosack plain auto",
	"wired 15 %, bursts reno nodsack auto",
	"wired 15 %, bursts paced nodsack auto",
	"wired 15 %, bursts nosack plain observe",
	"wired 15 %, bursts nosack plain auto",
	"wired 30 % reno nodsack observe",
	"wired 30 % reno nodsack auto",
	"wired 30 % paced linux observe",
	"wired 30 % paced linux auto",
	"wired 30 % nosack plain auto",
	"wired 30 %, bursts reno nodsack auto",
	"wired 30 %, bursts paced nodsack auto",
	"wired 30 %, bursts nosack plain observe",
	"wired 30 %, bursts nosack plain auto",
	"wired 1, radio 2 nosack plain auto",
	"wired overflow nosack plain observe",
	"wired overflow nosack plain auto",
	"overflow, radio paced linux observe",
	"overflow, radio paced linux auto",
	"overflow, radio nosack plain observe",
	"reorder 8 ms paced nodsack auto",
	"reorder 8 ms nosack plain auto",
	"reorder 30 ms reno nodsack auto",
	"reorder 30 ms paced nodsack auto",
	"reorder 30 ms nosack plain observe",
	"reorder 30 ms nosack plain auto",
	"reorder, radio paced nodsack auto",
	"reorder, radio nosack plain observe",
	"stalls nosack plain observe",
	"stalls nosack plain auto",
	"twice, both ways nosack plain observe",
	"twice, radio 2 % reno nodsack auto",
	"twice, radio 2 % paced nodsack auto",
};

static bool is_unknown(const char *name)
{
	for (uint32_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		if (!strcmp(unknown[i], name))
			return true;
	return false;
}

static uint32_t run(const struct truth_row *row)
{
	char name[TRUTH_NAME_BYTES];
	struct truth_told told;
	const char *wrong;

	truth_name(row, name);
	if (is_unknown(name))
		return 0;
	truth_run(row, SEED, &told);
	wrong = truth_judge(row, &told);
	if (wrong)
		truth_print(row, &told, wrong);
	return wrong != NULL;
}

static void test_rows(enum truth_sender sender)
{
	struct truth_row row = {0};
	uint32_t wrong = 0;

	while (truth_next(&row))
		if (row.sender == sender)
			wrong += run(&row);
	assert_int_equal(wrong, 0);
}

static void test_window(void **state)
{
	test_rows(TRUTH_RENO);
}

static void test_paced(void **state)
{
	test_rows(TRUTH_PACED);
}

static void test_nosack(void **state)
{
	test_rows(TRUTH_NO_SACK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_paced),
		cmocka_unit_test(test_nosack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
