/* SPDX-License-Identifier: BSD-3-Clause */

/**
 * @file
 * Frames for the tests of lib/wire, built byte by byte from a specification, with right lengths and
 * checksums; a test then breaks what it is about.
 */

#ifndef TEST_WIRE_FRAMES_H
#define TEST_WIRE_FRAMES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <wire/wire.h>

#define FRAME_MAX 9216
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define FRAME_SEQ 0xfffffff0U
#define FRAME_ACK 0x80000001U
#define FRAME_TSVAL 0x01020304U
#define FRAME_TSECR 0xa1a2a3a4U

/* NOP NOP timestamps */
#define OPT_TS 1, 1, 8, 10, 1, 2, 3, 4, 0xa1, 0xa2, 0xa3, 0xa4
/* NOP NOP SACK with two blocks: [0x80000010, 0x80000020) and [0xfffffff8, 8) */
#define OPT_SACK2                                                                                  \
	1, 1, 5, 18, 0x80, 0, 0, 0x10, 0x80, 0, 0, 0x20, 0xff, 0xff, 0xff, 0xf8, 0, 0, 0, 8

struct frame_spec {
	uint32_t vlan[3]; /* TPID << 16 | TCI */
	unsigned int vlan_count;
	uint8_t ip_version; /* 4 unless set */
	uint8_t ip_option_words;
	const uint8_t *ext; /* IPv6 extension headers, chained by the test */
	uint32_t ext_bytes;
	uint8_t ext_first; /* next header of the IPv6 header where there is ext */
	uint8_t flags;	   /* ACK unless set */
	uint16_t dst_port; /* 49153 unless set */
	const uint8_t *options;
	uint32_t option_bytes; /* a multiple of 4 */
	uint32_t payload_bytes;
	uint32_t pad_bytes; /* Ethernet padding */
};

struct frame {
	uint8_t data[FRAME_MAX];
	uint32_t bytes;
	uint32_t l3;
	uint32_t l4;
};

static inline void frame_put(struct frame *frame, uint32_t value, unsigned int bytes)
{
	assert_true(frame->bytes + bytes <= FRAME_MAX);
	while (bytes-- > 0)
		frame->data[frame->bytes++] = (uint8_t)(value >> (8 * bytes));
}

static inline void frame_set16(struct frame *frame, uint32_t at, uint32_t value)
{
	frame->data[at] = (uint8_t)(value >> 8);
	frame->data[at + 1] = (uint8_t)value;
}

/* RFC 1071 as it is written down: the reference for the fast one. Network order, not inverted. */
static inline uint32_t naive_sum(uint32_t sum, const uint8_t *p, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* Recompute the checksums of a frame with right lengths. */
static inline void frame_checksum(struct frame *frame, uint32_t l4_bytes)
{
	uint32_t sum = naive_sum(0, (const uint8_t[]){0, 6}, 2);

	sum += l4_bytes;
	frame_set16(frame, frame->l4 + 16, 0);
	if (frame->data[frame->l3] >> 4 == 4) {
		frame_set16(frame, frame->l3 + 10, 0);
		frame_set16(
			frame, frame->l3 + 10,
			~naive_sum(0, frame->data + frame->l3, (frame->data[frame->l3] & 15U) * 4));
		sum = naive_sum(sum, frame->data + frame->l3 + 12, 8);
	} else {
		sum = naive_sum(sum, frame->data + frame->l3 + 8, 32);
	}
	sum = naive_sum(sum, frame->data + frame->l4, l4_bytes);
	frame_set16(frame, frame->l4 + 16, ~sum);
}

static inline void frame_build(struct frame *frame, const struct frame_spec *spec)
{
	const uint32_t l4_bytes = 20 + spec->option_bytes + spec->payload_bytes;
	const bool ipv6 = spec->ip_version == 6;

	frame->bytes = 0;
	frame_put(frame, 0x0200, 2);
	frame_put(frame, 0x00000001, 4);
	frame_put(frame, 0x0200, 2);
	frame_put(frame, 0x00000002, 4);
	for (unsigned int i = 0; i < spec->vlan_count; i++)
		frame_put(frame, spec->vlan[i], 4);
	frame_put(frame, ipv6 ? 0x86dd : 0x0800, 2);

	frame->l3 = frame->bytes;
	if (ipv6) {
		frame_put(frame, 0x60112345, 4); /* traffic class 0x01: ECT(1) */
		frame_put(frame, spec->ext_bytes + l4_bytes, 2);
		frame_put(frame, spec->ext_bytes != 0 ? spec->ext_first : 6, 1);
		frame_put(frame, 64, 1);
		for (uint32_t i = 0; i < 32; i++)
			frame_put(frame, 0x20 + i, 1);
		for (uint32_t i = 0; i < spec->ext_bytes; i++)
			frame_put(frame, spec->ext[i], 1);
	} else {
		const uint32_t header_words = 5U + spec->ip_option_words;

		frame_put(frame, 0x4002 | header_words << 8, 2); /* ECT(0) */
		frame_put(frame, header_words * 4 + l4_bytes, 2);
		frame_put(frame, 0x12344000, 4); /* DF */
		frame_put(frame, 0x40060000, 4);
		frame_put(frame, 0xc0000201, 4);
		frame_put(frame, 0xc6336402, 4);
		for (unsigned int i = 0; i < spec->ip_option_words; i++)
			frame_put(frame, 0x01010101, 4);
	}

	frame->l4 = frame->bytes;
	frame_put(frame, 443, 2);
	frame_put(frame, spec->dst_port != 0 ? spec->dst_port : 49153, 2);
	frame_put(frame, FRAME_SEQ, 4);
	frame_put(frame, FRAME_ACK, 4);
	frame_put(frame, (5 + spec->option_bytes / 4) << 4, 1);
	frame_put(frame, spec->flags != 0 ? spec->flags : WIRE_TCP_ACK, 1);
	frame_put(frame, 0xfedc, 2);
	frame_put(frame, 0x00000a0b, 4); /* urgent pointer 0x0a0b */
	for (uint32_t i = 0; i < spec->option_bytes; i++)
		frame_put(frame, spec->options[i], 1);
	for (uint32_t i = 0; i < spec->payload_bytes; i++)
		frame_put(frame, i * 7 + 3, 1);
	for (uint32_t i = 0; i < spec->pad_bytes; i++)
		frame_put(frame, 0xee, 1);
	frame_checksum(frame, l4_bytes);
}

/*
 * Parse the first bytes of data from a buffer of exactly this size, so that a sanitizer sees every
 * read beyond. The view is dirty before, so that whatever is left out shows.
 */
static inline void parse_exact(const uint8_t *data, uint32_t bytes, uint32_t frame_bytes,
			       struct wire_view *view)
{
	uint8_t *copy = malloc(bytes != 0 ? bytes : 1);
	struct wire_view again;

	assert_non_null(copy);
	memcpy(copy, data, bytes);
	memset(view, 0xa5, sizeof(*view));
	memset(&again, 0x5a, sizeof(again));
	wire_parse(bytes != 0 ? copy : NULL, bytes, frame_bytes, view);
	wire_parse(bytes != 0 ? copy : NULL, bytes, frame_bytes, &again);
	assert_memory_equal(view, &again, sizeof(again));
	assert_memory_equal(copy, data, bytes);
	free(copy);
}

/* Deterministic pseudo-random numbers (xorshift32). */
static inline uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

#endif /* TEST_WIRE_FRAMES_H */
