/* SPDX-License-Identifier: BSD-3-Clause */

/* The parser's fast path: what nearly every frame is. */

#include "wire_internal.h"

#define USUAL_START 0x08004500U /* type, version, header length; then the traffic class */
#define L3 (ETHER_TYPE_OFFSET + 2)
#define L4 (L3 + IPV4_HEADER_BYTES)

/* gcc makes a memset of this size a "rep stos", which alone takes as long as the whole parser. */
static inline void clear(struct wire_view *view)
{
	typedef uint64_t block __attribute__((vector_size(16), aligned(1), may_alias));
	enum { BLOCKS = sizeof(*view) / sizeof(block) };
	block *at = (block *)view;

#pragma GCC unroll 16
	for (unsigned int i = 0; i < BLOCKS; i++)
		at[i] = (block){0};
	memset(at + BLOCKS, 0, sizeof(*view) % sizeof(block));
}

/*
 * One store of all 16 bytes: a load of them right after it need not wait until smaller stores have
 * left the CPU's store buffer. gcc splits an array of words into two stores.
 */
static inline void load_ipv4_address(uint8_t address[16], const uint8_t *from)
{
	typedef uint32_t block __attribute__((vector_size(16), aligned(1), may_alias));
	uint32_t word;

	memcpy(&word, from, sizeof(word));
	*(block *)address = (block){word};
}

/*
 * Ethernet, IPv4 without options, TCP with a header of so many bytes, which are readable: all but
 * the TCP options has its place.
 *
 * @return
 *   False where the general parser has to look; otherwise the view is what that would make of it.
 */
static inline __attribute__((always_inline)) bool parse_headers(const uint8_t *frame,
								uint32_t frame_bytes,
								uint32_t header_bytes,
								struct wire_view *view)
{
	const uint8_t *ip = frame + L3, *tcp = frame + L4;
	uint32_t total_bytes = wire_load_be16(ip + 2);

	if ((wire_load_be32(frame + ETHER_TYPE_OFFSET) & 0xffffff00) != USUAL_START ||
	    (wire_load_be32(ip + 6) & 0x3fff00ff) != IP_PROTO_TCP ||
	    total_bytes < IPV4_HEADER_BYTES + header_bytes || L3 + total_bytes > frame_bytes ||
	    wire_flags_malformed(tcp[13]))
		return false;
	view->ip_version = 4;
	view->ecn = ip[1] & 3;
	view->l3_offset = L3;
	view->l4_offset = L4;
	view->payload_offset = (uint16_t)(L4 + header_bytes);
	view->payload_bytes = total_bytes - IPV4_HEADER_BYTES - header_bytes;
	view->ip_total_bytes = total_bytes;
	load_ipv4_address(view->src, ip + 12);
	load_ipv4_address(view->dst, ip + 16);
	wire_load_tcp(tcp, view);
	return true;
}

/* The same with any TCP options or none. */
static bool parse_options(const uint8_t *frame, uint32_t bytes, uint32_t frame_bytes,
			  struct wire_view *view)
{
	const uint8_t *tcp = frame + L4;
	uint32_t header_bytes;

	if (bytes < L4 + WIRE_TCP_HEADER_BYTES)
		return false;
	header_bytes = (tcp[12] >> 4) * 4U;
	if (header_bytes < WIRE_TCP_HEADER_BYTES || bytes < L4 + header_bytes ||
	    !parse_headers(frame, frame_bytes, header_bytes, view))
		return false;
	if (header_bytes > WIRE_TCP_HEADER_BYTES)
		wire_parse_options(tcp + WIRE_TCP_HEADER_BYTES,
				   header_bytes - WIRE_TCP_HEADER_BYTES, view);
	return true;
}

/* Apart, so that the packets that do not come here save no registers. */
static __attribute__((noinline)) void parse_other(const uint8_t *frame, uint32_t bytes,
						  uint32_t frame_bytes, struct wire_view *view)
{
	if (!parse_options(frame, bytes, frame_bytes, view))
		wire_parse_general(frame, bytes, frame_bytes, view);
}

void wire_parse(const uint8_t *frame, uint32_t bytes, uint32_t frame_bytes, struct wire_view *view)
{
	enum { HEADER_BYTES = WIRE_TCP_HEADER_BYTES + WIRE_ALIGNED_TIMESTAMP_BYTES };
	const uint8_t *tcp = frame + L4, *options = tcp + WIRE_TCP_HEADER_BYTES;

	clear(view);
	bytes = bytes < frame_bytes ? bytes : frame_bytes;
	/* Timestamps and no other option: everything has its place. */
	if (__builtin_expect(bytes >= L4 + HEADER_BYTES && tcp[12] >> 4 == HEADER_BYTES / 4 &&
				     wire_load_be32(options) == WIRE_ALIGNED_TIMESTAMP_WORD &&
				     parse_headers(frame, frame_bytes, HEADER_BYTES, view),
			     1))
		wire_load_timestamp(options + 2, view);
	else
		parse_other(frame, bytes, frame_bytes, view);
}
