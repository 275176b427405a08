/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libinih splits the lines. Some mistakes it accepts silently, so the reader below refuses them
 * first: overlong lines (libinih cuts them), continuation lines, ':' for '=', and sections that are
 * unknown, or given twice, and have no keys. The packaged libinih gives its handler no line number,
 * but calls it before it asks for the next line, so reader.line is the right one.
 */
#include <config/config.h>

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <string.h>

#include <config/rules.h>
#include <config/schema.h>

/* Below the 200 bytes that libinih takes by default; a longer line is a mistake in any case. */
#define LINE_CHARS_MAX 180
#define RULE_PREFIX "rule "
/* What DPDK's telemetry takes in names, where "rule/NAME" is one. */
#define RULE_NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

struct reader {
	FILE *stream;
	struct config *config;
	unsigned int line;
	char section[LINE_CHARS_MAX + 1]; /* whose keys are read now; "" before the first */
	/* The line in which each key was given; 0 = it has its default. */
	unsigned int key_line[CONFIG_KEY_COUNT];
	/* The line of each section, at the index of its first key. */
	unsigned int section_line[CONFIG_KEY_COUNT];
	struct config_rule *rule; /* the section is this rule, or NULL */
	unsigned int rule_line[CONFIG_RULES_MAX];
	unsigned int rule_key_line[CONFIG_RULE_KEY_COUNT]; /* of that rule */
	bool failed;
	char *error;
	size_t error_bytes;
};

/* Only the first error counts. Always returns false. */
__attribute__((format(printf, 3, 4))) static bool fail(struct reader *reader, unsigned int line,
						       const char *format, ...)
{
	va_list args;
	int used;

	if (reader->failed)
		return false;
	reader->failed = true;
	used = snprintf(reader->error, reader->error_bytes, "%s:%u: ", reader->config->file, line);
	if (used < 0 || (size_t)used >= reader->error_bytes)
		return false;
	va_start(args, format);
	vsnprintf(reader->error + used, reader->error_bytes - (size_t)used, format, args);
	va_end(args);
	return false;
}

static bool fail_unknown_section(struct reader *reader, const char *section)
{
	char names[200] = "";

	for (int i = 0; i < CONFIG_KEY_COUNT; i++)
		if (i == 0 || strcmp(config_keys[i].section, config_keys[i - 1].section) != 0) {
			config_append(names, sizeof(names), config_keys[i].section);
			config_append(names, sizeof(names), ", ");
		}
	return fail(reader, reader->line, "unknown section [%s], allowed: %srule NAME", section,
		    names);
}

static bool leave_section(struct reader *reader)
{
	const struct config_rule *rule = reader->rule;

	reader->rule = NULL;
	if (rule != NULL && reader->rule_key_line[CONFIG_RULE_KEY_MODE] == 0) {
		char names[128];

		config_words_list(CONFIG_LEVEL, names, sizeof(names));
		return fail(reader, reader->rule_line[rule - reader->config->rules],
			    "[rule %s] has no mode, allowed: mode = one of %s", rule->name, names);
	}
	return true;
}

static bool enter_rule(struct reader *reader, const char *name)
{
	struct config *config = reader->config;

	if (name[0] == '\0' || strlen(name) >= sizeof(config->rules[0].name) ||
	    name[strspn(name, RULE_NAME_CHARS)] != '\0')
		return fail(reader, reader->line,
			    "bad rule name '%s', allowed: 1 to %zu of letters, "
			    "digits and '_'",
			    name, sizeof(config->rules[0].name) - 1);
	for (uint32_t i = 0; i < config->rule_count; i++)
		if (strcmp(config->rules[i].name, name) == 0)
			return fail(reader, reader->line,
				    "[rule %s] is given twice, first in line %u, "
				    "allowed: once",
				    name, reader->rule_line[i]);
	if (config->rule_count == CONFIG_RULES_MAX)
		return fail(reader, reader->line, "[rule %s] is one rule too many, allowed: %d",
			    name, CONFIG_RULES_MAX);
	reader->rule_line[config->rule_count] = reader->line;
	memset(reader->rule_key_line, 0, sizeof(reader->rule_key_line));
	reader->rule = &config->rules[config->rule_count++];
	config_rule_init(reader->rule, name, config->mode);
	return true;
}

static bool enter_section(struct reader *reader, const char *section)
{
	int first = 0;

	if (!leave_section(reader))
		return false;
	snprintf(reader->section, sizeof(reader->section), "%s", section);
	if (strncmp(section, RULE_PREFIX, strlen(RULE_PREFIX)) == 0)
		return enter_rule(reader, section + strlen(RULE_PREFIX));
	if (!config_section_known(section))
		return fail_unknown_section(reader, section);
	while (strcmp(config_keys[first].section, section) != 0)
		first++;
	if (reader->section_line[first] != 0)
		return fail(reader, reader->line,
			    "[%s] is given twice, first in line %u, allowed: once", section,
			    reader->section_line[first]);
	reader->section_line[first] = reader->line;
	return true;
}

