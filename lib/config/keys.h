/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The table of keys behind config.h, and text to value and back. Private to this folder and to its
 * tests.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <config/config.h>

#define CONFIG_KEY_COUNT 46

enum config_kind {
	CONFIG_PORT,	      /* char[64] */
	CONFIG_ACCOUNT,	      /* char[64], "auto" by default */
	CONFIG_LEVEL,	      /* enum snoop_level */
	CONFIG_DISTRIBUTION,  /* enum config_distribution */
	CONFIG_CHECKSUM,      /* enum config_checksum */
	CONFIG_COUNT,	      /* uint32_t, a plain integer */
	CONFIG_COUNT_OR_AUTO, /* the same, "auto" = 0 */
	CONFIG_TIME,	      /* uint32_t, microseconds */
	CONFIG_TIME_OR_AUTO,  /* the same, "auto" = 0 */
	CONFIG_BYTES,	      /* uint64_t */
	CONFIG_SHARE,	      /* uint32_t, parts per million, written in percent */
	CONFIG_LOG,	      /* enum config_log */
	CONFIG_SWITCH,	      /* uint32_t, "yes" = 1 or "no" = 0 */
	CONFIG_LISTEN,	      /* char[64], "off" or config_listen_addr() reads it */
};

struct config_key {
	const char *section;
	const char *name;
	enum config_kind kind;
	size_t offset;	   /* in struct config */
	uint64_t min, max; /* both allowed; in the unit of the field */
	bool at_start;	   /* a reload cannot change it */
};

/** Keys of one section stand together, in the order of config/snoopd.ini. */
extern const struct config_key config_keys[CONFIG_KEY_COUNT];

/** @return the index of the key, or -1. */
int config_key_find(const char *section, const char *name);

/** @return false if no key of the table has that section. */
bool config_section_known(const char *section);

/** "100us to 1s": what the key may be. */
void config_key_range(const struct config_key *key, char *out, size_t out_bytes);

/** The units that the key's value is written in, "" where it is a plain one. */
const char *config_key_units(const struct config_key *key);

/**
 * Set a key from text.
 *
 * @return NULL, or what is wrong with the text ("has no unit"); the field is then untouched.
 */
const char *config_key_parse(const struct config_key *key, const char *text, struct config *config);

/** The field as text that config_key_parse() reads to the same value. */
void config_key_format(const struct config_key *key, const struct config *config, char *out,
		       size_t out_bytes);

/** The value of any key but a text's. */
uint64_t config_key_value(const struct config_key *key, const struct config *config);

/** Set a number, which has to be in the key's range. */
void config_key_set(const struct config_key *key, struct config *config, uint64_t value);

/** "bypass, observe, ..." */
void config_level_names(char *out, size_t out_bytes);

/** Append to a string in a buffer, cutting what does not fit. */
void config_append(char *out, size_t out_bytes, const char *text);

/* Rules. Their keys stand in a table of their own, since there are many rules. */
#define CONFIG_RULE_KEY_COUNT 5

extern const char *const config_rule_keys[CONFIG_RULE_KEY_COUNT];
#define CONFIG_RULE_KEY_MODE 4

/** A rule that matches every flow. */
void config_rule_init(struct config_rule *rule, const char *name, enum snoop_level level);

/**
 * Set a rule's key from text. Texts in what and allowed stay valid until the next call.
 *
 * @return true, or false with what is wrong and what is allowed.
 */
bool config_rule_parse(struct config_rule *rule, int rule_key, const char *text, const char **what,
		       const char **allowed);

/** @return false if the rule does not restrict this key, so that it is not printed. */
bool config_rule_format(const struct config_rule *rule, int rule_key, char *out, size_t out_bytes);

#endif
