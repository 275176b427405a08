/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * One line per event: `event=NAME key=value ...`. It goes to stderr after `snoopd: warning: ` or
 * the like; if stderr is the journal, with the priority prefix of sd-daemon(3) instead; or to
 * syslog(3). A line that ends the start is a sentence for the operator: where, what is wrong, what
 * to do.
 *
 * Who runs here: every thread except the workers, because nothing on the packet path logs.
 *
 * Log changes of state, not packets. Lines are rate limited: after LOG_BURST lines at once for each
 * link, LOG_PER_SECOND lines a second pass, and the next line says suppressed=N. Errors always
 * pass.
 */
#ifndef SNOOPD_LOG_H
#define SNOOPD_LOG_H

#include <stdint.h>
#include <syslog.h>

#define LOG_BURST 50
#define LOG_PER_SECOND 5

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_line(...) log_write(LOG_NOTICE, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERR, __VA_ARGS__)

/** @param level  of syslog(3): LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG */
void log_write(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** So many links have something to say at once, as when they start. One before this. */
void log_set_links(uint32_t links);

/** From now on, log to syslog(3), facility daemon. */
void log_to_syslog(void);

/** Leave out lines above this level. LOG_INFO at the start. */
void log_set_level(int level);
int log_level(void);

/** @param name  "error", "warning", "notice", "info", "debug". @return the level, or -1. */
int log_level_parse(const char *name);
const char *log_level_name(int level);

#endif
