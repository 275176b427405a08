/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration file: what is refused, and with which words. */
#include "test_config.h"

#define SECTIONS                                                                                   \
	"link [NAME], ports [NAME], workers [NAME], flows [NAME], cache [NAME], timers [NAME], "   \
	"repair [NAME], withhold [NAME], veto [NAME], syn [NAME], guard [NAME], process, "         \
	"metrics, rule NAME"
#define LEVELS "bypass, observe, repair, snoop, auto"

/* The whole line, with the file's name where the table has none. */
static void refuse(const char *text, size_t bytes, const char *expected)
{
	struct config config;
	char error[512], line[600];

	snprintf(line, sizeof(line), "%s:%s", path, expected);
	if (load_bytes(&config, text, bytes, error) == 0)
		fail_msg("accepted, not refused with '%s'", line);
	assert_string_equal(error, line);
}

static const struct {
	const char *text, *error;
} bad_files[] = {
	{"", "1: the file is empty, allowed: at least [link] with wired and wireless"},
	{"\n# nothing\n", "2: [link] wired is missing, allowed: an ethdev name or index"},
	{"[link]\nwired = 0\n", "1: [link] wireless is missing, allowed: an ethdev name or index"},
	{"[ports]\n\n[link]\nwireless = 0\n",
	 "3: [link] wired is missing, allowed: an ethdev name or index"},
	{"[link]\nwired = a\nwireless = a\n",
	 "3: [link] wired and wireless are both a, allowed: two different ports"},
	{"[link]\nwireless = a\nwired = a\n[withhold]\n",
	 "3: [link] wired and wireless are both a, allowed: two different ports"},
	{LINK "[lnk]\n", "4: unknown section [lnk], allowed: " SECTIONS},
	{LINK "[]\n", "4: unknown section [], allowed: " SECTIONS},
	{LINK "[Withhold]\n", "4: unknown section [Withhold], allowed: " SECTIONS},
	{LINK "[rule]\n", "4: unknown section [rule], allowed: " SECTIONS},
	{LINK "[withhold]\n[link]\n", "5: [link] is given twice, first in line 1, allowed: once"},
	{LINK "[withhold]\n[withhold]\n",
	 "5: [withhold] is given twice, first in line 4, allowed: once"},
	{LINK "[withhold\n",
	 "4: bad section line '[withhold', allowed: [section] and nothing after it"},
	{LINK "[withhold] x\n",
	 "4: bad section line '[withhold] x', allowed: [section] and nothing after it"},
	{"wired = 0\n", "1: key 'wired' stands before the first section, allowed: a [section] line "
			"above it"},
	{LINK "wired = 5\n", "4: [link] wired is given twice, first in line 2, allowed: once"},
	{LINK "mode\n", "4: no '=' in 'mode', allowed: key = value, [section], # comment"},
	{LINK "mode: auto\n",
	 "4: no '=' in 'mode: auto', allowed: key = value, [section], # comment"},
	{LINK "mode # = auto\n", "4: no '=' in 'mode', allowed: key = value, [section], # comment"},
	{LINK "   observe\n", "4: no '=' in 'observe', allowed: key = value, [section], # comment"},
	{LINK "mode =\n", "4: [link] mode has no value, allowed: " LEVELS},
	{LINK "mode = # auto\n", "4: [link] mode has no value, allowed: " LEVELS},
	{LINK "mode = retransmit\n",
	 "4: [link] mode = retransmit is not a level, allowed: " LEVELS},
	{LINK "mode = auto x\n", "4: [link] mode = auto x is not a level, allowed: " LEVELS},
	{LINK "[workers]\ndistribution = hash\n",
	 "5: [workers] distribution = hash is none of these words, allowed: auto, rss, software"},
	{LINK "[ports]\nchecksum = hardware\n",
	 "5: [ports] checksum = hardware is none of these words, allowed: software, nic"},
	{"[link]\nwired = a b\n",
	 "2: [link] wired = a b has a blank in it, allowed: an ethdev name "
	 "or index, 1 to 63 characters without blanks"},
	{"[link]\nwired=;a\n", /* tests/fuzz: it could not be printed and read again */
	 "2: [link] wired = ;a begins like a comment, allowed: an ethdev name "
	 "or index, 1 to 63 characters without blanks"},
	{"[link]\nwired =\n", "2: [link] wired has no value, allowed: an ethdev name or index, "
			      "1 to 63 characters without blanks"},
	{LINK "[withhold]\ntime = 5\n",
	 "5: [withhold] time = 5 has no unit, allowed: 0us to 1s (units us, ms, s, min)"},
	{LINK "[withhold]\ntime = 0\n",
	 "5: [withhold] time = 0 has no unit, allowed: 0us to 1s (units us, ms, s, min)"},
	{LINK "[withhold]\ntime = 5 ms\n",
	 "5: [withhold] time = 5 ms has no unit right after the number, "
	 "allowed: 0us to 1s (units us, ms, s, min)"},
	{LINK "[withhold]\ntime = 5sec\n", "5: [withhold] time = 5sec has an unknown unit, "
					   "allowed: 0us to 1s (units us, ms, s, min)"},
	{LINK "[withhold]\ntime = 5MS\n",
	 "5: [withhold] time = 5MS has an unknown unit, allowed: 0us to 1s (units us, ms, s, min)"},
	{LINK "[withhold]\ntime = 5m\n",
	 "5: [withhold] time = 5m has an unknown unit, allowed: 0us to 1s (units us, ms, s, min)"},
	{LINK "[withhold]\ntime = 5ms x\n",
	 "5: [withhold] time = 5ms x has text after the unit, allowed: 0us "
	 "to 1s (units us, ms, s, min)"},
	{LINK "[withhold]\ntime = 1min\n",
	 "5: [withhold] time = 1min is out of range, allowed: 0us to 1s (units us, ms, s, min)"},
	{LINK "[withhold]\ntime = 18446744073709551617us\n",
	 "5: [withhold] time = 18446744073709551617us is out of range, allowed: 0us to 1s (units "
	 "us, "
	 "ms, "
	 "s, min)"},
	{LINK "[withhold]\ntime = 307445734561825861min\n",
	 "5: [withhold] time = 307445734561825861min is out of range, allowed: 0us to 1s (units "
	 "us, "
	 "ms, "
	 "s, min)"},
	{LINK "[withhold]\ntime = -5ms\n",
	 "5: [withhold] time = -5ms is not a number, allowed: 0us to 1s (units us, ms, s, min)"},
	{LINK "[withhold]\nacks = 5 6\n",
	 "5: [withhold] acks = 5 6 has text after the number, allowed: 0 to 65535"},
	{LINK "[withhold]\nacks = 0x10\n",
	 "5: [withhold] acks = 0x10 has text after the number, allowed: 0 to 65535"},
	{LINK "[withhold]\nacks = 65536\n",
	 "5: [withhold] acks = 65536 is out of range, allowed: 0 to 65535"},
	{LINK "[cache]\nbytes = 64MB\n",
	 "5: [cache] bytes = 64MB has an unknown unit, allowed: 1MiB "
	 "to 1024GiB (units B, KiB, MiB, GiB)"},
	{LINK "[veto]\nprior = 1\n",
	 "5: [veto] prior = 1 has no unit, allowed: 0% to 50% (units %)"},
	{LINK "[veto]\nprior = 1.%\n",
	 "5: [veto] prior = 1.% has no digit after the point, allowed: "
	 "0% to 50% (units %)"},
	{LINK "[veto]\nprior = 1.00001%\n", "5: [veto] prior = 1.00001% has more than four digits "
					    "after the point, allowed: 0% to 50% "
					    "(units %)"},
	{LINK "[veto]\nprior = 50.0001%\n",
	 "5: [veto] prior = 50.0001% is out of range, allowed: 0% to 50% (units %)"},
	{LINK "[veto]\ndelay = automatic\n",
	 "5: [veto] delay = automatic is not a number, allowed: "
	 "auto, or 1us to 10s (units us, ms, s, min)"},
	{LINK "[veto]\ndelay = 0us\n",
	 "5: [veto] delay = 0us is out of range, allowed: auto, or 1us "
	 "to 10s (units us, ms, s, min)"},
	{LINK "[ports]\nmtu = 0\n",
	 "5: [ports] mtu = 0 is out of range, allowed: auto, or 68 to 65535"},
	{LINK "[timers]\nrto_min = 80ms\nrto_initial = 20ms\n",
	 "6: [timers] rto_min = 80ms must not exceed [timers] rto_initial = 20ms"},
	{LINK "[timers]\nrto_initial = 10s\nrto_max = 9s\n",
	 "6: [timers] rto_initial = 10s must not exceed [timers] rto_max = 9s"},
	{LINK "[cache]\nflow_bytes = 3MiB\nbytes = 2MiB\n",
	 "6: [cache] flow_bytes = 3MiB must not exceed [cache] bytes = 2MiB"},
	{LINK "[flows]\nidle = 1s\n",
	 "5: [flows] linger = 2s must not exceed [flows] idle = 1s (one of them by default)"},
	{LINK "[flows]\nlinger = 10s\nidle = 5s\n",
	 "6: [flows] linger = 10s must not exceed [flows] idle = 5s"},
	{LINK "[withhold]\n\001\n", "5: control character 0x01, allowed: plain text"},
	{LINK "[rule ]\n", "4: bad rule name '', allowed: 1 to 31 of letters, digits and '_'"},
};

