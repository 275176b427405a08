/* SPDX-License-Identifier: BSD-3-Clause */

/**
 * @file
 * Serial arithmetic on TCP sequence numbers (RFC 9293 section 3.4, RFC 1982).
 *
 * The order of two numbers is defined while they are less than 2^31 apart. At exactly 2^31 each is
 * "less than" the other, so neither is ever taken for equal or newer by mistake: callers that bound
 * a range check its length as well.
 */

#ifndef WIRE_SEQ_H
#define WIRE_SEQ_H

#include <stdbool.h>
#include <stdint.h>

static inline bool wire_seq_lt(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool wire_seq_leq(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

static inline bool wire_seq_gt(uint32_t a, uint32_t b)
{
	return wire_seq_lt(b, a);
}

static inline bool wire_seq_geq(uint32_t a, uint32_t b)
{
	return wire_seq_leq(b, a);
}

static inline uint32_t wire_seq_min(uint32_t a, uint32_t b)
{
	return wire_seq_lt(a, b) ? a : b;
}

static inline uint32_t wire_seq_max(uint32_t a, uint32_t b)
{
	return wire_seq_lt(a, b) ? b : a;
}

#endif /* WIRE_SEQ_H */
