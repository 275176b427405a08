/* SPDX-License-Identifier: BSD-3-Clause */

/**
 * @file
 * The room base of lib: what all others use, each in a header of its own. Pure; any thread runs it.
 * It touches what its caller gives, and calls nothing of snoopd.
 *
 * This file: serial arithmetic on TCP sequence numbers (RFC 9293 section 3.4, RFC 1982).
 *
 * The order of two numbers is defined while they are less than 2^31 apart. At exactly 2^31 each is
 * "less than" the other, so neither is ever taken for equal or newer by mistake: callers that bound
 * a range check its length as well.
 */

#ifndef BASE_SEQ_H
#define BASE_SEQ_H

#include <stdbool.h>
#include <stdint.h>

static inline bool seq_lt(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool seq_leq(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

static inline bool seq_gt(uint32_t a, uint32_t b)
{
	return seq_lt(b, a);
}

static inline bool seq_geq(uint32_t a, uint32_t b)
{
	return seq_leq(b, a);
}

static inline uint32_t seq_min(uint32_t a, uint32_t b)
{
	return seq_lt(a, b) ? a : b;
}

static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_lt(a, b) ? b : a;
}

#endif /* BASE_SEQ_H */
