/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The parameter of /snoop/flows: where in the flow tables a page begins. Comes from whoever may
 * open the telemetry socket. Pure; any thread.
 */
#ifndef SNOOPD_POSITION_H
#define SNOOPD_POSITION_H

#include <stdint.h>

/**
 * Read a plain decimal number.
 *
 * @param text  may be NULL or empty: the first page
 * @return 0, or -EINVAL for anything else than digits and for a number above 64 bits; *position is
 * then 0.
 */
int position_parse(const char *text, uint64_t *position);

#endif
