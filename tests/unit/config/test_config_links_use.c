/* SPDX-License-Identifier: BSD-3-Clause */
/* Many links in one file: rules, printing, comparing, workers. */
#include "test_config_links.h"

static enum snoop_level level_of_port(const struct config *config, uint16_t wired_port)
{
	struct snoop_key key = {.wired_port = wired_port, .station_port = 5000, .ip_version = 4};

	return config_level_for(config, &key);
}

static void rules_are_for_all_or_for_one(void **state)
{
	struct config_links links;
	const struct config *a, *b;

	(void)state;
	load_or_fail(&links, "[rule only_b]\nlink = b\nwired_ports = 22\nmode = snoop\n" A B
			     "mode = repair\n"
			     "[rule both]\nwired_ports = 20-30\nmode = observe\n"
			     "[rule only_a]\nmode = bypass\nlink = a\n");
	a = link_called(&links, "a");
	b = link_called(&links, "b");
	assert_int_equal(a->rule_count, 2);
	assert_int_equal(b->rule_count, 2);
	assert_int_equal(level_of_port(a, 22), SNOOP_LEVEL_OBSERVE);
	assert_int_equal(level_of_port(b, 22), SNOOP_LEVEL_SNOOP);
	assert_int_equal(level_of_port(b, 23), SNOOP_LEVEL_OBSERVE);
	assert_int_equal(level_of_port(a, 80), SNOOP_LEVEL_BYPASS);
	assert_int_equal(level_of_port(b, 80), SNOOP_LEVEL_REPAIR);
	round_trip_links(&links);
	config_links_free(&links);
}

static void compare(const char *before, const char *after, int count, const char *expected)
{
	struct config_links running, fresh;
	char names[512];

	load_or_fail(&running, before);
	load_or_fail(&fresh, after);
	assert_int_equal(config_links_start_changes(&running, &fresh, names, sizeof(names)), count);
	assert_string_equal(names, expected);
	config_links_free(&running);
	config_links_free(&fresh);
}

static void reload_names_link_and_key(void **state)
{
	(void)state;
	compare(A B, B A "mode = observe\n[timers b]\nrto_min = 6ms\n[rule x]\nmode = auto\n", 0,
		"");
	compare(A B, A "workers = 1\n" B "[cache b]\nsegments = 100\n[process]\nlog = syslog\n", 3,
		"[link a] workers, [cache b] segments, [process] log");
	compare(A B, A B "[cache]\nsegments = 100\n", 2, "[cache a] segments, [cache b] segments");
	compare(A, A B, 1, "[link b] (new)");
	compare(A B, B, 1, "[link a] (gone)");
	compare(LINK, A, 2, "[link main] (gone), [link a] (new)");
	compare(LINK, LINK "workers = 1\n[cache]\nsegments = 100\n[metrics]\nlisten = off\n", 3,
		"[link] workers, [cache] segments, [metrics] listen");
	compare(LINK, LINK "workers = 1\n" B, 2, "[link main] workers, [link b] (new)");
	compare(LINK, "[link main]\nwired = 0\nwireless = 1\n", 0, "");
}

static void knows_what_is_the_same(void **state)
{
	static const char *const others[] = {
		A "mode = snoop\n",
		B,
		LINK,
		A "[timers]\nrto_min = 6ms\n",
		A "[rule x]\nmode = auto\n",
		"[link a]\nwired = 1\nwireless = 0\n",
	};
	struct config_links links, other;

	(void)state;
	load_or_fail(&links, A "[guard]\nlevels = yes\n");
	load_or_fail(&other, "\n" B A);
	assert_true(config_same(links.link[0], other.link[1]));
	config_links_free(&other);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		load_or_fail(&other, others[i]);
		assert_false(config_same(links.link[0], other.link[0]));
		config_links_free(&other);
	}
	config_links_free(&links);
}

