/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The parameter of /snoop/flows: where in the flow tables a page begins. Untrusted: it comes from
 * whoever may open the telemetry socket. Pure; any thread.
 */
#ifndef SNOOPD_PAGE_CURSOR_H
#define SNOOPD_PAGE_CURSOR_H

#include <stdint.h>

/**
 * Read digits up to the end or a blank.
 *
 * @param text  moves past the number and the blank; *text may be NULL
 * @return 0, or -EINVAL: no digits, too large, or something else after them.
 */
int page_cursor_number(const char **text, uint64_t *number);

/**
 * Read a plain decimal number.
 *
 * @param text  may be NULL or empty: the first page
 * @return 0, or -EINVAL for anything else than digits and for a number above 64 bits; *position is
 * then 0.
 */
int page_cursor_parse(const char *text, uint64_t *position);

#endif
