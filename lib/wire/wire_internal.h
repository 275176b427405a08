/* SPDX-License-Identifier: BSD-3-Clause */

/**
 * @file
 * Shared by the sources of lib/wire only.
 */

#ifndef WIRE_INTERNAL_H
#define WIRE_INTERNAL_H

#include <stdint.h>
#include <string.h>

#include <wire/wire.h>

/* memcpy of a constant size is one load instruction and has no opinion about alignment. */

static inline uint16_t wire_load_be16(const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	value = __builtin_bswap16(value);
#endif
	return value;
}

static inline uint32_t wire_load_be32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	value = __builtin_bswap32(value);
#endif
	return value;
}

/**
 * Parse the TCP header and its options.
 *
 * @param bytes
 *   Readable bytes at frame.
 * @param view
 *   l3_offset, l4_offset and ip_total_bytes are set and known to lie within the frame.
 */
void wire_parse_tcp(const uint8_t *frame, uint32_t bytes, struct wire_view *view);

#endif /* WIRE_INTERNAL_H */
