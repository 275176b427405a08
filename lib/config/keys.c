/* SPDX-License-Identifier: BSD-3-Clause */
#include <config/keys.h>

#include <inttypes.h>
#include <string.h>

#define US_PER_MS 1000u
#define US_PER_S 1000000u
#define US_PER_MIN 60000000u
#define KIB 1024ull
#define MIB (KIB * KIB)
#define GIB (MIB * KIB)
#define PPM_PER_PERCENT 10000u

#define ENTRY(section, name, kind, field, min, max, at_start)                                      \
	{                                                                                          \
		section, name, CONFIG_##kind, offsetof(struct config, field), min, max, at_start   \
	}
#define KEY(section, name, kind, field, min, max) ENTRY(section, name, kind, field, min, max, false)
/* Ports, sizes of tables and pools, sockets: a reload refuses to change it. */
#define START(section, name, kind, field, min, max) ENTRY(section, name, kind, field, min, max, true)

/* clang-format off */
const struct config_key config_keys[CONFIG_KEY_COUNT] = {
	START("link", "wired", PORT, wired, 1, 63),
	START("link", "wireless", PORT, wireless, 1, 63),
	KEY("link", "mode", LEVEL, mode, 0, SNOOP_LEVEL_COUNT - 1),
	KEY("link", "propagate", SWITCH, propagate, 0, 1),
	KEY("link", "propagate_hold", TIME, propagate_hold_us, 0, US_PER_MIN),
	START("ports", "rx_descriptors", COUNT, rx_descriptors, 64, 32768),
	START("ports", "tx_descriptors", COUNT, tx_descriptors, 64, 32768),
	START("ports", "mtu", COUNT_OR_AUTO, mtu_bytes, 68, 65535),
	KEY("ports", "tx_retries", COUNT, tx_retries, 0, 10000),
	START("ports", "checksum", CHECKSUM, checksum, 0, CONFIG_CHECKSUM_COUNT - 1),
	START("workers", "distribution", DISTRIBUTION, distribution, 0, CONFIG_DISTRIBUTION_COUNT - 1),
	START("workers", "handoff", COUNT, handoff_packets, 64, 32768),
	START("flows", "max", COUNT, flows, 64, 1 << 24),
	KEY("flows", "idle", TIME, flow_idle_us, US_PER_S, 60 * US_PER_MIN),
	KEY("flows", "linger", TIME, flow_closed_us, 100 * US_PER_MS, US_PER_MIN),
	START("cache", "segments", COUNT, protocol.cache_segments, 64, 1 << 24),
	KEY("cache", "bytes", BYTES, protocol.cache_bytes, MIB, 1024 * GIB),
	KEY("cache", "flow_bytes", BYTES, protocol.flow_cache_bytes, 64 * KIB, 1024 * GIB),
	START("cache", "stations", COUNT, protocol.stations, 16, 1 << 20),
	KEY("timers", "rto_min", TIME, protocol.rto_min_us, 100, US_PER_S),
	KEY("timers", "rto_max", TIME, protocol.rto_max_us, US_PER_MS, US_PER_MIN),
	KEY("timers", "rto_initial", TIME, protocol.rto_initial_us, US_PER_MS, 10 * US_PER_S),
	KEY("timers", "delayed_ack", TIME, protocol.delayed_ack_us, 0, US_PER_S),
	KEY("timers", "probe_interval", TIME, protocol.probe_interval_us, US_PER_MS, 10 * US_PER_S),
	KEY("timers", "silence_max", TIME, protocol.silence_max_us, US_PER_MS, 60 * US_PER_MIN),
	KEY("repair", "tries", COUNT, protocol.tries_max, 1, 255),
	KEY("repair", "hole_age", TIME, protocol.hole_age_max_us, US_PER_MS, 10 * US_PER_S),
	KEY("repair", "allowance", COUNT, protocol.allowance_segments, 0, 65535),
	KEY("withhold", "time", TIME, protocol.withhold_max_us, 0, US_PER_S),
	KEY("withhold", "acks", COUNT, protocol.withhold_acks, 0, 65535),
	KEY("veto", "delay_floor", TIME, protocol.veto_delay_floor_us, 0, US_PER_S),
	KEY("veto", "delay", TIME_OR_AUTO, protocol.veto_delay_us, 1, 10 * US_PER_S),
	KEY("veto", "prior", SHARE, protocol.veto_prior_ppm, 0, 50 * PPM_PER_PERCENT),
	START("syn", "entries", COUNT, protocol.syn_entries, 0, 1 << 14),
	KEY("syn", "tries", COUNT, protocol.syn_tries, 0, 10),
	KEY("syn", "rate_max", COUNT, protocol.syn_rate_max, 0, 10000000),
	KEY("guard", "levels", SWITCH, guard_levels, 0, 1),
	KEY("guard", "period", TIME, guard_period_us, US_PER_S, 10 * US_PER_MIN),
	KEY("guard", "spurious", SHARE, guard_spurious_ppm, PPM_PER_PERCENT, 100 * PPM_PER_PERCENT),
	KEY("guard", "confirmed", SHARE, guard_confirmed_ppm, 0, 50 * PPM_PER_PERCENT),
	KEY("guard", "retry", TIME, guard_retry_us, US_PER_S, 60 * US_PER_MIN),
	KEY("guard", "memory", SHARE, guard_memory_ppm, 50 * PPM_PER_PERCENT, 100 * PPM_PER_PERCENT),
	START("process", "user", ACCOUNT, user, 1, 63),
	START("process", "group", ACCOUNT, group, 1, 63),
	START("process", "log", LOG, log, 0, CONFIG_LOG_COUNT - 1),
	START("metrics", "listen", LISTEN, metrics_listen, 1, 63),
};
/* clang-format on */

