/* SPDX-License-Identifier: BSD-3-Clause */
#include <config/links.h>
#include <config/rules.h>
#include <config/schema.h>

#include <string.h>

typedef void each_fn(void *ctx, const char *section, const char *key, const char *value);

/* Who gets the keys: what the functions below hand on. */
struct sink {
	each_fn *each;
	void *ctx;
};

static void give_key(const struct sink *sink, const struct config_key *key,
		     const struct config *config, bool named)
{
	char value[128], section[64];

	config_key_format(key, config, value, sizeof(value));
	snprintf(section, sizeof(section), named ? "%s %s" : "%s", key->section, config->link);
	sink->each(sink->ctx, section, key->name, value);
}

static void give_rule(const struct sink *sink, const struct config_rule *rule)
{
	char value[128], section[64];

	snprintf(section, sizeof(section), "rule %s", rule->name);
	for (int k = 0; k < CONFIG_RULE_KEY_COUNT; k++)
		if (config_rule_keys[k].format(rule, value, sizeof(value)))
			sink->each(sink->ctx, section, config_rule_keys[k].name, value);
}

void config_each(const struct config *config, each_fn *each, void *ctx)
{
	const struct sink sink = {each, ctx};
	bool named = strcmp(config->link, CONFIG_LINK_MAIN) != 0;

	for (int i = 0; i < CONFIG_KEY_COUNT; i++)
		give_key(&sink, &config_keys[i], config,
			 named && config_keys[i].section == config_keys[0].section);
	for (uint32_t i = 0; i < config->rule_count; i++)
		give_rule(&sink, &config->rules[i]);
}

static void give_keys(const struct sink *sink, const struct config *config, bool of_process)
{
	for (int i = 0; i < CONFIG_KEY_COUNT; i++)
		if (((config_keys[i].when & CONFIG_OF_PROCESS) != 0) == of_process)
			give_key(sink, &config_keys[i], config, !of_process);
}

/*
 * A rule for all links stands in each of them, and between those that it stood between; so the
 * rules of single links come first until each link is at the next one for all.
 */
static void give_rules(const struct sink *sink, const struct config_links *links)
{
	uint32_t at[CONFIG_LINKS_MAX] = {0};
	const struct config_rule *shared;

	do {
		shared = NULL;
		for (uint32_t i = 0; i < links->count; i++) {
			const struct config *config = links->link[i];

			for (; at[i] < config->rule_count && config->rules[at[i]].link[0] != '\0';
			     at[i]++)
				give_rule(sink, &config->rules[at[i]]);
			if (shared == NULL && at[i] < config->rule_count)
				shared = &config->rules[at[i]];
		}
		if (shared != NULL)
			give_rule(sink, shared);
		for (uint32_t i = 0; i < links->count && shared != NULL; i++)
			if (at[i] < links->link[i]->rule_count &&
			    strcmp(links->link[i]->rules[at[i]].name, shared->name) == 0)
				at[i]++;
	} while (shared != NULL);
}

void config_links_each(const struct config_links *links, each_fn *each, void *ctx)
{
	const struct sink sink = {each, ctx};

	if (links->count == 1) {
		config_each(links->link[0], each, ctx);
		return;
	}
	give_keys(&sink, links->link[0], true);
	for (uint32_t i = 0; i < links->count; i++)
		give_keys(&sink, links->link[i], false);
	give_rules(&sink, links);
}

struct printer {
	FILE *out;
	char section[64];
};

static void print_value(void *ctx, const char *section, const char *key, const char *value)
{
	struct printer *printer = ctx;

	if (strcmp(printer->section, section) != 0) {
		fprintf(printer->out, "\n[%s]\n", section);
		snprintf(printer->section, sizeof(printer->section), "%s", section);
	}
	fprintf(printer->out, "%s = %s\n", key, value);
}

static void print_head(FILE *out)
{
	fprintf(out, "# The effective configuration of snoopd.\n");
}

static int print_end(FILE *out)
{
	return fflush(out) == 0 && !ferror(out) ? 0 : -1;
}

int config_print(const struct config *config, FILE *out)
{
	struct printer printer = {.out = out};

	print_head(out);
	config_each(config, print_value, &printer);
	return print_end(out);
}

int config_links_print(const struct config_links *links, FILE *out)
{
	struct printer printer = {.out = out};

	print_head(out);
	config_links_each(links, print_value, &printer);
	return print_end(out);
}
