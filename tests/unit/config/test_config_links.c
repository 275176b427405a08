/* SPDX-License-Identifier: BSD-3-Clause */
/* Many links in one file: whose value counts, what is refused, printing and comparing. */
#include "test_config_links.h"

/* The whole line, with the file's name where the table has none. */
static void refuse(const char *text, const char *expected)
{
	struct config_links links;
	char error[512], line[600];

	snprintf(line, sizeof(line), "%s:%s", path, expected);
	if (load_links(&links, text, error) == 0)
		fail_msg("accepted, not refused with '%s'", line);
	assert_string_equal(error, line);
	assert_int_equal(links.count, 0);
}

static const struct {
	const char *text, *error;
} bad_files[] = {
	{LINK "[link main]\n", "4: [link main] and [link] in line 1 are one link: [link] is the "
			       "one called main, allowed: either of them"},
	{"[link main]\nwired = 0\n[link]\n",
	 "3: [link] and [link main] in line 1 are one link: [link] is the one called main, "
	 "allowed: either of them"},
	{LINK "[link]\n", "4: [link] is given twice, first in line 1, allowed: once"},
	{A "[link a]\n", "4: [link a] is given twice, first in line 1, allowed: once"},
	{A "[guard a]\n[guard a]\n", "5: [guard a] is given twice, first in line 4, allowed: once"},
	{A "[guard]\n[guard a]\n[guard]\n",
	 "6: [guard] is given twice, first in line 4, allowed: once"},
	{A "[guard a]\nmemory = 80%\nmemory = 80%\n",
	 "6: [guard a] memory is given twice, first in line 5, allowed: once"},
	{A "[link a b]\n", "4: bad link name 'a b', allowed: 1 to 31 of letters, digits and '_'"},
	{A "[link ]\n", "4: bad link name '', allowed: 1 to 31 of letters, digits and '_'"},
	{A "[link  a]\n", "4: bad link name ' a', allowed: 1 to 31 of letters, digits and '_'"},
	{A "[cache a-b]\n", "4: bad link name 'a-b', allowed: 1 to 31 of letters, digits and '_'"},
	{A "[link abcdefghijklmnopqrstuvwxyz012345]\n",
	 "4: bad link name 'abcdefghijklmnopqrstuvwxyz012345', allowed: 1 to 31 of letters, "
	 "digits and '_'"},
	{A "[cache b]\nbytes = 2MiB\n" LINK,
	 "4: [cache b] is for a link that is not in this file, allowed: a, main, or a [link b]"},
	{"[cache main]\n[cache b]\n" A B,
	 "1: [cache main] is for a link that is not in this file, allowed: a, b, or a [link "
	 "main]"},
	{"[cache b]\n", "1: [link] wired is missing, allowed: an ethdev name or index"},
	{A "[metrics a]\nlisten = off\n",
	 "4: [metrics a] is for one link, but [metrics] belongs to the process, allowed: "
	 "[metrics]"},
	{A "[flows a]\nmin = 100\n",
	 "5: unknown key 'min' in [flows a], allowed: max, idle, linger, vlan"},
	{A "[guard a]\nmemory = 80\n",
	 "5: [guard a] memory = 80 has no unit, allowed: 50% to 100% (units %)"},
	{A "[link b]\nwireless = 2\n",
	 "4: [link b] wired is missing, allowed: an ethdev name or index"},
	{A "[link b]\nwired = 2\nwireless = 2\n",
	 "6: [link b] wired and wireless are both 2, allowed: two different ports"},
	{A "[link b]\nwired = 2\nwireless = 0\n",
	 "6: [link b] wireless = 0 is the port of [link a] wired in line 2 too, allowed: each port "
	 "once"},
	{"[guard b]\n" LINK "[link b]\nwired = 1\nwireless = 2\n",
	 "6: [link b] wired = 1 is the port of [link] wireless in line 4 too, allowed: each port "
	 "once"},
	{A "workers = 0-3,2\n",
	 "4: [link a] workers = 0-3,2 names a worker twice, allowed: all, or numbers and ranges as "
	 "in 0,2-3, 0 to 31"},
	{A "workers = none\n", "4: [link a] workers = none is no list of workers, allowed: all, or "
			       "numbers and ranges as in 0,2-3, 0 to 31"},
	{A "workers = 3-1\n", "4: [link a] workers = 3-1 has a range that ends before it starts, "
			      "allowed: all, or numbers and ranges as in 0,2-3, 0 to 31"},
	{A "workers = 32\n", "4: [link a] workers = 32 is out of range, allowed: all, or numbers "
			     "and ranges as in 0,2-3, 0 to 31"},
	{A B "[timers]\nrto_min = 80ms\n[timers b]\nrto_initial = 50ms\n",
	 "10: [timers] rto_min = 80ms must not exceed [timers b] rto_initial = 50ms"},
	{A B "[timers b]\nrto_initial = 50ms\n[timers]\nrto_min = 80ms\n",
	 "10: [timers] rto_min = 80ms must not exceed [timers b] rto_initial = 50ms"},
	{A "[timers a]\nrto_initial = 2s\n", "5: [timers a] rto_initial = 2s must not exceed "
					     "[timers] rto_max = 1s (one of them by default)"},
	{A B "[timers]\nrto_min = 200ms\n",
	 "8: [timers] rto_min = 200ms must not exceed [timers] rto_initial = 100ms (one of them by "
	 "default)"},
	{A B "[rule x]\nlink = c\nmode = auto\n",
	 "8: [rule x] link = c is not in this file, allowed: a, b"},
	{A "[rule x]\nlink =\nmode = auto\n",
	 "5: [rule x] link has no value, allowed: NAME of a [link NAME]"},
	{A "[rule x]\nlink = abcdefghijklmnopqrstuvwxyz012345\nmode = auto\n",
	 "5: [rule x] link = abcdefghijklmnopqrstuvwxyz012345 is not the name of a link, allowed: "
	 "NAME of a [link NAME]"},
	{A "[rule x]\nlink = a\nlink = a\n",
	 "6: [rule x] link is given twice, first in line 5, allowed: once"},
};