struct unit {
	const char *name;
	uint64_t factor;
};

/* Largest first: a value is printed in the largest unit that divides it. */
static const struct unit time_units[] = {
	{"min", US_PER_MIN}, {"s", US_PER_S}, {"ms", US_PER_MS}, {"us", 1}, {NULL, 0},
};
static const struct unit byte_units[] = {
	{"GiB", GIB}, {"MiB", MIB}, {"KiB", KIB}, {"B", 1}, {NULL, 0},
};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};
static const struct unit share_units[] = {{"%", PPM_PER_PERCENT}, {NULL, 0}};

static const struct unit *units_of(enum config_kind kind)
{
	switch (kind) {
	case CONFIG_TIME:
	case CONFIG_TIME_OR_AUTO:
		return time_units;
	case CONFIG_BYTES:
		return byte_units;
	case CONFIG_SHARE:
		return share_units;
	default:
		return no_units;
	}
}

static const char *const distribution_names[CONFIG_DISTRIBUTION_COUNT] = {
	[CONFIG_DISTRIBUTION_AUTO] = "auto",
	[CONFIG_DISTRIBUTION_RSS] = "rss",
	[CONFIG_DISTRIBUTION_SOFTWARE] = "software",
};

static const char *const checksum_names[CONFIG_CHECKSUM_COUNT] = {
	[CONFIG_CHECKSUM_SOFTWARE] = "software",
	[CONFIG_CHECKSUM_NIC] = "nic",
};

static const char *const log_names[CONFIG_LOG_COUNT] = {
	[CONFIG_LOG_STDERR] = "stderr",
	[CONFIG_LOG_SYSLOG] = "syslog",
};

const char *config_distribution_name(enum config_distribution distribution)
{
	return distribution_names[distribution];
}

/* The values of a key that is one of a few words, by number; NULL for all others. */
static const char *const switch_names[] = {"no", "yes"};

static const char *const *words_of(enum config_kind kind)
{
	return kind == CONFIG_DISTRIBUTION ? distribution_names
	       : kind == CONFIG_CHECKSUM   ? checksum_names
	       : kind == CONFIG_SWITCH	   ? switch_names
	       : kind == CONFIG_LOG	   ? log_names
					   : NULL;
}

static int word_parse(const struct config_key *key, const char *text)
{
	for (uint64_t i = 0; i <= key->max; i++)
		if (strcmp(text, words_of(key->kind)[i]) == 0)
			return (int)i;
	return -1;
}

static bool is_text(enum config_kind kind)
{
	return kind == CONFIG_PORT || kind == CONFIG_ACCOUNT || kind == CONFIG_LISTEN;
}

static bool or_auto(enum config_kind kind)
{
	return kind == CONFIG_COUNT_OR_AUTO || kind == CONFIG_TIME_OR_AUTO;
}

int config_key_find(const char *section, const char *name)
{
	for (int i = 0; i < CONFIG_KEY_COUNT; i++)
		if (strcmp(config_keys[i].section, section) == 0 &&
		    strcmp(config_keys[i].name, name) == 0)
			return i;
	return -1;
}