static bool fail_unknown_key(struct reader *reader, const char *name)
{
	char names[200] = "";

	for (int i = 0; i < CONFIG_KEY_COUNT && reader->rule == NULL; i++)
		if (strcmp(config_keys[i].section, reader->section) == 0) {
			config_append(names, sizeof(names), names[0] == '\0' ? "" : ", ");
			config_append(names, sizeof(names), config_keys[i].name);
		}
	for (int i = 0; i < CONFIG_RULE_KEY_COUNT && reader->rule != NULL; i++) {
		config_append(names, sizeof(names), i == 0 ? "" : ", ");
		config_append(names, sizeof(names), config_rule_keys[i].name);
	}
	return fail(reader, reader->line, "unknown key '%s' in [%s], allowed: %s", name,
		    reader->section, names);
}

static bool first_time(struct reader *reader, unsigned int *line, const char *name)
{
	if (*line != 0)
		return fail(reader, reader->line,
			    "[%s] %s is given twice, first in line %u, "
			    "allowed: once",
			    reader->section, name, *line);
	*line = reader->line;
	return true;
}

static bool fail_value(struct reader *reader, const char *name, const char *value, const char *what,
		       const char *allowed, const char *units)
{
	return fail(reader, reader->line, "[%s] %s%s%s %s, allowed: %s%s%s%s", reader->section,
		    name, value[0] != '\0' ? " = " : "", value, what, allowed,
		    units[0] != '\0' ? " (units " : "", units, units[0] != '\0' ? ")" : "");
}

static bool set_rule_key(struct reader *reader, const char *name, const char *value)
{
	struct config_refusal refusal;
	int i = 0;

	while (i < CONFIG_RULE_KEY_COUNT && strcmp(config_rule_keys[i].name, name) != 0)
		i++;
	if (i == CONFIG_RULE_KEY_COUNT)
		return fail_unknown_key(reader, name);
	if (!first_time(reader, &reader->rule_key_line[i], name))
		return false;
	if (!config_rule_parse(reader->rule, i, value, &refusal))
		return fail_value(reader, name, value, refusal.what, refusal.allowed, "");
	return true;
}

/* libinih's handler: one key. Returns 0 on error. */
static int handle_key(void *user, const char *section, const char *name, const char *value)
{
	struct reader *reader = user;
	const struct config_key *key;
	const char *what;
	char range[160];
	int i;

	(void)section; /* cut at 49 characters */
	if (reader->failed)
		return 0;
	if (reader->section[0] == '\0')
		return fail(reader, reader->line,
			    "key '%s' stands before the first section, "
			    "allowed: a [section] line above it",
			    name);
	if (reader->rule != NULL)
		return set_rule_key(reader, name, value);
	i = config_key_find(reader->section, name);
	if (i < 0)
		return fail_unknown_key(reader, name);
	if (!first_time(reader, &reader->key_line[i], name))
		return 0;
	key = &config_keys[i];
	what = config_key_parse(key, value, reader->config);
	if (what == NULL)
		return 1;
	config_key_range(key, range, sizeof(range));
	return fail_value(reader, name, value, what, range, config_kind_units(key->kind));
}