static void refuses_bad_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++)
		refuse(bad_files[i].text, bad_files[i].error);
}

/* The default, then the bare section, then the one of the link, in any order of the file. */
static void the_nearest_section_counts(void **state)
{
	static const char *const parts[] = {
		A,
		B,
		"[timers]\nrto_min = 6ms\nrto_max = 3s\n",
		"[timers b]\nrto_min = 7ms\n",
		"[guard a]\nlevels = no\n",
		"[flows]\nmax = 1000\nidle = 7min\n",
		"[flows b]\nidle = 8min\n",
	};
	enum { PARTS = sizeof(parts) / sizeof(parts[0]) };
	struct config_links links;

	(void)state;
	for (int order = 0; order < 2 * PARTS; order++) {
		const struct config *a, *b;
		char text[1024] = "";

		for (int i = 0; i < PARTS; i++)
			strcat(text,
			       parts[order < PARTS ? (order + i) % PARTS
						   : (2 * PARTS - i - order % PARTS) % PARTS]);
		load_or_fail(&links, text);
		assert_int_equal(links.count, 2);
		a = link_called(&links, "a");
		b = link_called(&links, "b");
		assert_int_equal(a->protocol.rto_min_us, 6000);
		assert_int_equal(b->protocol.rto_min_us, 7000);
		assert_int_equal(a->protocol.rto_max_us, 3000000);
		assert_int_equal(b->protocol.rto_max_us, 3000000);
		assert_int_equal(a->protocol.rto_initial_us, 100000);
		assert_false(a->guard_levels);
		assert_true(b->guard_levels);
		assert_int_equal(a->flows, 1000);
		assert_int_equal(b->flows, 1000);
		assert_int_equal(a->flow_idle_us, 420000000);
		assert_int_equal(b->flow_idle_us, 480000000);
		assert_string_equal(a->wireless, "1");
		assert_string_equal(b->file, path);
		config_links_free(&links);
	}
}

/* The bare [link] is not what other links have. */
static void bare_link_is_main(void **state)
{
	struct config_links links;
	const struct config *config;

	(void)state;
	load_or_fail(&links, B LINK "mode = observe\npropagate = no\nworkers = 1\n"
				    "[timers main]\nrto_min = 9ms\n");
	assert_int_equal(links.count, 2);
	config = links.link[1];
	assert_string_equal(config->link, "main");
	assert_int_equal(config->mode, SNOOP_LEVEL_OBSERVE);
	assert_int_equal(config->protocol.rto_min_us, 9000);
	assert_int_equal(config->link_line, 4);
	assert_int_equal(config->wired_line, 5);
	assert_int_equal(config->workers_line, 9);
	config = links.link[0];
	assert_string_equal(config->link, "b");
	assert_int_equal(config->mode, SNOOP_LEVEL_AUTO);
	assert_true(config->propagate);
	assert_int_equal(config->worker_mask, 0);
	assert_int_equal(config->protocol.rto_min_us, 5000);
	assert_int_equal(config_links_find(&links, "a"), -1);
	config_links_free(&links);
}