bool config_section_known(const char *section)
{
	for (int i = 0; i < CONFIG_KEY_COUNT; i++)
		if (strcmp(config_keys[i].section, section) == 0)
			return true;
	return false;
}

void config_append(char *out, size_t out_bytes, const char *text)
{
	size_t used = strlen(out);

	if (used < out_bytes)
		snprintf(out + used, out_bytes - used, "%s", text);
}

void config_level_names(char *out, size_t out_bytes)
{
	out[0] = '\0';
	for (unsigned int level = 0; level < SNOOP_LEVEL_COUNT; level++) {
		config_append(out, out_bytes, level == 0 ? "" : ", ");
		config_append(out, out_bytes, snoop_level_name((enum snoop_level)level));
	}
}

const char *config_key_units(const struct config_key *key)
{
	switch (key->kind) {
	case CONFIG_TIME:
	case CONFIG_TIME_OR_AUTO:
		return "us, ms, s, min";
	case CONFIG_BYTES:
		return "B, KiB, MiB, GiB";
	case CONFIG_SHARE:
		return "%";
	default:
		return "";
	}
}

static void format_number(enum config_kind kind, uint64_t value, char *out, size_t out_bytes)
{
	const struct unit *unit = units_of(kind);

	if (kind == CONFIG_SHARE) {
		int used = snprintf(out, out_bytes, "%" PRIu64 ".%04" PRIu64,
				    value / PPM_PER_PERCENT, value % PPM_PER_PERCENT);

		while (used > 0 && out[used - 1] == '0')
			used--;
		if (used > 0 && out[used - 1] == '.')
			used--;
		out[used] = '\0';
		config_append(out, out_bytes, "%");
		return;
	}
	/* Zero is written in the smallest unit. */
	while (unit->factor > 1 && (value == 0 || value % unit->factor != 0))
		unit++;
	snprintf(out, out_bytes, "%" PRIu64 "%s", value / unit->factor, unit->name);
}

void config_key_range(const struct config_key *key, char *out, size_t out_bytes)
{
	char min[32], max[32];

	switch (key->kind) {
	case CONFIG_PORT:
		snprintf(out, out_bytes,
			 "an ethdev name or index, %" PRIu64 " to %" PRIu64
			 " characters without blanks",
			 key->min, key->max);
		return;
	case CONFIG_ACCOUNT:
		snprintf(out, out_bytes, "auto, or a name or number, %" PRIu64 " to %" PRIu64 " characters without blanks",
			 key->min, key->max);
		return;
	case CONFIG_LEVEL:
		config_level_names(out, out_bytes);
		return;
	case CONFIG_LISTEN:
		snprintf(out, out_bytes, "off, or ADDRESS:PORT as in 127.0.0.1:9464 or [::1]:9464");
		return;
	case CONFIG_DISTRIBUTION:
		snprintf(out, out_bytes, "auto, rss, software");
		return;
	case CONFIG_CHECKSUM:
		snprintf(out, out_bytes, "software, nic");
		return;
	case CONFIG_LOG:
		snprintf(out, out_bytes, "stderr, syslog");
		return;
	case CONFIG_SWITCH:
		snprintf(out, out_bytes, "yes, no");
		return;
	default:
		format_number(key->kind, key->min, min, sizeof(min));
		format_number(key->kind, key->max, max, sizeof(max));
		snprintf(out, out_bytes, "%s%s to %s", or_auto(key->kind) ? "auto, or " : "", min,
			 max);
	}
}

uint64_t config_key_value(const struct config_key *key, const struct config *config)
{
	const char *field = (const char *)config + key->offset;
	enum snoop_level level;
	uint64_t wide;
	uint32_t value;

	switch (key->kind) {
	case CONFIG_PORT:
	case CONFIG_ACCOUNT:
	case CONFIG_LISTEN:
		return 0;
	case CONFIG_LEVEL:
		memcpy(&level, field, sizeof(level));
		return level;
	case CONFIG_BYTES:
		memcpy(&wide, field, sizeof(wide));
		return wide;
	default:
		memcpy(&value, field, sizeof(value));
		return value;
	}
}

