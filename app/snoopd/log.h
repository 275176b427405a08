/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One line per event on stderr. Control thread only: nothing on the packet path logs.
 */
#ifndef SNOOPD_LOG_H
#define SNOOPD_LOG_H

#include <stdio.h>

/* One call per line, so that lines of several threads do not mix. */
#define log_line(format, ...) fprintf(stderr, "snoopd: " format "\n", ##__VA_ARGS__)
#define log_warning(format, ...) log_line("warning: " format, ##__VA_ARGS__)
#define log_error(format, ...) log_line("error: " format, ##__VA_ARGS__)

#endif
