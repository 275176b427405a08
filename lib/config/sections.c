/* SPDX-License-Identifier: BSD-3-Clause */
#include <config/reader.h>

#include <stdlib.h>
#include <string.h>

/* What DPDK's telemetry takes in names, where "rule/NAME" is one. */
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

_Static_assert(sizeof(((struct config_rule *)0)->name) == CONFIG_LINK_CHARS_MAX + 1,
	       "names of rules and of links are alike");

bool reader_fail_memory(struct reader *reader)
{
	return reader_fail(reader, reader->line, "no memory to read it, allowed: a smaller file");
}

bool reader_scope_open(struct reader_scope *scope)
{
	scope->config = malloc(sizeof(*scope->config));
	if (scope->config == NULL)
		return false;
	config_defaults(scope->config);
	memset(scope->config->link, 0, sizeof(scope->config->link));
	return true;
}

void reader_close(struct reader *reader)
{
	for (uint32_t i = 0; i < reader->link_count; i++) {
		if (reader->links[i]->section_line[0] == 0)
			free(reader->links[i]->config);
		free(reader->links[i]);
	}
	free(reader->links);
	free(reader->rules);
	free(reader->all.config);
}

/* One element more at the end of an array, zeroed. NULL where there is no memory. */
static void *grow(void **array, uint32_t *count, size_t bytes)
{
	char *grown = *array;

	if ((*count & (*count - 1)) == 0) { /* 0, or a power of two, is full */
		grown = realloc(*array, (*count == 0 ? 1 : *count * 2) * bytes);
		if (grown == NULL)
			return NULL;
		*array = grown;
	}
	return memset(grown + (*count)++ * bytes, 0, bytes);
}

static bool fail_unknown_section(struct reader *reader, const char *section)
{
	char names[300] = "";

	for (int i = 0; i < CONFIG_KEY_COUNT; i++)
		if (i == 0 || strcmp(config_keys[i].section, config_keys[i - 1].section) != 0) {
			config_append(names, sizeof(names), config_keys[i].section);
			config_append(names, sizeof(names),
				      config_section_of_link(config_keys[i].section) ? " [NAME], "
										     : ", ");
		}
	return reader_fail(reader, reader->line, "unknown section [%s], allowed: %srule NAME",
			   section, names);
}

static bool check_name(struct reader *reader, const char *what, const char *name)
{
	if (name[0] != '\0' && strlen(name) <= CONFIG_LINK_CHARS_MAX &&
	    name[strspn(name, NAME_CHARS)] == '\0')
		return true;
	return reader_fail(reader, reader->line,
			   "bad %s name '%s', allowed: 1 to %d of letters, digits and '_'", what,
			   name, CONFIG_LINK_CHARS_MAX);
}

bool reader_leave_section(struct reader *reader)
{
	const struct reader_rule *rule = reader->rule;

	reader->rule = NULL;
	if (rule != NULL && rule->key_line[CONFIG_RULE_KEY_MODE] == 0) {
		char names[128];

		config_words_list(CONFIG_LEVEL, names, sizeof(names));
		return reader_fail(reader, rule->line,
				   "[rule %s] has no mode, allowed: mode = one of %s",
				   rule->rule.name, names);
	}
	return true;
}

static bool enter_rule(struct reader *reader, const char *name)
{
	void *rules = reader->rules;

	if (!check_name(reader, "rule", name))
		return false;
	for (uint32_t i = 0; i < reader->rule_count; i++)
		if (strcmp(reader->rules[i].rule.name, name) == 0)
			return reader_fail(reader, reader->line,
					   "[rule %s] is given twice, first in line %u, "
					   "allowed: once",
					   name, reader->rules[i].line);
	if (reader->rule_count == CONFIG_RULES_MAX * CONFIG_LINKS_MAX)
		return reader_fail(reader, reader->line,
				   "[rule %s] is one rule too many, allowed: %d for a link", name,
				   CONFIG_RULES_MAX);
	reader->rule = grow(&rules, &reader->rule_count, sizeof(*reader->rules));
	reader->rules = rules;
	if (reader->rule == NULL)
		return reader_fail_memory(reader);
	reader->rule->line = reader->line;
	reader->scope = NULL;
	config_rule_init(&reader->rule->rule, name, SNOOP_LEVEL_BYPASS);
	return true;
}

