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

/*
 * Where less is told than happened, as truth_name() names the rows:
 *  - a paced sender at 10 %: shields send copies that hide some losses;
 *  - a radio that loses and reorders, to stations without D-SACK: the answer to every second
 *    duplicate passes for an ACK of what the station held back;
 *  - a radio that loses both ways, no SACK: whether a segment was lost, or the answer to it, nobody
 *    says.
 */
static const char *const unknown[] = {
	"radio 10 % paced linux auto",	     "radio 10 % paced plain auto",
	"radio 10 % paced nodsack auto",     "reorder, radio reno nodsack auto",
	"reorder, radio paced nodsack auto", "radio both ways nosack plain auto",
	"reorder, radio nosack plain auto",
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
	truth_run(row, SEED, &told);
	wrong = is_unknown(name) ? truth_judge_claims(row, &told) : truth_judge(row, &told);
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