static void workers_are_numbers_and_ranges(void **state)
{
	static const struct {
		const char *text, *printed; /* NULL: refused */
		uint32_t mask;
	} cases[] = {
		{"all", "all", 0},	 {"0", "0", 1},
		{"31", "31", 1u << 31},	 {"0,2-3", "0,2-3", 0xd},
		{"3,0,2", "0,2-3", 0xd}, {"0-31", "0-31", UINT32_MAX},
		{"4-4", "4", 0x10},	 {"30-31,0,1", "0-1,30-31", 0xc0000003},
		{"", NULL, 0},		 {"auto", NULL, 0},
		{"32", NULL, 0},	 {"0-32", NULL, 0},
		{"4294967296", NULL, 0}, {"18446744073709551616", NULL, 0},
		{"-1", NULL, 0},	 {"1-", NULL, 0},
		{"3-2", NULL, 0},	 {"0,", NULL, 0},
		{",0", NULL, 0},	 {"0,,1", NULL, 0},
		{"0, 1", NULL, 0},	 {"0 1", NULL, 0},
		{"1,1", NULL, 0},	 {"0-3,2", NULL, 0},
		{"0x1", NULL, 0},	 {"all,1", NULL, 0},
	};
	const struct config_key *key = &config_keys[config_key_find("link", "workers")];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config config;
		char text[128];

		config_defaults(&config);
		assert_int_equal(config.worker_mask, 0);
		if ((config_key_parse(key, cases[i].text, &config) == NULL) !=
		    (cases[i].printed != NULL))
			fail_msg("workers = %s", cases[i].text);
		if (cases[i].printed == NULL)
			continue;
		assert_int_equal(config.worker_mask, cases[i].mask);
		config_key_format(key, &config, text, sizeof(text));
		assert_string_equal(text, cases[i].printed);
	}
}

static void workers_are_there_or_named(void **state)
{
	struct config_links links;
	char error[512], expected[600];

	(void)state;
	load_or_fail(&links, A B "workers = 0,2-3\n");
	assert_true(config_link_served(links.link[0], 31));
	assert_int_equal(config_link_workers(links.link[0], 7), 7);
	assert_true(config_link_served(links.link[1], 0));
	assert_false(config_link_served(links.link[1], 1));
	assert_false(config_link_served(links.link[1], 32));
	assert_int_equal(config_link_workers(links.link[1], 4), 3);
	assert_int_equal(config_links_check_workers(&links, 4, error, sizeof(error)), 0);
	assert_int_equal(config_links_check_workers(&links, 32, error, sizeof(error)), 0);
	assert_int_equal(config_links_check_workers(&links, 3, error, sizeof(error)), -1);
	snprintf(
		expected, sizeof(expected),
		"%s:7: [link b] workers = 0,2-3 names a worker that is not there, allowed: 0 to 2; "
		"each lcore of the EAL except the first is one",
		path);
	assert_string_equal(error, expected);
	config_links_free(&links);
}

/* One section of a link, or of all, with some of its keys. */
static char *random_section(char *end, int first, const char *link)
{
	const char *section = config_keys[first].section;

	end += sprintf(end, link[0] != '\0' ? "[%s %s]\n" : "[%s]\n", section, link);
	for (int i = first; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = &config_keys[i];
		char value[128];

		if (strcmp(key->section, section) != 0 || random_below(2) == 0 ||
		    (link[0] != '\0' && (key->when & CONFIG_OF_PROCESS) != 0))
			continue;
		other_value(key, value, sizeof(value));
		end += sprintf(end, "%s = %s\n", key->name, value);
	}
	return end;
}

static void random_links(char *text, int links)
{
	char *end = text;

	for (int i = -1; i < links; i++) {
		char link[8] = "";

		if (i >= 0) {
			snprintf(link, sizeof(link), "n%d", i);
			end += sprintf(end, "[link n%d]\nwired = w%d\nwireless = r%d\n", i, i, i);
			end += sprintf(end, "workers = %d,%d-31\n", (int)random_below(4), 5 + i);
		}
		for (int k = 1; k < CONFIG_KEY_COUNT; k++)
			if (strcmp(config_keys[k].section, config_keys[k - 1].section) != 0 &&
			    (i < 0 || config_section_of_link(config_keys[k].section)) &&
			    random_below(2) == 0)
				end = random_section(end, k, link);
	}
	for (uint64_t rule = random_below(60); rule > 0; rule--) {
		end += sprintf(end, "[rule r%d]\nmode = auto\n", (int)rule);
		if (random_below(3) != 0)
			end += sprintf(end, "link = n%d\n", (int)random_below((uint64_t)links));
	}
}

static void prints_what_it_reads(void **state)
{
	static char text[65536];

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct config_links links;

		random_links(text, 1 + (int)random_below(5));
		load_or_fail(&links, text);
		round_trip_links(&links);
		config_links_free(&links);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_for_all_or_for_one),
		cmocka_unit_test(reload_names_link_and_key),
		cmocka_unit_test(knows_what_is_the_same),
		cmocka_unit_test(workers_are_numbers_and_ranges),
		cmocka_unit_test(workers_are_there_or_named),
		cmocka_unit_test(prints_what_it_reads),
	};

	return cmocka_run_group_tests_name("config_links_use", tests, make_file, remove_file);
}
