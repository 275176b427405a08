/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The keys of [rule NAME], one row each (in rules.c), apart from keys.h because there are many
 * rules. Private to this folder, to doc/tables and to the tests. Pure; any thread.
 */
#ifndef CONFIG_RULES_H
#define CONFIG_RULES_H

#include <config/config.h>

/** A text that a rule's key refuses. */
struct config_refusal {
	const char *what; /* "is not a port" */
	char allowed[128];
};

struct config_rule_key {
	const char *name;
	const char *form; /* how the value looks: "ADDRESS[/LENGTH]" */
	const char *help;
	const char *allowed; /* NULL: the levels */
	/** @return NULL, or what is wrong; may replace what is allowed. */
	const char *(*parse)(struct config_rule *rule, const char *text, const char **allowed);
	/** @return false if the rule does not restrict this key, so that it is not printed. */
	bool (*format)(const struct config_rule *rule, char *out, size_t out_bytes);
};

#define CONFIG_RULE_KEY_COUNT 6
#define CONFIG_RULE_KEY_LINK 0
#define CONFIG_RULE_KEY_MODE 5 /* every rule needs it */

extern const struct config_rule_key config_rule_keys[CONFIG_RULE_KEY_COUNT];

/** A rule that matches every flow. */
void config_rule_init(struct config_rule *rule, const char *name, enum snoop_level level);

/** Set a rule's key from text. @return true, or false with what is wrong and what is allowed. */
bool config_rule_parse(struct config_rule *rule, int rule_key, const char *text,
		       struct config_refusal *refusal);

#endif
