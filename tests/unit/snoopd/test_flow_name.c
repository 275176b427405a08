/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow keys as text: what is printed is read back; what is not a key is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <snoopd/observe/flow_name.h>

static void prints_what_it_reads(void **state)
{
	static const char *const keys[] = {
		"10.0.0.1:443 > 192.168.0.7:5000",
		"[2001:db8::1]:443 > [fe80::1]:65535",
		"10.0.0.1:443 > 192.168.0.7:5000 vlan 8100:5",
		"[::1]:1 > [::2]:2 vlan 88a8:4095.8100:7",
		"255.255.255.255:65535 > 255.255.255.255:65535 vlan 88a8:4095.8100:4094",
	};
	struct snoop_key key, again;
	char text[FLOW_NAME_CHARS];

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_int_equal(flow_name_parse(keys[i], &key), 0);
		flow_name_format(text, &key);
		assert_string_equal(text, keys[i]);
	}
	assert_int_equal(flow_name_parse("  10.0.0.1:443   192.168.0.7:5000 ", &again), 0);
	assert_int_equal(flow_name_parse(keys[0], &key), 0);
	assert_memory_equal(&key, &again, sizeof(key));
	assert_int_equal(key.ip_version, 4);
	assert_int_equal(key.wired_port, 443);
	assert_int_equal(key.station_port, 5000);
	assert_int_equal(key.station_addr[3], 7);
}

static void refuses_what_is_no_key(void **state)
{
	static const char *const bad[] = {
		"",
		">",
		"10.0.0.1:443",
		"10.0.0.1:443 >",
		"10.0.0.1 > 192.168.0.7:5000",
		"10.0.0.1:443 > [::1]:5000",
		"10.0.0.1:443 > 192.168.0.7:5000 x",
		"10.0.0.1:443 > 192.168.0.7:5000 vlan",
		"10.0.0.1:443 > 192.168.0.7:5000 vlan 8100:0",
		"10.0.0.1:443 > 192.168.0.7:5000 vlan 8100:4096",
		"10.0.0.1:443 > 192.168.0.7:5000 vlan 8100:5.",
		"10.0.0.1:443 > 192.168.0.7:5000 vlan 8100:5.8100:6.8100:7",
		"10.0.0.1:443 > 192.168.0.7:5000 vlan 8100:5 x",
		"10.0.0.1:443 > > 192.168.0.7:5000",
	};
	static char long_one[2 * FLOW_NAME_CHARS];
	struct snoop_key key;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (flow_name_parse(bad[i], &key) == 0)
			fail_msg("accepted '%s'", bad[i]);
	memset(long_one, ' ', sizeof(long_one) - 1);
	assert_int_equal(flow_name_parse(long_one, &key), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_what_it_reads),
		cmocka_unit_test(refuses_what_is_no_key),
	};

	return cmocka_run_group_tests_name("keytext", tests, NULL, NULL);
}