static void refuses_bad_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++)
		refuse(bad_files[i].text, strlen(bad_files[i].text), bad_files[i].error);
}

/* The keys of the section are named, whichever there are. */
static void refuses_unknown_keys(void **state)
{
	static const struct {
		const char *text, *error, *section;
	} cases[] = {
		{LINK "wird = 0\n", "4: unknown key 'wird' in [link], allowed: ", "link"},
		{LINK "Mode = auto\n", "4: unknown key 'Mode' in [link], allowed: ", "link"},
		{LINK "= 5\n", "4: unknown key '' in [link], allowed: ", "link"},
		{LINK "[withhold]\ntries = 1\n",
		 "5: unknown key 'tries' in [withhold], allowed: ", "withhold"},
		{LINK "[withhold]\ntime_us = 1\n",
		 "5: unknown key 'time_us' in [withhold], allowed: ", "withhold"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *comma = "";
		char expected[400];

		snprintf(expected, sizeof(expected), "%s", cases[i].error);
		for (int k = 0; k < CONFIG_KEY_COUNT; k++) {
			if (strcmp(config_keys[k].section, cases[i].section) != 0)
				continue;
			config_append(expected, sizeof(expected), comma);
			config_append(expected, sizeof(expected), config_keys[k].name);
			comma = ", ";
		}
		refuse(cases[i].text, strlen(cases[i].text), expected);
	}
}

static const struct {
	const char *text, *error;
} bad_rules[] = {
	{"[rule a b]\n", "4: bad rule name 'a b', allowed: 1 to 31 of letters, digits and '_'"},
	{"[rule abcdefghijklmnopqrstuvwxyz012345]\n",
	 "4: bad rule name 'abcdefghijklmnopqrstuvwxyz012345', allowed: 1 to 31 of letters, "
	 "digits and '_'"},
	{"[rule a.b]\n", "4: bad rule name 'a.b', allowed: 1 to 31 of letters, digits and '_'"},
	{"[rule a]\nmode = auto\n[rule a]\n",
	 "6: [rule a] is given twice, first in line 4, allowed: once"},
	{"[rule a]\n\n", "4: [rule a] has no mode, allowed: mode = one of " LEVELS},
	{"[rule a]\n[rule b]\nmode = auto\n",
	 "4: [rule a] has no mode, allowed: mode = one of " LEVELS},
	{"[rule a]\nmode = fast\n", "5: [rule a] mode = fast is not a level, allowed: " LEVELS},
	{"[rule a]\nmode =\n", "5: [rule a] mode has no value, allowed: " LEVELS},
	{"[rule a]\nmode = auto\nmode = auto\n",
	 "6: [rule a] mode is given twice, first in line 5, allowed: once"},
	{"[rule a]\nport = 5\n",
	 "5: unknown key 'port' in [rule a], allowed: link, wired, wireless, "
	 "wired_ports, wireless_ports, mode"},
#define PREFIXES                                                                                   \
	"allowed: ADDRESS or NETWORK/LENGTH, IPv4 or IPv6, as in 10.1.0.0/16 or 2001:db8::1"
	{"[rule a]\nwired = host\n", "5: [rule a] wired = host is not an address, " PREFIXES},
	{"[rule a]\nwired = 10.0.0\n", "5: [rule a] wired = 10.0.0 is not an address, " PREFIXES},
	{"[rule a]\nwired = 10.0.0.1/\n",
	 "5: [rule a] wired = 10.0.0.1/ has a bad prefix length, " PREFIXES},
	{"[rule a]\nwired = 10.0.0.1/33\n",
	 "5: [rule a] wired = 10.0.0.1/33 has a bad prefix length, " PREFIXES},
	{"[rule a]\nwireless = 2001:db8::/129\n",
	 "5: [rule a] wireless = 2001:db8::/129 has a bad prefix length, " PREFIXES},
	{"[rule a]\nwireless = 2001:db8::/64 x\n",
	 "5: [rule a] wireless = 2001:db8::/64 x has a bad prefix length, " PREFIXES},
	{"[rule a]\nwired = 10.0.0.1/8\n", "5: [rule a] wired = 10.0.0.1/8 has address bits set "
					   "after its prefix length, " PREFIXES},
	{"[rule a]\nwired = 10.0.0.1\nwireless = ::1\n",
	 "6: [rule a] wireless = ::1 is of another IP version than the other side of this rule, "
	 "allowed: both IPv4 or both IPv6"},
#define PORTS "allowed: PORT or PORT-PORT, 0 to 65535"
	{"[rule a]\nwired_ports = http\n", "5: [rule a] wired_ports = http is not a port, " PORTS},
	{"[rule a]\nwired_ports = 65536\n",
	 "5: [rule a] wired_ports = 65536 is not a port, " PORTS},
	{"[rule a]\nwired_ports = 1-\n",
	 "5: [rule a] wired_ports = 1- is not a range of ports, " PORTS},
	{"[rule a]\nwireless_ports = 9-8\n",
	 "5: [rule a] wireless_ports = 9-8 is a range that ends before it starts, " PORTS},
	{"[rule a]\nwireless_ports = 8,9\n",
	 "5: [rule a] wireless_ports = 8,9 has text after the port, " PORTS},
};

static void refuses_bad_rules(void **state)
{
	char text[8192] = LINK;

	(void)state;
	for (size_t i = 0; i < sizeof(bad_rules) / sizeof(bad_rules[0]); i++) {
		snprintf(text, sizeof(text), LINK "%s", bad_rules[i].text);
		refuse(text, strlen(text), bad_rules[i].error);
	}
	snprintf(text, sizeof(text), LINK);
	for (int i = 0; i <= CONFIG_RULES_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "[rule r%d]\nmode = observe\n", i);
	refuse(text, strlen(text),
	       "132: [rule r64] is one rule too many for link main, allowed: 64");
}

static void refuses_what_libinih_would_cut(void **state)
{
	char text[1024], name[200];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[180] = '\0';
	snprintf(text, sizeof(text), LINK "#%.179s\n#%s\n", name, name);
	refuse(text, strlen(text), "5: line too long, allowed: 180 characters");
	name[64] = '\0';
	snprintf(text, sizeof(text), "[link]\nwired = %s\n", name);
	snprintf(text + 512, 512,
		 "2: [link] wired = %s is too long, allowed: an ethdev name or index, "
		 "1 to 63 characters without blanks",
		 name);
	refuse(text, strlen(text), text + 512);
	refuse(LINK "mode\0 = auto\n", sizeof(LINK "mode\0 = auto\n") - 1,
	       "4: control character 0x00, allowed: plain text");
	/* A continuation line, as libinih understands it. */
	refuse(LINK "mode = auto\n  mode = snoop\n", strlen(LINK "mode = auto\n  mode = snoop\n"),
	       "5: [link] mode is given twice, first in line 4, allowed: once");
}

static void refuses_unreadable_files(void **state)
{
	struct config config;
	char error[512], name[300];

	(void)state;
	assert_int_equal(config_load(&config, "/nonexistent/a.ini", error, sizeof(error)), -1);
	assert_string_equal(error,
			    "/nonexistent/a.ini:0: cannot be opened: No such file or directory, "
			    "allowed: a readable file");
	assert_int_equal(config_load(&config, "/", error, sizeof(error)), -1);
	assert_string_equal(error, "/:1: cannot be read: Is a directory, allowed: a readable file");
	memset(name, 'x', sizeof(name));
	name[299] = '\0';
	assert_int_equal(config_load(&config, name, error, sizeof(error)), -1);
	assert_non_null(strstr(error, ":0: path too long, allowed: 255 characters"));
	assert_int_equal(config_load(&config, "/nonexistent", error, 10), -1);
	assert_int_equal(strlen(error), 9);
}

static void accepts_what_people_write(void **state)
{
	struct config config;
	char error[512];

	(void)state;
	assert_int_equal(
		load(&config,
		     "\xef\xbb\xbf# BOM\r\n[link] ; ports\r\n"
		     "  wired=0000:01:00.0\r\n\twireless = net_tap0#1 # radio\r\n"
		     "[ports]\nmtu = auto\n[cache]\nbytes = 1048576B\nflow_bytes = 1024KiB\n"
		     "[veto]\nprior = 2.5%\ndelay = 7ms\n[withhold]\ntime = 0us\n"
		     "[rule last]\nmode=snoop",
		     error),
		0);
	assert_string_equal(error, "");
	assert_string_equal(config.wired, "0000:01:00.0");
	assert_string_equal(config.wireless, "net_tap0#1");
	assert_int_equal(config.mtu_bytes, 0);
	assert_int_equal(config.protocol.cache_bytes, 1 << 20);
	assert_int_equal(config.protocol.flow_cache_bytes, 1 << 20);
	assert_int_equal(config.protocol.veto_prior_ppm, 25000);
	assert_int_equal(config.protocol.veto_delay_us, 7000);
	assert_int_equal(config.protocol.withhold_max_us, 0);
	assert_int_equal(config.rule_count, 1);
	assert_string_equal(config.file, path);
}

/* Whatever the file holds: an answer, and if it is no, one line that names the file. */
static void survives_mutations(void **state)
{
	static const char bytes[] = "[]=:#; \t\n\r0189kMGBus%.-/x\"\\\0\xff";
	const char *reference = read_reference();
	size_t size = strlen(reference), at;
	char *text = malloc(size + 1);
	struct config config;
	char error[512];
	int accepted = 0;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 3000; i++) {
		size_t cut = random_below(8) == 0 ? random_below(size) : size;

		memcpy(text, reference, size);
		for (uint64_t n = random_below(4); n > 0; n--) {
			at = random_below(size);
			text[at] = bytes[random_below(sizeof(bytes) - 1)];
		}
		if (load_bytes(&config, text, cut, error) == 0) {
			accepted++;
			assert_string_equal(error, "");
			round_trip(&config);
		} else {
			assert_memory_equal(error, path, strlen(path));
			assert_null(strchr(error, '\n'));
		}
	}
	free(text);
	assert_in_range(accepted, 500, 2999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_bad_files),
		cmocka_unit_test(refuses_unknown_keys),
		cmocka_unit_test(refuses_bad_rules),
		cmocka_unit_test(refuses_what_libinih_would_cut),
		cmocka_unit_test(refuses_unreadable_files),
		cmocka_unit_test(accepts_what_people_write),
		cmocka_unit_test(survives_mutations),
	};

	return cmocka_run_group_tests_name("config", tests, make_file, remove_file);
}
