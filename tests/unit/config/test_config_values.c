/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration's keys: boundaries, round trip, rules, and the reference file. */
#include "test_config.h"

#include <arpa/inet.h>

static bool is_word(const struct config_key *key)
{
	return config_kind_is_text(key->kind) || config_kind_words(key->kind) != NULL;
}

static void try_value(const struct config_key *key, const char *text, bool accepted)
{
	struct config config;
	const char *what;

	config_defaults(&config);
	what = config_key_parse(key, text, &config);
	if ((what == NULL) != accepted)
		fail_msg("[%s] %s = %s: %s", key->section, key->name, text, what);
}

static void try_number(const struct config_key *key, uint64_t value, bool accepted)
{
	char text[64];

	if (key->kind == CONFIG_SHARE)
		snprintf(text, sizeof(text), "%u.%04u%%", (unsigned int)(value / 10000),
			 (unsigned int)(value % 10000));
	else
		snprintf(text, sizeof(text), "%llu%s", (unsigned long long)value,
			 key->kind == CONFIG_BYTES					? "B"
			 : key->kind == CONFIG_TIME || key->kind == CONFIG_TIME_OR_AUTO ? "us"
											: "");
	try_value(key, text, accepted);
}

static void checksums_are_verified_in_software_unless_told(void **state)
{
	const struct config_key *key = &config_keys[config_key_find("ports", "checksum")];
	struct config config;

	(void)state;
	config_defaults(&config);
	assert_int_equal(config.checksum, CONFIG_CHECKSUM_SOFTWARE);
	assert_null(config_key_parse(key, "nic", &config));
	assert_int_equal(config.checksum, CONFIG_CHECKSUM_NIC);
	assert_null(config_key_parse(key, "software", &config));
	assert_int_equal(config.checksum, CONFIG_CHECKSUM_SOFTWARE);
	assert_non_null(config_key_parse(key, "auto", &config));
	assert_int_equal(key->when & CONFIG_AT_START, CONFIG_AT_START);
}

static void harmful_offloads_are_refused_unless_told(void **state)
{
	const struct config_key *key = &config_keys[config_key_find("ports", "offloads")];
	struct config config;

	(void)state;
	config_defaults(&config);
	assert_int_equal(config.offloads, CONFIG_OFFLOADS_REFUSE);
	assert_null(config_key_parse(key, "warn", &config));
	assert_int_equal(config.offloads, CONFIG_OFFLOADS_WARN);
	assert_null(config_key_parse(key, "refuse", &config));
	assert_int_equal(config.offloads, CONFIG_OFFLOADS_REFUSE);
	assert_non_null(config_key_parse(key, "off", &config));
	assert_int_equal(key->when & CONFIG_AT_START, CONFIG_AT_START);
}

static void tags_keep_connections_apart_unless_told(void **state)
{
	const struct config_key *key = &config_keys[config_key_find("flows", "vlan")];
	struct config config;

	(void)state;
	config_defaults(&config);
	assert_int_equal(config.flow_vlan, CONFIG_VLAN_KEY);
	assert_null(config_key_parse(key, "ignore", &config));
	assert_int_equal(config.flow_vlan, CONFIG_VLAN_IGNORE);
	assert_null(config_key_parse(key, "key", &config));
	assert_int_equal(config.flow_vlan, CONFIG_VLAN_KEY);
	assert_non_null(config_key_parse(key, "no", &config));
	assert_int_equal(key->when & CONFIG_AT_START, CONFIG_AT_START);
}

static void every_row_is_whole(void **state)
{
	struct config config, again;

	(void)state;
	config_defaults(&config);
	memset(&again, 0, sizeof(again));
	again.protocol = config.protocol;
	strcpy(again.link, CONFIG_LINK_MAIN);
	for (const struct config_key *key = config_keys; key < config_keys + CONFIG_KEY_COUNT;
	     key++) {
		const char *what = key->fallback == NULL || key->kind == CONFIG_PORT
					   ? NULL
					   : config_key_parse(key, key->fallback, &again);
		char value[128];

		if (what != NULL)
			fail_msg("[%s] %s: the default %s", key->section, key->name, what);
		config_key_format(key, &config, value, sizeof(value));
		if (key->kind != CONFIG_PORT)
			try_value(key, value, true);
		assert_int_equal(key->help[strlen(key->help) - 1], '.');
		assert_int_equal(config_key_find(key->section, key->name), key - config_keys);
	}
	assert_memory_equal(&config, &again, sizeof(config));
}

static void every_key_has_its_boundaries(void **state)
{
	(void)state;
	for (const struct config_key *key = config_keys; key < config_keys + CONFIG_KEY_COUNT;
	     key++) {
		try_value(key, "", false);
		if (is_word(key) || key->kind == CONFIG_WORKERS)
			continue;
		try_number(key, key->min, true);
		try_number(key, key->max, true);
		try_number(key, key->max + 1, false);
		if (key->min > 0)
			try_number(key, key->min - 1, false);
		try_value(key, "x", false);
		try_value(key, "auto", config_kind_has_auto(key->kind));
		if (config_kind_units(key->kind)[0] != '\0')
			try_value(key, "7", false);
		else
			try_value(key, "700us", false);
	}
}

