/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The command line after the EAL's `--`. It is read before the EAL starts, so --help, --version,
 * --check-config and --print-config need no hugepages, no root and no port.
 *
 * Who runs here: the control thread, before any other exists.
 */
#ifndef SNOOPD_OPTIONS_H
#define SNOOPD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Exit status beside EXIT_SUCCESS and EXIT_FAILURE. */
#define EXIT_USAGE 2	 /* wrong arguments or configuration: nothing was started */
#define EXIT_PORT_LOST 3 /* a port is not there, or has vanished: start snoopd again */

enum options_action {
	OPTIONS_RUN,
	OPTIONS_CHECK_CONFIG,
	OPTIONS_PRINT_CONFIG,
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

struct options {
	enum options_action action;
	const char *config_path;
	const char *stats_path;	    /* --stats-file, NULL = none */
	uint64_t exit_when_idle_us; /* --exit-when-idle, 0 = run until a signal */
	bool standby;		    /* --standby, --take-over */
	bool takes_over;	    /* --take-over */
	int eal_argc;		    /* arguments of the EAL, program name included */
};

/**
 * Split and parse. Strings of options point into argv.
 *
 * @return 0, or -1 after one line on stderr.
 */
int options_parse(struct options *options, int argc, char **argv);

/** Print the text of --help on stdout. */
void options_help(void);

#endif
