/* SPDX-License-Identifier: BSD-3-Clause */

#include "wire_internal.h"

#define IP_PROTO_TCP 6
#define IPV4_HEADER_BYTES 20
#define TCP_CHECKSUM_OFFSET 16

static inline uint32_t fold64(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
}

/*
 * The bytes' sum in 16-bit words of the machine's order, an odd last byte padded with a zero.
 *
 * 32-bit lanes take whole words, which may wrap, and their high halves apart: the sum of the low
 * halves is what is left of the first without the second. Exact up to 2^16 words per lane, a
 * megabyte; a frame has 64 KiB.
 */
#define DEFINE_SUM_BLOCKS(name, lane_count, ...)                                                   \
	__VA_ARGS__ static uint64_t name(const uint8_t *p, uint32_t blocks)                        \
	{                                                                                          \
		typedef uint32_t lanes __attribute__((vector_size(4 * (lane_count))));             \
		typedef lanes unaligned __attribute__((aligned(1), may_alias));                    \
		const unaligned *at = (const unaligned *)p;                                        \
		lanes whole[2] = {{0}}, high[2] = {{0}}, low;                                      \
		uint64_t sum = 0;                                                                  \
                                                                                                   \
		for (const unaligned *end = at + 2 * blocks; at < end; at += 2) {                  \
			whole[0] += at[0];                                                         \
			whole[1] += at[1];                                                         \
			high[0] += at[0] >> 16;                                                    \
			high[1] += at[1] >> 16;                                                    \
		}                                                                                  \
		whole[0] += whole[1];                                                              \
		high[0] += high[1];                                                                \
		low = whole[0] - (high[0] << 16);                                                  \
		for (int i = 0; i < (lane_count); i++)                                             \
			sum += (uint64_t)low[i] + high[0][i];                                      \
		return sum;                                                                        \
	}

/* What every 64-bit target has registers for ... */
#define BLOCK_BYTES 32u
DEFINE_SUM_BLOCKS(sum_blocks, 4)

#ifdef __x86_64__
/* ... and twice as wide where the CPU has it. */
#define WIDE_BLOCK_BYTES 64u
#define WIDE_FROM_BYTES 256u
DEFINE_SUM_BLOCKS(sum_blocks_wide, 8, __attribute__((target("avx2"))))

static inline bool is_wide(uint32_t bytes)
{
	return bytes >= WIDE_FROM_BYTES && __builtin_cpu_supports("avx2");
}
#else
#define WIDE_BLOCK_BYTES BLOCK_BYTES
#define sum_blocks_wide sum_blocks

static inline bool is_wide(uint32_t bytes)
{
	return false;
}
#endif

static uint64_t sum_bytes(const uint8_t *p, uint32_t bytes)
{
	uint64_t sum = 0;
	uint64_t word;
	uint32_t half;
	uint16_t quarter;

	if (is_wide(bytes)) {
		sum = sum_blocks_wide(p, bytes / WIDE_BLOCK_BYTES);
		p += bytes / WIDE_BLOCK_BYTES * WIDE_BLOCK_BYTES;
		bytes %= WIDE_BLOCK_BYTES;
	} else if (bytes >= BLOCK_BYTES) {
		sum = sum_blocks(p, bytes / BLOCK_BYTES);
		p += bytes / BLOCK_BYTES * BLOCK_BYTES;
		bytes %= BLOCK_BYTES;
	}

	for (; bytes >= sizeof(word); bytes -= (uint32_t)sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += (word & 0xffffffff) + (word >> 32);
	}
	if (bytes & 4) {
		memcpy(&half, p, sizeof(half));
		sum += half;
		p += sizeof(half);
	}
	if (bytes & 2) {
		memcpy(&quarter, p, sizeof(quarter));
		sum += quarter;
		p += sizeof(quarter);
	}
	if (bytes & 1) {
		quarter = 0;
		memcpy(&quarter, p, 1);
		sum += quarter;
	}
	return sum;
}

uint32_t wire_sum_add(uint32_t sum, const uint8_t *p, uint32_t bytes, bool odd_start)
{
	uint32_t part;

	if (bytes == 0)
		return sum;
	part = fold64(sum_bytes(p, bytes));
	/* After an odd number of bytes every byte is the other half of its word (RFC 1071 2 B). */
	if (odd_start)
		part = __builtin_bswap16((uint16_t)part);
	return fold64((uint64_t)sum + part);
}

static inline uint64_t sum_pseudo(const struct wire_view *view)
{
	const uint8_t tail[8] = {
		[0] = (uint8_t)(wire_l4_bytes(view) >> 24),
		[1] = (uint8_t)(wire_l4_bytes(view) >> 16),
		[2] = (uint8_t)(wire_l4_bytes(view) >> 8),
		[3] = (uint8_t)wire_l4_bytes(view),
		[7] = IP_PROTO_TCP,
	};

	if (view->ip_version == 4)
		return sum_bytes(view->src, 4) + sum_bytes(view->dst, 4) +
		       sum_bytes(tail, sizeof(tail));
	return sum_bytes(view->src, sizeof(view->src)) + sum_bytes(view->dst, sizeof(view->dst)) +
	       sum_bytes(tail, sizeof(tail));
}

bool wire_tcp_checksum_unfinished(const uint8_t *frame, const struct wire_view *view)
{
	uint16_t field;

	memcpy(&field, frame + view->l4_offset + TCP_CHECKSUM_OFFSET, sizeof(field));
	return field == fold64(sum_pseudo(view));
}

uint32_t wire_sum_pseudo(const struct wire_view *view)
{
	return fold64(sum_pseudo(view));
}

bool wire_ip_checksum_ok(const uint8_t *frame, const struct wire_view *view)
{
	const uint8_t *ip = frame + view->l3_offset;
	const uint32_t bytes = (ip[0] & 0x0fU) * 4;

	if (view->ip_version != 4)
		return true;
	/* Of a constant size it is a handful of additions. */
	return wire_sum_ok(fold64(__builtin_expect(bytes == IPV4_HEADER_BYTES, 1)
					  ? sum_bytes(ip, IPV4_HEADER_BYTES)
					  : sum_bytes(ip, bytes)));
}

bool wire_tcp_checksum_ok(const uint8_t *frame, uint32_t bytes, const struct wire_view *view)
{
	if (view->kind != WIRE_TCP || view->l3_offset + view->ip_total_bytes > bytes)
		return false;
	if (!wire_ip_checksum_ok(frame, view))
		return false;
	return wire_sum_ok(
		fold64(sum_pseudo(view) + sum_bytes(frame + view->l4_offset, wire_l4_bytes(view))));
}
