/* SPDX-License-Identifier: BSD-3-Clause */
#include <config/value.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <config/config.h>

struct unit {
	const char *name;
	uint64_t factor;
};

/* Largest first: a value is printed in the largest unit that divides it. */
static const struct unit time_units[] = {
	{"min", CONFIG_US_PER_MIN},
	{"s", CONFIG_US_PER_S},
	{"ms", CONFIG_US_PER_MS},
	{"us", 1},
	{NULL, 0},
};
static const struct unit byte_units[] = {
	{"GiB", CONFIG_KIB *CONFIG_KIB *CONFIG_KIB},
	{"MiB", CONFIG_KIB *CONFIG_KIB},
	{"KiB", CONFIG_KIB},
	{"B", 1},
	{NULL, 0},
};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};
static const struct unit share_units[] = {{"%", CONFIG_PPM_PER_PERCENT}, {NULL, 0}};

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

static const char *const level_words[] = {
#define LEVEL_WORD(id, token, help) [SNOOP_LEVEL_##id] = #token,
	SNOOP_LEVELS(LEVEL_WORD)
#undef LEVEL_WORD
		[SNOOP_LEVEL_COUNT] = NULL,
};

static const char *const distribution_words[] = {
	[CONFIG_DISTRIBUTION_AUTO] = "auto",
	[CONFIG_DISTRIBUTION_RSS] = "rss",
	[CONFIG_DISTRIBUTION_SOFTWARE] = "software",
	[CONFIG_DISTRIBUTION_COUNT] = NULL,
};

static const char *const checksum_words[] = {
	[CONFIG_CHECKSUM_SOFTWARE] = "software",
	[CONFIG_CHECKSUM_NIC] = "nic",
	[CONFIG_CHECKSUM_COUNT] = NULL,
};

static const char *const lost_words[] = {
	[CONFIG_LOST_RESTART] = "restart",
	[CONFIG_LOST_WAIT] = "wait",
	[CONFIG_LOST_COUNT] = NULL,
};

static const char *const offloads_words[] = {
	[CONFIG_OFFLOADS_REFUSE] = "refuse",
	[CONFIG_OFFLOADS_WARN] = "warn",
	[CONFIG_OFFLOADS_COUNT] = NULL,
};

static const char *const vlan_words[] = {
	[CONFIG_VLAN_KEY] = "key",
	[CONFIG_VLAN_IGNORE] = "ignore",
	[CONFIG_VLAN_COUNT] = NULL,
};

static const char *const log_words[] = {
	[CONFIG_LOG_STDERR] = "stderr",
	[CONFIG_LOG_SYSLOG] = "syslog",
	[CONFIG_LOG_COUNT] = NULL,
};

static const char *const switch_words[] = {"no", "yes", NULL};

const char *const *config_kind_words(enum config_kind kind)
{
	switch (kind) {
	case CONFIG_LEVEL:
		return level_words;
	case CONFIG_DISTRIBUTION:
		return distribution_words;
	case CONFIG_CHECKSUM:
		return checksum_words;
	case CONFIG_LOST:
		return lost_words;
	case CONFIG_OFFLOADS:
		return offloads_words;
	case CONFIG_VLAN:
		return vlan_words;
	case CONFIG_LOG:
		return log_words;
	case CONFIG_SWITCH:
		return switch_words;
	default:
		return NULL;
	}
}

const char *config_distribution_name(enum config_distribution distribution)
{
	return distribution_words[distribution];
}

int config_word_parse(enum config_kind kind, const char *text)
{
	const char *const *words = config_kind_words(kind);

	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	return -1;
}

void config_words_list(enum config_kind kind, char *out, size_t out_bytes)
{
	const char *const *words = config_kind_words(kind);

	out[0] = '\0';
	for (int i = 0; words[i] != NULL; i++) {
		config_append(out, out_bytes, i == 0 ? "" : ", ");
		config_append(out, out_bytes, words[i]);
	}
}

bool config_kind_is_text(enum config_kind kind)
{
	return kind == CONFIG_PORT || kind == CONFIG_ACCOUNT || kind == CONFIG_LISTEN;
}

bool config_kind_has_auto(enum config_kind kind)
{
	return kind == CONFIG_COUNT_OR_AUTO || kind == CONFIG_TIME_OR_AUTO;
}

const char *config_kind_units(enum config_kind kind)
{
	const struct unit *units = units_of(kind);

	return units == time_units    ? "us, ms, s, min"
	       : units == byte_units  ? "B, KiB, MiB, GiB"
	       : units == share_units ? "%"
				      : "";
}

static void format_share(uint64_t value, char *out, size_t out_bytes)
{
	int used = snprintf(out, out_bytes, "%" PRIu64 ".%04" PRIu64,
			    value / CONFIG_PPM_PER_PERCENT, value % CONFIG_PPM_PER_PERCENT);

	while (used > 0 && out[used - 1] == '0')
		used--;
	if (used > 0 && out[used - 1] == '.')
		used--;
	out[used] = '\0';
	config_append(out, out_bytes, "%");
}

