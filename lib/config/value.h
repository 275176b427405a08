/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Kinds of values: their units and words, numbers to text and back. Private to this folder, to
 * doc/tables and to the tests. Pure; any thread.
 */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_kind {
	CONFIG_PORT,	/* a text; required */
	CONFIG_ACCOUNT, /* a text */
	CONFIG_LISTEN,	/* a text: "off", or config_listen_addr() reads it */
	CONFIG_LEVEL,	/* one of some words, as the next ones */
	CONFIG_DISTRIBUTION,
	CONFIG_CHECKSUM,
	CONFIG_LOST,
	CONFIG_OFFLOADS,
	CONFIG_VLAN,
	CONFIG_LOG,
	CONFIG_SWITCH,
	CONFIG_WORKERS,	      /* numbers and ranges, a bit each; "all" = 0 */
	CONFIG_COUNT,	      /* a plain integer */
	CONFIG_COUNT_OR_AUTO, /* the same, "auto" = 0 */
	CONFIG_TIME,	      /* microseconds */
	CONFIG_TIME_OR_AUTO,  /* the same, "auto" = 0 */
	CONFIG_BYTES,	      /* the only one of 64 bits */
	CONFIG_SHARE,	      /* parts per million, written in percent */
};

#define CONFIG_US_PER_MS 1000u
#define CONFIG_US_PER_S 1000000u
#define CONFIG_US_PER_MIN 60000000u
#define CONFIG_KIB 1024ull
#define CONFIG_PPM_PER_PERCENT 10000u

bool config_kind_is_text(enum config_kind kind);
bool config_kind_has_auto(enum config_kind kind);

/** @return the words of a kind by value, with NULL after the last one; NULL: it has none. */
const char *const *config_kind_words(enum config_kind kind);

/** @return the value of the word, or -1 where the kind has no such word. */
int config_word_parse(enum config_kind kind, const char *text);

/** "bypass, observe, ..." */
void config_words_list(enum config_kind kind, char *out, size_t out_bytes);

/** @return the units that values of the kind are written in, "" where it is a plain one. */
const char *config_kind_units(enum config_kind kind);

/**
 * Read a number with its unit. One that does not fit becomes UINT64_MAX.
 *
 * @return NULL, or what is wrong with the text ("has no unit").
 */
const char *config_number_parse(enum config_kind kind, const char *text, uint64_t *value);

/**
 * Read "all", or numbers and ranges of workers as in "0,2-3"; *mask receives a bit each, 0 = all.
 *
 * @return NULL, or what is wrong with the text.
 */
const char *config_workers_parse(const char *text, uint64_t *mask);

/** The same back. */
void config_workers_format(uint64_t mask, char *out, size_t out_bytes);

/** In the largest unit that divides the value; zero in the smallest. */
void config_number_format(enum config_kind kind, uint64_t value, char *out, size_t out_bytes);

/** Append to a string in a buffer, cutting what does not fit. */
void config_append(char *out, size_t out_bytes, const char *text);

#endif
