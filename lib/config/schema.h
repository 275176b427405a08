/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The rows of keys.h as a table, and a key's text to its value and back. Private to this folder, to
 * doc/tables and to the tests. Pure; any thread.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <config/config.h>
#include <config/value.h>

/** When a change takes effect, and whose the value is. */
enum config_when {
	CONFIG_AT_RELOAD = 0,
	CONFIG_AT_START = 1,   /* sizes of tables and pools, ports, sockets: a reload refuses it */
	CONFIG_DIVIDED = 2,    /* a budget that workers divide: config_share() */
	CONFIG_OF_PROCESS = 4, /* one value for all links, as for all keys of its section */
};

struct config_key {
	const char *section;
	const char *name;
	enum config_kind kind;
	size_t offset;	      /* in struct config */
	uint64_t min, max;    /* both allowed; in the unit of the field */
	const char *fallback; /* the default as text; NULL: snoop_config_defaults() has it */
	unsigned int when;    /* of enum config_when */
	const char *help;
};

#define CONFIG_ONE(...) +1
#define CONFIG_KEY_COUNT (0 CONFIG_KEYS(CONFIG_NOTHING, CONFIG_ONE, CONFIG_ONE))

/** Keys of one section stand together, in the order of config/snoopd.ini. */
extern const struct config_key config_keys[CONFIG_KEY_COUNT];

/** @return the index of the key, or -1. */
int config_key_find(const char *section, const char *name);

/** @return the index of the first key of the section, or -1 where there is no such section. */
int config_section_first(const char *section);

/** @return whether a link can have the section, as [section NAME]. */
bool config_section_of_link(const char *section);

/** "100us to 1s": what the key may be. */
void config_key_range(const struct config_key *key, char *out, size_t out_bytes);

/**
 * Set a key from text.
 *
 * @return NULL, or what is wrong with the text ("has no unit"); the field is then untouched.
 */
const char *config_key_parse(const struct config_key *key, const char *text, struct config *config);

/** The field as text that config_key_parse() reads to the same value. */
void config_key_format(const struct config_key *key, const struct config *config, char *out,
		       size_t out_bytes);

/** The value of any key; 0 where it is a text. */
uint64_t config_key_value(const struct config_key *key, const struct config *config);

/** @return whether the key has the same value in both. */
bool config_key_same(const struct config_key *key, const struct config *a, const struct config *b);

/** Set the key of one to what it is in the other. */
void config_key_copy(const struct config_key *key, const struct config *from, struct config *to);

/** Set a number, which has to be in the key's range. */
void config_key_set(const struct config_key *key, struct config *config, uint64_t value);

#endif