void config_number_format(enum config_kind kind, uint64_t value, char *out, size_t out_bytes)
{
	const struct unit *unit = units_of(kind);

	if (kind == CONFIG_SHARE) {
		format_share(value, out, out_bytes);
		return;
	}
	while (unit->factor > 1 && (value == 0 || value % unit->factor != 0))
		unit++;
	snprintf(out, out_bytes, "%" PRIu64 "%s", value / unit->factor, unit->name);
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

/* Up to four digits after the point: 0.0001 % is one part per million. */
static const char *parse_fraction(const char **text, uint64_t *ppm)
{
	uint64_t weight = CONFIG_PPM_PER_PERCENT / 10;

	*ppm = 0;
	if (**text != '.')
		return NULL;
	(*text)++;
	if (!is_digit(**text))
		return "has no digit after the point";
	for (; is_digit(**text); (*text)++, weight /= 10) {
		if (weight == 0)
			return "has more than four digits after the point";
		*ppm += weight * (uint64_t)(**text - '0');
	}
	return NULL;
}

/* The unit, which has to be all of the text; *what receives NULL, or what is wrong. */
static const struct unit *parse_unit(enum config_kind kind, const char *text, const char **what)
{
	const struct unit *unit = units_of(kind);
	size_t chars = strcspn(text, " \t0123456789.,");

	*what = NULL;
	if (unit->name[0] == '\0') {
		*what = *text == '\0' ? NULL : "has text after the number";
	} else if (chars == 0) {
		*what = *text == '\0' ? "has no unit" : "has no unit right after the number";
	} else {
		while (unit->name != NULL &&
		       (strlen(unit->name) != chars || strncmp(unit->name, text, chars) != 0))
			unit++;
		*what = unit->name == NULL    ? "has an unknown unit"
			: text[chars] != '\0' ? "has text after the unit"
					      : NULL;
	}
	return unit;
}

const char *config_number_parse(enum config_kind kind, const char *text, uint64_t *value)
{
	uint64_t fraction = 0;
	const struct unit *unit;
	const char *what = NULL;

	if (!is_digit(*text))
		return "is not a number";
	*value = read_digits(&text);
	if (kind == CONFIG_SHARE)
		what = parse_fraction(&text, &fraction);
	if (what != NULL)
		return what;
	unit = parse_unit(kind, text, &what);
	if (what != NULL)
		return what;
	if (__builtin_mul_overflow(*value, unit->factor, value) ||
	    __builtin_add_overflow(*value, fraction, value))
		*value = UINT64_MAX;
	return NULL;
}

/* A worker's number; CONFIG_WORKERS_MAX where it is above what there can be, -1 where there is
 * none.
 */
static int read_worker(const char **text)
{
	uint64_t number;

	if (!is_digit(**text))
		return -1;
	number = read_digits(text);
	return number < CONFIG_WORKERS_MAX ? (int)number : CONFIG_WORKERS_MAX;
}

/* "2" or "2-3" */
static const char *parse_worker_range(const char **text, int *first, int *last)
{
	*first = read_worker(text);
	*last = *first;
	if (*first >= 0 && **text == '-') {
		(*text)++;
		*last = read_worker(text);
	}
	if (*first < 0 || *last < 0)
		return "is no list of workers";
	if (*first == CONFIG_WORKERS_MAX || *last == CONFIG_WORKERS_MAX)
		return "is out of range";
	return *last < *first ? "has a range that ends before it starts" : NULL;
}

const char *config_workers_parse(const char *text, uint64_t *mask)
{
	*mask = 0;
	if (strcmp(text, "all") == 0)
		return NULL;
	for (;;) {
		int first, last;
		const char *what = parse_worker_range(&text, &first, &last);

		if (what != NULL)
			return what;
		for (int worker = first; worker <= last; worker++) {
			if ((*mask >> worker & 1) != 0)
				return "names a worker twice";
			*mask |= UINT64_C(1) << worker;
		}
		if (*text == '\0')
			return NULL;
		if (*text++ != ',')
			return "is no list of workers";
	}
}

void config_workers_format(uint64_t mask, char *out, size_t out_bytes)
{
	char range[16];

	snprintf(out, out_bytes, "%s", mask == 0 ? "all" : "");
	for (int first = 0, last; first < CONFIG_WORKERS_MAX; first = last + 1) {
		last = first;
		if ((mask >> first & 1) == 0)
			continue;
		while ((mask >> (last + 1) & 1) != 0)
			last++;
		snprintf(range, sizeof(range), last > first ? "%s%d-%d" : "%s%d",
			 out[0] == '\0' ? "" : ",", first, last);
		config_append(out, out_bytes, range);
	}
}

void config_append(char *out, size_t out_bytes, const char *text)
{
	size_t used = strlen(out);

	if (used < out_bytes)
		snprintf(out + used, out_bytes - used, "%s", text);
}