/* The scope of a link, made where the file names it for the first time. NULL: no memory. */
static struct reader_scope *scope_of(struct reader *reader, const char *name)
{
	struct reader_scope *scope, **place;
	void *links = reader->links;

	for (uint32_t i = 0; i < reader->link_count; i++)
		if (strcmp(reader->links[i]->config->link, name) == 0)
			return reader->links[i];
	scope = calloc(1, sizeof(*scope));
	if (scope == NULL || !reader_scope_open(scope)) {
		free(scope);
		return NULL;
	}
	place = grow(&links, &reader->link_count, sizeof(struct reader_scope *));
	reader->links = links;
	if (place == NULL) {
		free(scope->config);
		free(scope);
		return NULL;
	}
	*place = scope;
	snprintf(scope->config->link, sizeof(scope->config->link), "%s", name);
	scope->named_line = reader->line;
	scope->named_key = reader->section_key;
	return scope;
}

/* The section is the one that makes its link. */
static bool enter_link(struct reader *reader, bool bare)
{
	struct reader_scope *scope = reader->scope;
	unsigned int before = scope->section_line[0];

	if (before != 0 && bare != scope->bare_link)
		return reader_fail(reader, reader->line,
				   "[%s] and [%s] in line %u are one link: [link] is the one "
				   "called " CONFIG_LINK_MAIN ", allowed: either of them",
				   reader->section, bare ? "link " CONFIG_LINK_MAIN : "link",
				   before);
	if (before != 0)
		return true;
	if (reader->out->count == CONFIG_LINKS_MAX)
		return reader_fail(reader, reader->line, "[%s] is one link too many, allowed: %d",
				   reader->section, CONFIG_LINKS_MAX);
	scope->bare_link = bare;
	reader->out->link[reader->out->count++] = scope->config;
	return true;
}

static bool enter_scope(struct reader *reader, const char *word, const char *name)
{
	bool is_link = strcmp(word, config_keys[0].section) == 0;

	reader->section_key = config_section_first(word);
	if (name == NULL && !is_link) {
		reader->scope = &reader->all;
		return true;
	}
	if (name != NULL && !config_section_of_link(word))
		return reader_fail(reader, reader->line,
				   "[%s] is for one link, but [%s] belongs to the process, "
				   "allowed: [%s]",
				   reader->section, word, word);
	if (name != NULL && !check_name(reader, "link", name))
		return false;
	reader->scope = scope_of(reader, name != NULL ? name : CONFIG_LINK_MAIN);
	if (reader->scope == NULL)
		return reader_fail_memory(reader);
	return !is_link || enter_link(reader, name == NULL);
}

bool reader_enter_section(struct reader *reader, const char *text)
{
	char word[READER_LINE_CHARS_MAX + 1];
	const char *name = strchr(text, ' ');
	unsigned int *line;

	if (!reader_leave_section(reader))
		return false;
	snprintf(reader->section, sizeof(reader->section), "%s", text);
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(text, " "), text);
	if (name != NULL && strcmp(word, "rule") == 0)
		return enter_rule(reader, name + 1);
	if (config_section_first(word) < 0)
		return fail_unknown_section(reader, text);
	if (!enter_scope(reader, word, name != NULL ? name + 1 : NULL))
		return false;
	line = &reader->scope->section_line[reader->section_key];
	if (*line != 0)
		return reader_fail(reader, reader->line,
				   "[%s] is given twice, first in line %u, allowed: once", text,
				   *line);
	*line = reader->line;
	return true;
}
