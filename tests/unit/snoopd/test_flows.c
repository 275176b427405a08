/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <snoopd/datapath/flows.h>

static void pressure_has_two_limits(void **state)
{
	assert_false(pressure_holds(false, 900, 1000, 900000));
	assert_true(pressure_holds(false, 901, 1000, 900000));
	assert_true(pressure_holds(true, 751, 1000, 900000));
	assert_false(pressure_holds(true, 750, 1000, 900000));
	assert_false(pressure_holds(true, 1000, 1000, PRESSURE_PPM));
	assert_true(pressure_holds(false, 1ull << 40, 1ull << 40, 900000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pressure_has_two_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
