/* SPDX-License-Identifier: BSD-3-Clause */
#include <config/reader.h>

#include <string.h>

#define SECTION_CHARS 64 /* "withhold NAME" */

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

/* The names of the links, as many as fit. */
static void list_links(const struct reader *reader, char *out, size_t out_bytes)
{
	out[0] = '\0';
	for (uint32_t i = 0; i < reader->out->count; i++) {
		const char *name = reader->out->link[i]->link;

		if (strlen(out) + strlen(name) + strlen(", ...") + 3 > out_bytes) {
			config_append(out, out_bytes, ", ...");
			return;
		}
		config_append(out, out_bytes, i == 0 ? "" : ", ");
		config_append(out, out_bytes, name);
	}
}

/* The section of a key as the file has it, or would have it, for that link. */
static const char *section_of(const struct reader_scope *scope, int key, char out[SECTION_CHARS])
{
	const char *section = config_keys[key].section;
	bool named = scope->key_line[key] != 0 || strcmp(section, config_keys[0].section) == 0;

	if (scope->bare_link && strcmp(section, config_keys[0].section) == 0)
		named = false;
	snprintf(out, SECTION_CHARS, named ? "%s %s" : "%s", section, scope->config->link);
	return out;
}

/* The line of a key as it counts for the link; 0 = it has its default. */
static unsigned int line_of(const struct reader *reader, const struct reader_scope *scope, int key)
{
	return scope->key_line[key] != 0 ? scope->key_line[key] : reader->all.key_line[key];
}

/* What no section of the link says is as for all links. */
static void inherit(const struct reader *reader, struct reader_scope *scope)
{
	struct config *config = scope->config;

	for (int i = 0; i < CONFIG_KEY_COUNT; i++)
		if (scope->key_line[i] == 0)
			config_key_copy(&config_keys[i], reader->all.config, config);
	snprintf(config->file, sizeof(config->file), "%s", reader->path);
	config->link_line = scope->section_line[0];
	config->wired_line = scope->key_line[key_at(offsetof(struct config, wired))];
	config->wireless_line = scope->key_line[key_at(offsetof(struct config, wireless))];
	config->workers_line = scope->key_line[key_at(offsetof(struct config, worker_mask))];
}

static bool check_order(struct reader *reader, const struct reader_scope *scope)
{
	for (size_t i = 0; i < sizeof(ordered) / sizeof(ordered[0]); i++) {
		int low = key_at(ordered[i].low), high = key_at(ordered[i].high);
		unsigned int low_line = line_of(reader, scope, low);
		unsigned int high_line = line_of(reader, scope, high);
		const struct config_key *l = &config_keys[low], *h = &config_keys[high];
		char low_text[32], high_text[32];
		char low_section[SECTION_CHARS], high_section[SECTION_CHARS];

		if (config_key_value(l, scope->config) <= config_key_value(h, scope->config))
			continue;
		config_key_format(l, scope->config, low_text, sizeof(low_text));
		config_key_format(h, scope->config, high_text, sizeof(high_text));
		return reader_fail(reader, low_line > high_line ? low_line : high_line,
				   "[%s] %s = %s must not exceed [%s] %s = %s%s",
				   section_of(scope, low, low_section), l->name, low_text,
				   section_of(scope, high, high_section), h->name, high_text,
				   low_line == 0 || high_line == 0 ? " (one of them by default)"
								   : "");
	}
	return true;
}

static bool check_ports(struct reader *reader, const struct reader_scope *scope)
{
	const struct config *config = scope->config;
	char section[SECTION_CHARS];

	section_of(scope, 0, section);
	if (config->wired_line == 0 || config->wireless_line == 0)
		return reader_fail(reader, config->link_line,
				   "[%s] %s is missing, allowed: an ethdev name or index", section,
				   config->wired_line == 0 ? "wired" : "wireless");
	if (strcmp(config->wired, config->wireless) == 0)
		return reader_fail(reader,
				   config->wired_line > config->wireless_line
					   ? config->wired_line
					   : config->wireless_line,
				   "[%s] wired and wireless are both %s, allowed: two different "
				   "ports",
				   section, config->wired);
	return true;
}

