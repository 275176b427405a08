/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows of the sources that the documents show as tables, one a line, fields separated by tabs:
 * what tables.py reads. Not installed. */
#include <stdio.h>
#include <string.h>

#include <config/rules.h>
#include <config/schema.h>
#include <counters/counters.h>
#include <counters/histograms.h>
#include <counters/reasons.h>

static void print_section(const char *name, const char *help)
{
	const struct config_key *key = config_keys;
	char range[160], value[128];
	struct config config;

	config_defaults(&config);
	printf("section\t%s\t%s\n", name, help);
	for (; key < config_keys + CONFIG_KEY_COUNT; key++) {
		if (strcmp(key->section, name) != 0)
			continue;
		config_key_range(key, range, sizeof(range));
		config_key_format(key, &config, value, sizeof(value));
		printf("key\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, key->name, range,
		       key->kind == CONFIG_PORT ? "required" : "default",
		       key->kind == CONFIG_PORT ? key->fallback : value,
		       (key->when & CONFIG_AT_START) != 0 ? "start" : "reload",
		       (key->when & CONFIG_OF_PROCESS) != 0 ? "process" : "link", key->help);
	}
}

static void print_rule_keys(void)
{
	for (int i = 0; i < CONFIG_RULE_KEY_COUNT; i++)
		printf("rule_key\t%s\t%s\t%s\n", config_rule_keys[i].name, config_rule_keys[i].form,
		       config_rule_keys[i].help);
}

int main(void)
{
#define COUNTER_ROW(id, type, unit, help) puts("counter\t" #id "\t" #type "\t" #unit "\t" help);
	COUNTERS(COUNTER_ROW)
#undef COUNTER_ROW
#define HISTOGRAM_ROW(id, unit, help) puts("histogram\t" #id "\t" #unit "\t" help);
	HISTOGRAMS(HISTOGRAM_ROW)
#undef HISTOGRAM_ROW
#define REASON_ROW(id, token, help) puts("reason\t" #token "\t" help);
	SNOOP_REASONS(REASON_ROW)
#undef REASON_ROW
#define SECTION_ROWS(name, help) print_section(#name, help);
	CONFIG_KEYS(SECTION_ROWS, CONFIG_NOTHING, CONFIG_NOTHING)
#undef SECTION_ROWS
	print_rule_keys();
	return 0;
}
