/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The command line: one command, what it takes, and options anywhere on the line.
 */
#ifndef SNOOPCTL_OPTIONS_H
#define SNOOPCTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define EXIT_UNREACHABLE 1
#define EXIT_USAGE 2
#define EXIT_REFUSED 3
#define EXIT_PARTLY 4

enum command_id {
	COMMAND_STATUS,
	COMMAND_STATS,
	COMMAND_FLOWS,
	COMMAND_FLOW,
	COMMAND_HOSTS,
	COMMAND_TOP,
	COMMAND_WORKERS,
	COMMAND_LINKS,
	COMMAND_CONFIG,
	COMMAND_MODE,
	COMMAND_RELOAD,
	COMMAND_LOG_LEVEL,
	COMMAND_RESET_COUNTERS,
	COMMAND_CAPTURE,
	COMMAND_UPGRADE,
};

struct options {
	enum command_id command;
	char operand[256]; /* what follows the command, its words joined by one blank */
	char **words;	   /* of upgrade: the program and its arguments, NULL ends them */
	int word_count;
	const char *socket_path, *file_prefix;
	const char *link;   /* NULL = the only one */
	const char *filter; /* NULL = all */
	const char *sort;   /* NULL = as they come; else one that list_sort_known() knows */
	size_t limit;	    /* entries to print */
	size_t offset;	    /* entries to skip before */
	unsigned int interval_ms;
	const char *flow;     /* of capture: a key */
	size_t count;	      /* packets to capture */
	unsigned int wait_ms; /* for them, at most */
	bool total;	      /* since the start, in spite of a reset */
	bool json;
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };

/**
 * Parse.
 *
 * @return OPTIONS_RUN, OPTIONS_DONE after --help or --version was printed, OPTIONS_WRONG after one
 *         line on stderr.
 */
enum options_result options_parse(struct options *options, int argc, char **argv);

#endif
