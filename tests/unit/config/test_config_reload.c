/* SPDX-License-Identifier: BSD-3-Clause */
/* What a reload may change, and the address that metrics listen at. */
#include "test_config.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static void load_or_fail(struct config *config, const char *text)
{
	char error[512];

	if (load(config, text, error) != 0)
		fail_msg("%s", error);
}

static void names_every_start_key(void **state)
{
	struct config running, fresh;
	char names[512];

	(void)state;
	load_or_fail(&running, LINK);
	load_or_fail(&fresh, "[link]\nwired = 2\nwireless = 1\nmode = snoop\n"
			     "[flows]\nmax = 100\nidle = 9s\n[metrics]\nlisten = [::1]:80\n"
			     "[withhold]\ntime = 1ms\n[rule a]\nmode = observe\n");
	assert_int_equal(config_start_changes(&running, &fresh, names, sizeof(names)), 3);
	assert_string_equal(names, "[link] wired, [flows] max, [metrics] listen");
	load_or_fail(&fresh, LINK "mode = snoop\n[flows]\nidle = 9s\n[rule a]\nmode = observe\n");
	assert_int_equal(config_start_changes(&running, &fresh, names, sizeof(names)), 0);
	assert_string_equal(names, "");
}

static void knows_every_key(void **state)
{
	struct config running, fresh;
	char names[512], expected[64];

	(void)state;
	load_or_fail(&running, LINK);
	for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = &config_keys[i];
		int at_start = (key->when & CONFIG_AT_START) != 0;

		fresh = running;
		/* Another value, whatever it means. */
		((char *)&fresh)[key->offset] = (char)(((char *)&fresh)[key->offset] ^ 1);
		snprintf(expected, sizeof(expected), "[%s] %s", key->section, key->name);
		assert_int_equal(config_start_changes(&running, &fresh, names, sizeof(names)),
				 at_start);
		assert_string_equal(names, at_start ? expected : "");
	}
}

static void reads_addresses(void **state)
{
	static const char *const bad[] = {
		"",	     "off",	      "9464",	     "127.0.0.1",    "127.0.0.1:",
		"1.2.3.4:0", "1.2.3.4:65536", "1.2.3.4:80x", "localhost:80", "::1:80",
		"[::1]",     "[::1]:",	      "[]:80",	     "[::1:80",	     "[127.0.0.1]:80",
		"1.2.3:80",  ":80",	      "1.2.3.4:-1",  "1.2.3.4: 80",  "1.2.3.4:000080",
	};
	struct sockaddr_storage addr;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&addr;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (config_listen_addr(bad[i], &addr) == 0)
			fail_msg("accepted '%s'", bad[i]);
	assert_int_equal(config_listen_addr("127.0.0.1:9464", &addr), 0);
	assert_int_equal(v4->sin_family, AF_INET);
	assert_int_equal(v4->sin_port, htons(9464));
	assert_int_equal(v4->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	assert_int_equal(config_listen_addr("[::1]:65535", &addr), 0);
	assert_int_equal(v6->sin6_family, AF_INET6);
	assert_int_equal(v6->sin6_port, htons(65535));
	assert_memory_equal(&v6->sin6_addr, &in6addr_loopback, sizeof(in6addr_loopback));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_every_start_key),
		cmocka_unit_test(knows_every_key),
		cmocka_unit_test(reads_addresses),
	};

	return cmocka_run_group_tests_name("config_reload", tests, make_file, remove_file);
}