/* Each key is of the process or of a link: no third thing, and none of another's. */
static void every_key_is_of_a_link_or_refused(void **state)
{
	(void)state;
	for (const struct config_key *key = config_keys; key < config_keys + CONFIG_KEY_COUNT;
	     key++) {
		bool link = strcmp(key->section, "link") == 0;
		char value[128], text[512], found[128], error[512];
		struct config_links links;
		struct config defaults;
		int result;

		/* All keys of a section alike. */
		assert_int_equal(config_section_of_link(key->section),
				 (key->when & CONFIG_OF_PROCESS) == 0);
		config_defaults(&defaults);
		other_value(key, value, sizeof(value));
		snprintf(text, sizeof(text), "%s[%s b]\n%s%s%s = %s\n", link ? A : A B,
			 key->section, link && strcmp(key->name, "wired") != 0 ? "wired = 2\n" : "",
			 link && strcmp(key->name, "wireless") != 0 ? "wireless = 3\n" : "",
			 key->name, value);
		result = load_links(&links, text, error);
		if ((key->when & CONFIG_OF_PROCESS) != 0) {
			assert_int_equal(result, -1);
			assert_non_null(strstr(error, "belongs to the process, allowed: "));
			continue;
		}
		if (result != 0)
			fail_msg("%s", error);
		config_key_format(key, link_called(&links, "b"), found, sizeof(found));
		assert_string_equal(found, value);
		if (key->kind != CONFIG_PORT)
			assert_true(config_key_same(key, link_called(&links, "a"), &defaults));
		config_links_free(&links);
	}
}

static char *add_line(char *text, const char *format, int number, const char *link)
{
	return text + sprintf(text, format, number, link);
}

static void every_link_has_its_rules(void **state)
{
	static char text[32768];
	struct config_links links;
	char *end = text + sprintf(text, "%s", A B);

	(void)state;
	for (int i = 0; i < CONFIG_RULES_MAX; i++) {
		end = add_line(end, "[rule a%d]\nlink = %s\nmode = auto\n", i, "a");
		end = add_line(end, "[rule b%d]\nlink = %s\nmode = auto\n", i, "b");
	}
	load_or_fail(&links, text);
	assert_int_equal(links.link[0]->rule_count, CONFIG_RULES_MAX);
	assert_int_equal(links.link[1]->rule_count, CONFIG_RULES_MAX);
	assert_string_equal(links.link[1]->rules[63].name, "b63");
	round_trip_links(&links);
	config_links_free(&links);
	strcpy(end, "[rule more]\nmode = auto\n");
	refuse(text, "391: [rule more] is one rule too many for link a, allowed: 64");
	strcpy(end, "[rule more]\nlink = b\nmode = auto\n");
	refuse(text, "391: [rule more] is one rule too many for link b, allowed: 64");
}

static void as_many_links_as_there_can_be(void **state)
{
	static char text[32768];
	struct config_links links;
	char *end = text;

	(void)state;
	for (int i = 0; i < CONFIG_LINKS_MAX; i++)
		end += sprintf(end,
			       "[cache l%d]\nbytes = %dMiB\n[link l%d]\nwired = w%d\n"
			       "wireless = r%d\n",
			       i, 16 + i, i, i, i);
	load_or_fail(&links, text);
	assert_int_equal(links.count, CONFIG_LINKS_MAX);
	for (uint32_t i = 0; i < links.count; i++)
		assert_int_equal(links.link[i]->protocol.cache_bytes, (16ull + i) << 20);
	round_trip_links(&links);
	config_links_free(&links);
	strcpy(end, "[link more]\n");
	refuse(text, "321: [link more] is one link too many, allowed: 64");
	strcpy(end, "[cache more]\n");
	refuse(text, "321: [cache more] is for a link that is not in this file, allowed: l0, l1, "
		     "l2, l3, l4, l5, l6, l7, l8, l9, l10, l11, l12, l13, l14, l15, l16, ..., or a "
		     "[link more]");
}

/* A program that serves one link. */
static void one_link_loads_as_ever(void **state)
{
	struct config config;
	struct config_links links;
	char error[512], expected[600];

	(void)state;
	assert_int_equal(load(&config, A "[timers a]\nrto_min = 6ms\n", error), 0);
	assert_string_equal(config.link, "a");
	assert_int_equal(config.protocol.rto_min_us, 6000);
	round_trip(&config);
	load_or_fail(&links, A);
	assert_int_equal(load(&config, A, error), 0);
	assert_memory_equal(&config, links.link[0], sizeof(config));
	config_links_free(&links);
	assert_int_equal(load(&config, A B, error), -1);
	snprintf(expected, sizeof(expected), "%s:4: [link b] is a second link, allowed: one", path);
	assert_string_equal(error, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_bad_files),
		cmocka_unit_test(the_nearest_section_counts),
		cmocka_unit_test(bare_link_is_main),
		cmocka_unit_test(every_key_is_of_a_link_or_refused),
		cmocka_unit_test(every_link_has_its_rules),
		cmocka_unit_test(as_many_links_as_there_can_be),
		cmocka_unit_test(one_link_loads_as_ever),
	};

	return cmocka_run_group_tests_name("config_links", tests, make_file, remove_file);
}
