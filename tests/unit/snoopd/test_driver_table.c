/* SPDX-License-Identifier: BSD-3-Clause */
/* One row has everything about a driver: sharing, queues, checksums, capabilities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/capability.h>

#include <snoopd/bringup/driver_table.h>

#define BIT(capability) (UINT64_C(1) << (capability))

static void an_unknown_driver_is_shared_and_needs_nothing(void **state)
{
	const struct driver_traits *traits = driver_find("net_e1000_em", NULL);

	assert_int_equal(traits->sharing, DRIVER_SHARE);
	assert_int_equal(traits->flags, 0);
	assert_int_equal(traits->capabilities, 0);
	assert_ptr_equal(driver_find("", NULL), traits);
}

static void the_arguments_of_the_device_choose_the_row(void **state)
{
	assert_int_equal(driver_find("net_memif", "role=server,zero-copy=yes")->sharing,
			 DRIVER_COPY);
	assert_int_equal(driver_find("net_memif", "role=server")->sharing, DRIVER_SHARE);
	assert_int_equal(driver_find("net_memif", NULL)->sharing, DRIVER_SHARE);
}

static void a_row_says_what_the_control_thread_keeps(void **state)
{
	const uint64_t admin = BIT(CAP_NET_ADMIN), raw = BIT(CAP_NET_RAW);

	assert_int_equal(driver_find("net_tap", NULL)->capabilities, admin);
	assert_int_equal(driver_find("net_virtio_user", NULL)->capabilities, admin);
	assert_int_equal(driver_find("net_af_xdp", NULL)->capabilities, admin | raw);
	assert_int_equal(driver_find("mlx5_pci", NULL)->capabilities, admin | raw);
	assert_int_equal(driver_find("net_af_packet", NULL)->capabilities, 0);
	assert_int_equal(driver_find("net_ixgbe", NULL)->capabilities, 0);
}

static void drivers_that_keep_packets_get_copies(void **state)
{
	assert_int_equal(driver_find("net_ring", NULL)->sharing, DRIVER_COPY);
	assert_int_equal(driver_find("net_dpaa2", NULL)->sharing, DRIVER_COPY);
	assert_int_equal(driver_find("net_ice", NULL)->sharing, DRIVER_SHARE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_driver_is_shared_and_needs_nothing),
		cmocka_unit_test(the_arguments_of_the_device_choose_the_row),
		cmocka_unit_test(a_row_says_what_the_control_thread_keeps),
		cmocka_unit_test(drivers_that_keep_packets_get_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
