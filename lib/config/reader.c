/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packaged libinih gives its handler no line number, but calls it before it asks for the next
 * line, so reader.line is the right one. Sections that are unknown, or given twice, and have no
 * keys, it does not tell; lines.c sees them.
 */
#include <config/reader.h>

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <string.h>

bool reader_fail(struct reader *reader, unsigned int line, const char *format, ...)
{
	va_list args;
	int used;

	if (reader->failed)
		return false;
	reader->failed = true;
	used = snprintf(reader->error, reader->error_bytes, "%.255s:%u: ", reader->path, line);
	if (used < 0 || (size_t)used >= reader->error_bytes)
		return false;
	va_start(args, format);
	vsnprintf(reader->error + used, reader->error_bytes - (size_t)used, format, args);
	va_end(args);
	return false;
}

static bool fail_unknown_key(struct reader *reader, const char *name)
{
	char names[200] = "";

	for (int i = 0; i < CONFIG_KEY_COUNT && reader->rule == NULL; i++)
		if (strcmp(config_keys[i].section, config_keys[reader->section_key].section) == 0) {
			config_append(names, sizeof(names), names[0] == '\0' ? "" : ", ");
			config_append(names, sizeof(names), config_keys[i].name);
		}
	for (int i = 0; i < CONFIG_RULE_KEY_COUNT && reader->rule != NULL; i++) {
		config_append(names, sizeof(names), i == 0 ? "" : ", ");
		config_append(names, sizeof(names), config_rule_keys[i].name);
	}
	return reader_fail(reader, reader->line, "unknown key '%s' in [%s], allowed: %s", name,
			   reader->section, names);
}

static bool first_time(struct reader *reader, unsigned int *line, const char *name)
{
	if (*line != 0)
		return reader_fail(reader, reader->line,
				   "[%s] %s is given twice, first in line %u, "
				   "allowed: once",
				   reader->section, name, *line);
	*line = reader->line;
	return true;
}

static bool fail_value(struct reader *reader, const char *name, const char *value, const char *what,
		       const char *allowed, const char *units)
{
	return reader_fail(reader, reader->line, "[%s] %s%s%s %s, allowed: %s%s%s%s",
			   reader->section, name, value[0] != '\0' ? " = " : "", value, what,
			   allowed, units[0] != '\0' ? " (units " : "", units,
			   units[0] != '\0' ? ")" : "");
}

static bool set_rule_key(struct reader *reader, const char *name, const char *value)
{
	struct config_refusal refusal;
	int i = 0;

	while (i < CONFIG_RULE_KEY_COUNT && strcmp(config_rule_keys[i].name, name) != 0)
		i++;
	if (i == CONFIG_RULE_KEY_COUNT)
		return fail_unknown_key(reader, name);
	if (!first_time(reader, &reader->rule->key_line[i], name))
		return false;
	if (!config_rule_parse(&reader->rule->rule, i, value, &refusal))
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
		return reader_fail(reader, reader->line,
				   "key '%s' stands before the first section, "
				   "allowed: a [section] line above it",
				   name);
	if (reader->rule != NULL)
		return set_rule_key(reader, name, value);
	i = config_key_find(config_keys[reader->section_key].section, name);
	if (i < 0)
		return fail_unknown_key(reader, name);
	key = &config_keys[i];
	if (!first_time(reader, &reader->scope->key_line[i], name))
		return 0;
	what = config_key_parse(key, value, reader->scope->config);
	if (what == NULL)
		return 1;
	config_key_range(key, range, sizeof(range));
	return fail_value(reader, name, value, what, range, config_kind_units(key->kind));
}

/* Read all that the file says. */
static bool read_file(struct reader *reader)
{
	if (strlen(reader->path) >= sizeof(reader->all.config->file))
		return reader_fail(reader, 0, "path too long, allowed: %zu characters",
				   sizeof(reader->all.config->file) - 1);
	if (!reader_scope_open(&reader->all))
		return reader_fail_memory(reader);
	reader->stream = fopen(reader->path, "re");
	if (reader->stream == NULL)
		return reader_fail(reader, 0, "cannot be opened: %s, allowed: a readable file",
				   strerror(errno));
	if (ini_parse_stream(reader_next_line, reader, handle_key, reader) != 0)
		reader_fail(reader, reader->line,
			    "not understood, allowed: key = value, [section], # comment");
	fclose(reader->stream);
	return !reader->failed && reader_leave_section(reader);
}

int config_links_load(struct config_links *links, const char *path, char *error, size_t error_bytes)
{
	struct reader reader = {
		.out = links, .path = path, .error = error, .error_bytes = error_bytes};
	bool done;

	memset(links, 0, sizeof(*links));
	done = read_file(&reader) && reader_resolve(&reader);
	if (!done)
		config_links_free(links);
	reader_close(&reader);
	return done ? 0 : -1;
}

int config_load(struct config *config, const char *path, char *error, size_t error_bytes)
{
	struct config_links links;
	bool one;

	if (config_links_load(&links, path, error, error_bytes) != 0)
		return -1;
	one = links.count == 1;
	if (one)
		memcpy(config, links.link[0], sizeof(*config));
	else
		snprintf(error, error_bytes, "%s:%u: [link %s] is a second link, allowed: one",
			 path, links.link[1]->link_line, links.link[1]->link);
	config_links_free(&links);
	return one ? 0 : -1;
}
