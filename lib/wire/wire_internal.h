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

#define ETHER_TYPE_OFFSET 12
#define IPV4_HEADER_BYTES 20
#define IP_PROTO_TCP 6
#define WIRE_TCP_HEADER_BYTES 20

#define WIRE_OPTION_NOP 1
#define WIRE_OPTION_TIMESTAMP 8
#define WIRE_TIMESTAMP_BYTES 10

/* NOP NOP timestamps, as RFC 7323 appendix A lays it out and practically every stack sends it. */
#define WIRE_ALIGNED_TIMESTAMP_BYTES 12
#define WIRE_ALIGNED_TIMESTAMP_WORD                                                                \
	((uint32_t)WIRE_OPTION_NOP << 24 | WIRE_OPTION_NOP << 16 | WIRE_OPTION_TIMESTAMP << 8 |    \
	 WIRE_TIMESTAMP_BYTES)

static inline void wire_load_timestamp(const uint8_t *option, struct wire_view *view)
{
	view->has_timestamp = true;
	view->tsval = wire_load_be32(option + 2);
	view->tsecr = wire_load_be32(option + 6);
}

/*
 * Flags that no stack sends: SYN with FIN or RST, or a segment that is none of SYN, RST and ACK,
 * which a receiver drops unseen (RFC 9293 section 3.10.7).
 */
static inline bool wire_flags_malformed(uint8_t flags)
{
	if ((flags & (WIRE_TCP_SYN | WIRE_TCP_RST | WIRE_TCP_ACK)) == 0)
		return true;
	return (flags & WIRE_TCP_SYN) != 0 && (flags & (WIRE_TCP_FIN | WIRE_TCP_RST)) != 0;
}

/** The fields of the TCP header that stand for themselves. */
static inline void wire_load_tcp(const uint8_t *tcp, struct wire_view *view)
{
	view->src_port = wire_load_be16(tcp);
	view->dst_port = wire_load_be16(tcp + 2);
	view->seq = wire_load_be32(tcp + 4);
	view->ack = wire_load_be32(tcp + 8);
	view->tcp_ae = tcp[12] & 1;
	view->tcp_flags = tcp[13];
	view->window = wire_load_be16(tcp + 14);
	view->urgent = wire_load_be16(tcp + 18);
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

/** Parse TCP options of so many bytes, which are readable. The view has the flags. */
void wire_parse_options(const uint8_t *options, uint32_t bytes, struct wire_view *view);

/**
 * Parse any frame: wire_parse() where the usual layout does not fit.
 *
 * @param bytes
 *   At most frame_bytes.
 * @param view
 *   All zero.
 */
void wire_parse_general(const uint8_t *frame, uint32_t bytes, uint32_t frame_bytes,
			struct wire_view *view);

#endif /* WIRE_INTERNAL_H */
