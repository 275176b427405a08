/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the parts of the reader share: lines.c takes the file apart, sections.c opens what a section
 * line names, reader.c sets keys, resolve.c makes the links from what was read. Private to this
 * folder. One reader per file and thread.
 */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include <config/links.h>
#include <config/rules.h>
#include <config/schema.h>

/* Below the 200 bytes that libinih takes by default; a longer line is a mistake in any case. */
#define READER_LINE_CHARS_MAX 180

/** Whom sections give values: one link, or all of them. */
struct reader_scope {
	struct config *config;	 /* its name is that of the link, "" for all */
	unsigned int named_line; /* of the first section that names the link, ... */
	int named_key;		 /* ... which is the one of this key */
	bool bare_link;		 /* it is the link of the bare [link] */
	/* The line in which each key was given; 0 = not in a section of this scope. */
	unsigned int key_line[CONFIG_KEY_COUNT];
	/* The line of each section, at the index of its first key. */
	unsigned int section_line[CONFIG_KEY_COUNT];
};

struct reader_rule {
	struct config_rule rule;
	unsigned int line; /* of its section */
	unsigned int key_line[CONFIG_RULE_KEY_COUNT];
};

struct reader {
	FILE *stream;
	const char *path;
	unsigned int line;

	char section[READER_LINE_CHARS_MAX + 1]; /* whose keys are read now; "" before the first */
	int section_key;	    /* the first key of that section, unless it is a rule */
	struct reader_scope *scope; /* to whom its keys belong, NULL for a rule */
	struct reader_rule *rule;   /* the section is this rule, or NULL */

	struct reader_scope all;
	struct reader_scope **links; /* in the order in which the file names them */
	uint32_t link_count;
	struct reader_rule *rules;
	uint32_t rule_count;

	struct config_links *out; /* configurations of scopes that have a [link NAME] */

	bool failed;
	char *error;
	size_t error_bytes;
};

/** Give the error; only the first one counts. Always returns false. */
__attribute__((format(printf, 3, 4))) bool reader_fail(struct reader *reader, unsigned int line,
						       const char *format, ...);

bool reader_fail_memory(struct reader *reader);

/** Prepare the scope of all links. */
bool reader_scope_open(struct reader_scope *scope);

/** Free all that is not in reader->out. */
void reader_close(struct reader *reader);

/** libinih's reader, in the shape of fgets(); user is the reader. */
char *reader_next_line(char *out, int out_bytes, void *user);

/** Begin the section of that text ("cache", "link a"). */
bool reader_enter_section(struct reader *reader, const char *text);

/** End the section: is all there that it needs? */
bool reader_leave_section(struct reader *reader);

/** Complete and check reader->out once the file is read. */
bool reader_resolve(struct reader *reader);

#endif