static void random_side(bool *has, uint8_t addr[16], uint8_t *version, uint8_t *prefix, uint8_t ip)
{
	*has = random_below(2) == 0;
	if (!*has)
		return;
	*version = ip;
	*prefix = (uint8_t)random_below(ip == 6 ? 129 : 33);
	for (unsigned int bit = 0; bit < *prefix; bit++)
		if (random_below(2) == 0)
			addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

static void random_ports(uint16_t *min, uint16_t *max)
{
	*min = (uint16_t)random_below(65536);
	*max = (uint16_t)(*min + random_below(65536u - *min));
}

static void random_config(struct config *config)
{
	config_defaults(config);
	strcpy(config->wired, "net_af_packet0");
	strcpy(config->wireless, "1");
	config->mode = (enum snoop_level)random_below(SNOOP_LEVEL_COUNT);
	for (const struct config_key *key = config_keys; key < config_keys + CONFIG_KEY_COUNT;
	     key++) {
		uint64_t value = key->min + random_below(key->max - key->min + 1);

		if (random_below(2) != 0 && !is_word(key))
			config_key_set(key, config, value);
	}
	/* Pairs that have to be in order. */
	config->flow_idle_us += config->flow_closed_us;
	if (config->flow_idle_us > 3600000000u)
		config->flow_idle_us = 3600000000u;
	config->protocol.flow_cache_bytes = config->protocol.cache_bytes / 16;
	if (config->protocol.flow_cache_bytes < 65536)
		config->protocol.flow_cache_bytes = 65536;
	config->protocol.rto_max_us = 20000000;
	config->protocol.rto_min_us = 1000;
	config->protocol.silence_max_us = 20000000;
	config->rule_count = (uint32_t)random_below(CONFIG_RULES_MAX + 1);
	for (uint32_t i = 0; i < config->rule_count; i++) {
		struct config_rule *rule = &config->rules[i];
		uint8_t version = random_below(2) == 0 ? 4 : 6;
		char name[32];

		snprintf(name, sizeof(name), "rule_%u", i);
		config_rule_init(rule, name, (enum snoop_level)random_below(SNOOP_LEVEL_COUNT));
		random_side(&rule->has_wired, rule->wired_addr, &rule->wired_version,
			    &rule->wired_prefix, version);
		random_side(&rule->has_station, rule->station_addr, &rule->station_version,
			    &rule->station_prefix, version);
		random_ports(&rule->wired_port_min, &rule->wired_port_max);
		random_ports(&rule->station_port_min, &rule->station_port_max);
	}
}

static void prints_what_it_reads(void **state)
{
	struct config config;

	(void)state;
	config_defaults(&config);
	strcpy(config.wired, "0");
	strcpy(config.wireless, "1");
	round_trip(&config);
	for (int i = 0; i < 300; i++) {
		random_config(&config);
		round_trip(&config);
	}
}

static struct snoop_key make_key(const char *wired, uint16_t wired_port, const char *station,
				 uint16_t station_port)
{
	struct snoop_key key = {.wired_port = wired_port, .station_port = station_port};
	int family = strchr(wired, ':') != NULL ? AF_INET6 : AF_INET;

	key.ip_version = family == AF_INET6 ? 6 : 4;
	assert_int_equal(inet_pton(family, wired, key.wired_addr), 1);
	assert_int_equal(inet_pton(family, station, key.station_addr), 1);
	return key;
}

static void first_matching_rule_wins(void **state)
{
	static const struct {
		const char *wired, *station;
		uint16_t wired_port, station_port;
		enum snoop_level level;
	} cases[] = {
		{"10.1.2.3", "192.168.0.7", 443, 5000, SNOOP_LEVEL_OBSERVE},
		{"10.2.0.0", "192.168.0.7", 443, 5000, SNOOP_LEVEL_REPAIR},
		{"10.1.2.3", "192.168.0.7", 22, 5000, SNOOP_LEVEL_BYPASS},
		{"10.2.2.3", "192.168.0.128", 443, 5000, SNOOP_LEVEL_AUTO},
		{"10.2.2.3", "192.168.0.127", 443, 5000, SNOOP_LEVEL_SNOOP},
		{"10.2.2.3", "192.168.0.127", 443, 6001, SNOOP_LEVEL_REPAIR},
		{"2001:db8::1", "2001:db8:1::1", 443, 5000, SNOOP_LEVEL_OBSERVE},
		{"2001:db9::1", "2001:db8:1::1", 443, 5000, SNOOP_LEVEL_REPAIR},
		/* The bytes of 10.1.0.0/16, but not its version. */
		{"a01:203::", "::1", 443, 1, SNOOP_LEVEL_REPAIR},
	};
	struct config config;
	struct snoop_key key;
	char error[512];

	(void)state;
	assert_int_equal(load(&config,
			      "[rule ssh]\nwired_ports = 22\nmode = bypass\n"
			      "[rule lab]\nwired = 10.1.0.0/16\nmode = observe\n"
			      "[rule half]\nwireless = 192.168.0.0/25\nwireless_ports = 5000-6000\n"
			      "wired = 10.2.2.0/24\nmode = snoop\n"
			      "[rule one]\nwireless = 192.168.0.128\nmode = auto\n"
			      "[rule six]\nwired = 2001:db8::/33\nmode = observe\n" LINK
			      "mode = repair\n",
			      error),
			 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		key = make_key(cases[i].wired, cases[i].wired_port, cases[i].station,
			       cases[i].station_port);
		if (config_level_for(&config, &key) != cases[i].level)
			fail_msg("case %zu: %s", i,
				 snoop_level_name(config_level_for(&config, &key)));
		/* Only what no rule names has the link's level. */
		assert_int_equal(config_rule_names(&config, &key),
				 cases[i].level != SNOOP_LEVEL_REPAIR);
	}
}

static void the_highest_level_counts(void **state)
{
	struct config config;
	char error[512];

	(void)state;
	assert_int_equal(load(&config, LINK "mode = bypass\n", error), 0);
	assert_true(config_at_most(&config, SNOOP_LEVEL_BYPASS));
	assert_int_equal(load(&config, LINK "mode = bypass\n[rule a]\nmode = observe\n", error), 0);
	assert_false(config_at_most(&config, SNOOP_LEVEL_BYPASS));
	assert_true(config_at_most(&config, SNOOP_LEVEL_OBSERVE));
	assert_int_equal(load(&config, LINK "mode = repair\n[rule a]\nmode = observe\n", error), 0);
	assert_false(config_at_most(&config, SNOOP_LEVEL_OBSERVE));
}

/* Above every key stands a comment that opens with its range and its default. */
static void reference_documents_every_key(void **state)
{
	const char *place = read_reference();
	struct config config, defaults;
	char error[512], range[160], value[128], expected[512];

	(void)state;
	if (config_load(&config, CONFIG_REFERENCE, error, sizeof(error)) != 0)
		fail_msg("%s", error);
	config_defaults(&defaults);
	strcpy(defaults.wired, config.wired);
	strcpy(defaults.wireless, config.wireless);
	for (const struct config_key *key = config_keys; key < config_keys + CONFIG_KEY_COUNT;
	     key++) {
		const char *end;

		config_key_range(key, range, sizeof(range));
		config_key_format(key, &defaults, value, sizeof(value));
		snprintf(expected, sizeof(expected), "# %s; %s%s%s%s\n", range,
			 key->kind == CONFIG_PORT ? "required" : "default ",
			 key->kind == CONFIG_PORT ? "" : value,
			 (key->when & CONFIG_AT_START) != 0 ? "; at start only" : "",
			 (key->when & CONFIG_OF_PROCESS) != 0 ? "; one value for all links" : "");
		place = strstr(place, expected);
		if (place == NULL)
			fail_msg("[%s] %s: no '%s' in order", key->section, key->name, expected);
		end = place + strspn(place, "#");
		while (*end == '#' || *end == ' ')
			end = strchr(end, '\n') + 1;
		snprintf(expected, sizeof(expected), "%s = %s\n", key->name, value);
		if (strncmp(end, expected, strlen(expected)) != 0)
			fail_msg("[%s] %s: '%s' does not follow its comment", key->section,
				 key->name, expected);
		place = end;
	}
	assert_int_equal(config.rule_count, 0);
}

static void workers_share_the_budgets(void **state)
{
	struct config config, share;

	(void)state;
	config_defaults(&config);
	config_share(&config, 1, &share);
	assert_memory_equal(&config, &share, sizeof(share));
	config.flows = 1001;
	config.protocol.cache_segments = 100;
	config.protocol.cache_bytes = 30 << 20;
	config.protocol.syn_entries = 0;
	config.protocol.syn_rate_max = 999;
	config_share(&config, 4, &share);
	assert_int_equal(share.flows, 251);
	assert_int_equal(share.protocol.cache_segments, 64); /* the smallest that there is */
	assert_int_equal(share.protocol.cache_bytes, 15 << 19);
	assert_int_equal(share.protocol.flow_cache_bytes, 15 << 19);
	assert_int_equal(share.protocol.syn_entries, 0);
	assert_int_equal(share.protocol.syn_rate_max, 250);
	assert_int_equal(share.protocol.stations, config.protocol.stations);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums_are_verified_in_software_unless_told),
		cmocka_unit_test(harmful_offloads_are_refused_unless_told),
		cmocka_unit_test(tags_keep_connections_apart_unless_told),
		cmocka_unit_test(every_row_is_whole),
		cmocka_unit_test(every_key_has_its_boundaries),
		cmocka_unit_test(prints_what_it_reads),
		cmocka_unit_test(first_matching_rule_wins),
		cmocka_unit_test(the_highest_level_counts),
		cmocka_unit_test(workers_share_the_budgets),
		cmocka_unit_test(reference_documents_every_key),
	};

	return cmocka_run_group_tests_name("config_values", tests, make_file, remove_file);
}
