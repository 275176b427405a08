/* SPDX-License-Identifier: BSD-3-Clause */
#include <config/rules.h>
#include <config/schema.h>

#include <string.h>

void config_each(const struct config *config,
		 void (*each)(void *ctx, const char *section, const char *key, const char *value),
		 void *ctx)
{
	char value[128], section[64];

	for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
		config_key_format(&config_keys[i], config, value, sizeof(value));
		each(ctx, config_keys[i].section, config_keys[i].name, value);
	}
	for (uint32_t i = 0; i < config->rule_count; i++) {
		snprintf(section, sizeof(section), "rule %s", config->rules[i].name);
		for (int k = 0; k < CONFIG_RULE_KEY_COUNT; k++)
			if (config_rule_keys[k].format(&config->rules[i], value, sizeof(value)))
				each(ctx, section, config_rule_keys[k].name, value);
	}
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

int config_print(const struct config *config, FILE *out)
{
	struct printer printer = {.out = out};

	fprintf(out, "# The effective configuration of snoopd.\n");
	config_each(config, print_value, &printer);
	return fflush(out) == 0 && !ferror(out) ? 0 : -1;
}