void config_key_format(const struct config_key *key, const struct config *config, char *out,
		       size_t out_bytes)
{
	uint64_t value = config_key_value(key, config);

	if (is_text(key->kind))
		snprintf(out, out_bytes, "%s", (const char *)config + key->offset);
	else if (key->kind == CONFIG_LEVEL)
		snprintf(out, out_bytes, "%s", snoop_level_name((enum snoop_level)value));
	else if (words_of(key->kind) != NULL)
		snprintf(out, out_bytes, "%s", words_of(key->kind)[value]);
	else if (or_auto(key->kind) && value == 0)
		snprintf(out, out_bytes, "auto");
	else
		format_number(key->kind, value, out, out_bytes);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Saturates, so that what does not fit is out of range later. */
static uint64_t read_digits(const char **text)
{
	uint64_t value = 0;

	for (; is_digit(**text); (*text)++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(**text - '0'), &value)) {
			while (is_digit(**text))
				(*text)++;
			return UINT64_MAX;
		}
	return value;
}

/* Up to four digits behind the point: 0.0001 % is one part per million. */
static const char *parse_fraction(const char **text, uint64_t *ppm)
{
	uint64_t weight = PPM_PER_PERCENT / 10;

	*ppm = 0;
	if (**text != '.')
		return NULL;
	(*text)++;
	if (!is_digit(**text))
		return "has no digit behind the point";
	for (; is_digit(**text); (*text)++, weight /= 10) {
		if (weight == 0)
			return "has more than four digits behind the point";
		*ppm += weight * (uint64_t)(**text - '0');
	}
	return NULL;
}

static const char *parse_number(enum config_kind kind, const char *text, uint64_t *value)
{
	const struct unit *unit = units_of(kind);
	uint64_t fraction = 0;
	size_t unit_chars;

	if (!is_digit(*text))
		return "is not a number";
	*value = read_digits(&text);
	if (kind == CONFIG_SHARE) {
		const char *what = parse_fraction(&text, &fraction);

		if (what != NULL)
			return what;
	}
	if (unit->name[0] == '\0')
		return *text == '\0' ? NULL : "has text after the number";
	unit_chars = strcspn(text, " \t0123456789.,");
	if (unit_chars == 0)
		return *text == '\0' ? "has no unit" : "has no unit right after the number";
	while (unit->name != NULL &&
	       (strlen(unit->name) != unit_chars || strncmp(unit->name, text, unit_chars) != 0))
		unit++;
	if (unit->name == NULL)
		return "has an unknown unit";
	if (text[unit_chars] != '\0')
		return "has text after the unit";
	if (__builtin_mul_overflow(*value, unit->factor, value) ||
	    __builtin_add_overflow(*value, fraction, value))
		*value = UINT64_MAX;
	return NULL;
}

void config_key_set(const struct config_key *key, struct config *config, uint64_t value)
{
	char *field = (char *)config + key->offset;
	uint32_t narrow = (uint32_t)value;

	if (key->kind == CONFIG_BYTES)
		memcpy(field, &value, sizeof(value));
	else
		memcpy(field, &narrow, sizeof(narrow));
}

const char *config_key_parse(const struct config_key *key, const char *text, struct config *config)
{
	char *field = (char *)config + key->offset;
	const char *what;
	uint64_t value;

	if (*text == '\0')
		return "has no value";
	if (is_text(key->kind)) {
		struct sockaddr_storage addr;

		if (strlen(text) > key->max)
			return "is too long";
		if (strpbrk(text, " \t") != NULL)
			return "has a blank in it";
		if (*text == '#' || *text == ';')
			return "begins like a comment";
		if (key->kind == CONFIG_LISTEN && strcmp(text, "off") != 0 &&
		    config_listen_addr(text, &addr) != 0)
			return "is not an address with a port";
		memset(field, 0, key->max + 1);
		memcpy(field, text, strlen(text));
		return NULL;
	}
	if (key->kind == CONFIG_LEVEL || words_of(key->kind) != NULL) {
		bool level = key->kind == CONFIG_LEVEL;
		int parsed = level ? snoop_level_parse(text) : word_parse(key, text);

		if (parsed < 0)
			return level ? "is not a level" : "is none of these words";
		config_key_set(key, config, (uint64_t)parsed);
		return NULL;
	}
	if (or_auto(key->kind) && strcmp(text, "auto") == 0) {
		value = 0;
	} else {
		what = parse_number(key->kind, text, &value);
		if (what != NULL)
			return what;
		if (value < key->min || value > key->max)
			return "is out of range";
	}
	config_key_set(key, config, value);
	return NULL;
}