/* A port of a link, to compare it with those of all others. */
struct port {
	const struct reader_scope *scope;
	const char *key, *name;
	unsigned int line;
};

static struct port port_of(const struct reader_scope *scope, bool wireless)
{
	const struct config *config = scope->config;

	return (struct port){
		.scope = scope,
		.key = wireless ? "wireless" : "wired",
		.name = wireless ? config->wireless : config->wired,
		.line = wireless ? config->wireless_line : config->wired_line,
	};
}

/* Two different links. The later line of the two is the wrong one. */
static bool check_different(struct reader *reader, const struct reader_scope *a,
			    const struct reader_scope *b)
{
	for (int i = 0; i < 4; i++) {
		struct port x = port_of(a, (i & 1) != 0), y = port_of(b, (i & 2) != 0);
		struct port first = x.line < y.line ? x : y, second = x.line < y.line ? y : x;
		char first_section[SECTION_CHARS], second_section[SECTION_CHARS];

		if (strcmp(x.name, y.name) != 0)
			continue;
		return reader_fail(reader, second.line,
				   "[%s] %s = %s is the port of [%s] %s in line %u too, allowed: "
				   "each port once",
				   section_of(second.scope, 0, second_section), second.key,
				   second.name, section_of(first.scope, 0, first_section),
				   first.key, first.line);
	}
	return true;
}

static bool check_links(struct reader *reader)
{
	char names[80];

	if (reader->line == 0)
		return reader_fail(
			reader, 1,
			"the file is empty, allowed: at least [link] with wired and wireless");
	if (reader->out->count == 0)
		return reader_fail(reader, reader->line,
				   "[link] wired is missing, allowed: an ethdev name or index");
	list_links(reader, names, sizeof(names));
	for (uint32_t i = 0; i < reader->link_count; i++) {
		struct reader_scope *scope = reader->links[i];

		if (scope->section_line[0] == 0)
			return reader_fail(reader, scope->named_line,
					   "[%s %s] is for a link that is not in this file, "
					   "allowed: %s, or a [link %s]",
					   config_keys[scope->named_key].section,
					   scope->config->link, names, scope->config->link);
		inherit(reader, scope);
		if (!check_ports(reader, scope) || !check_order(reader, scope))
			return false;
		for (uint32_t k = 0; k < i; k++)
			if (!check_different(reader, reader->links[k], scope))
				return false;
	}
	return true;
}

static bool add_rule(struct reader *reader, struct config *config, const struct reader_rule *rule)
{
	if (config->rule_count == CONFIG_RULES_MAX)
		return reader_fail(reader, rule->line,
				   "[rule %s] is one rule too many for link %s, allowed: %d",
				   rule->rule.name, config->link, CONFIG_RULES_MAX);
	memcpy(&config->rules[config->rule_count++], &rule->rule, sizeof(rule->rule));
	return true;
}

static bool add_rules(struct reader *reader)
{
	for (uint32_t r = 0; r < reader->rule_count; r++) {
		const struct reader_rule *rule = &reader->rules[r];
		const char *link = rule->rule.link;
		char names[80];

		if (link[0] != '\0' && config_links_find(reader->out, link) < 0) {
			list_links(reader, names, sizeof(names));
			return reader_fail(reader, rule->key_line[CONFIG_RULE_KEY_LINK],
					   "[rule %s] link = %s is not in this file, allowed: %s",
					   rule->rule.name, link, names);
		}
		for (uint32_t i = 0; i < reader->out->count; i++) {
			struct config *config = reader->out->link[i];

			if ((link[0] == '\0' || strcmp(link, config->link) == 0) &&
			    !add_rule(reader, config, rule))
				return false;
		}
	}
	return true;
}

bool reader_resolve(struct reader *reader)
{
	return check_links(reader) && add_rules(reader);
}