/* One line without its end and its comment. Returns false at the end of the file or on an error. */
static bool read_line(struct reader *reader, char line[LINE_CHARS_MAX + 1])
{
	size_t chars = 0;
	bool comment = false, any = false;
	int c;

	reader->line++;
	while ((c = getc(reader->stream)) != EOF) {
		any = true;
		if (c == '\n')
			break;
		if (c == '\r' || c == '\t')
			c = ' ';
		if (c < ' ' || c == 0x7f)
			return fail(reader, reader->line,
				    "control character 0x%02x, allowed: plain text",
				    (unsigned int)c);
		if (chars == LINE_CHARS_MAX)
			return fail(reader, reader->line, "line too long, allowed: %d characters",
				    LINE_CHARS_MAX);
		if ((c == '#' || c == ';') && !comment && (chars == 0 || line[chars - 1] == ' '))
			comment = true;
		line[chars++] = (char)(comment ? ' ' : c);
		if (reader->line == 1 && chars == 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
			chars = 0; /* a byte order mark */
	}
	if (ferror(reader->stream))
		return fail(reader, reader->line, "cannot be read: %s, allowed: a readable file",
			    strerror(errno));
	while (chars > 0 && line[chars - 1] == ' ')
		chars--;
	line[chars] = '\0';
	if (!any)
		reader->line--;
	return any;
}

static bool check_section_line(struct reader *reader, char *text)
{
	char *end = strchr(text, ']');

	if (end == NULL || end[1] != '\0')
		return fail(reader, reader->line,
			    "bad section line '%s', allowed: [section] and nothing "
			    "after it",
			    text);
	*end = '\0';
	if (!enter_section(reader, text + 1))
		return false;
	*end = ']';
	return true;
}

/* libinih's reader, in the shape of fgets(). */
static char *next_line(char *out, int out_bytes, void *user)
{
	struct reader *reader = user;
	char line[LINE_CHARS_MAX + 1];
	char *text;

	if (reader->failed || !read_line(reader, line))
		return NULL;
	text = line + strspn(line, " ");
	if (text[0] == '[') {
		if (!check_section_line(reader, text))
			return NULL;
	} else if (text[0] != '\0' && text[strcspn(text, "=:")] != '=') {
		fail(reader, reader->line,
		     "no '=' in '%s', allowed: key = value, [section], # comment", text);
		return NULL;
	}
	if (snprintf(out, (size_t)out_bytes, "%s\n", text) >= out_bytes) {
		fail(reader, reader->line, "line too long, allowed: %d characters", out_bytes - 2);
		return NULL;
	}
	return out;
}

/* Pairs of keys of which the first may not be above the second. */
static const struct {
	size_t low, high;
} ordered[] = {
	{offsetof(struct config, flow_closed_us), offsetof(struct config, flow_idle_us)},
	{offsetof(struct config, protocol.flow_cache_bytes),
	 offsetof(struct config, protocol.cache_bytes)},
	{offsetof(struct config, protocol.rto_min_us),
	 offsetof(struct config, protocol.rto_initial_us)},
	{offsetof(struct config, protocol.rto_initial_us),
	 offsetof(struct config, protocol.rto_max_us)},
	{offsetof(struct config, protocol.probe_interval_us),
	 offsetof(struct config, protocol.silence_max_us)},
};

static int key_at(size_t offset)
{
	int i = 0;

	while (config_keys[i].offset != offset)
		i++;
	return i;
}

static bool check_order(struct reader *reader)
{
	for (size_t i = 0; i < sizeof(ordered) / sizeof(ordered[0]); i++) {
		int low = key_at(ordered[i].low), high = key_at(ordered[i].high);
		unsigned int low_line = reader->key_line[low], high_line = reader->key_line[high];
		const struct config_key *l = &config_keys[low], *h = &config_keys[high];
		char low_text[32], high_text[32];

		if (config_key_value(l, reader->config) <= config_key_value(h, reader->config))
			continue;
		config_key_format(l, reader->config, low_text, sizeof(low_text));
		config_key_format(h, reader->config, high_text, sizeof(high_text));
		return fail(reader, low_line > high_line ? low_line : high_line,
			    "[%s] %s = %s must not exceed [%s] %s = %s%s", l->section, l->name,
			    low_text, h->section, h->name, high_text,
			    low_line == 0 || high_line == 0 ? " (one of them by default)" : "");
	}
	return true;
}

static bool check_ports(struct reader *reader)
{
	struct config *config = reader->config;
	unsigned int wired = reader->key_line[key_at(offsetof(struct config, wired))];
	unsigned int wireless = reader->key_line[key_at(offsetof(struct config, wireless))];
	unsigned int section = reader->section_line[0];

	if (reader->line == 0)
		return fail(reader, 1,
			    "the file is empty, allowed: at least [link] with wired and wireless");
	if (wired == 0 || wireless == 0)
		return fail(reader, section != 0 ? section : reader->line,
			    "[link] %s is missing, allowed: an ethdev name or index",
			    wired == 0 ? "wired" : "wireless");
	if (strcmp(config->wired, config->wireless) == 0)
		return fail(reader, wired > wireless ? wired : wireless,
			    "[link] wired and wireless are both %s, allowed: two different ports",
			    config->wired);
	config->wired_line = wired;
	config->wireless_line = wireless;
	return true;
}

int config_load(struct config *config, const char *path, char *error, size_t error_bytes)
{
	struct reader reader = {.config = config, .error = error, .error_bytes = error_bytes};
	int bad_line;

	config_defaults(config);
	snprintf(config->file, sizeof(config->file), "%s", path);
	if (strlen(path) >= sizeof(config->file)) {
		fail(&reader, 0, "path too long, allowed: %zu characters",
		     sizeof(config->file) - 1);
		return -1;
	}
	reader.stream = fopen(path, "re");
	if (reader.stream == NULL) {
		fail(&reader, 0, "cannot be opened: %s, allowed: a readable file", strerror(errno));
		return -1;
	}
	bad_line = ini_parse_stream(next_line, &reader, handle_key, &reader);
	if (bad_line != 0)
		fail(&reader, reader.line,
		     "not understood, allowed: key = value, [section], # comment");
	fclose(reader.stream);
	if (reader.failed || !leave_section(&reader) || !check_ports(&reader) ||
	    !check_order(&reader))
		return -1;
	return 0;
}
