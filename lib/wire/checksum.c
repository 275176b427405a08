/* SPDX-License-Identifier: BSD-3-Clause */

#include "wire_internal.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define IP_PROTO_TCP 6
#define IPV4_HEADER_BYTES 20
#define TCP_CHECKSUM_OFFSET 16

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

static inline uint32_t fold64(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
}

/* wire_sum_ok(fold64(sum)) of a sum that is not zero: it folds to the remainder, or to 0xffff. */
static inline bool is_right(uint64_t sum)
{
	return sum % 0xffff == 0;
}

/* From here on vectors are faster, and wide ones where the CPU has them. */
#define LONG_FROM_BYTES 128u
#define WIDE_FROM_BYTES 256u
#define BLOCK_BYTES 32u

/*
 * Sums of the bytes' 16-bit words in the machine's order.
 *
 * On every 64-bit target: 32-bit lanes take whole words, which may wrap, and their high halves
 * apart: the sum of the low halves is what is left of the first without the second. Exact up to
 * 2^16 words per lane, a megabyte; a frame has 64 KiB.
 */
static uint64_t sum_blocks(const uint8_t *p, uint32_t blocks)
{
	typedef uint32_t lanes __attribute__((vector_size(16)));
	typedef lanes unaligned __attribute__((aligned(1), may_alias));
	const unaligned *at = (const unaligned *)p;
	lanes whole[2] = {{0}}, high[2] = {{0}}, low;
	uint64_t sum = 0;

	for (const unaligned *end = at + 2 * blocks; at < end; at += 2) {
		whole[0] += at[0];
		whole[1] += at[1];
		high[0] += at[0] >> 16;
		high[1] += at[1] >> 16;
	}
	whole[0] += whole[1];
	high[0] += high[1];
	low = whole[0] - (high[0] << 16);
	for (int i = 0; i < 4; i++)
		sum += (uint64_t)low[i] + high[0][i];
	return sum;
}

#ifdef __x86_64__
/* One instruction adds pairs of signed words. So that they are signed, 2^15 is taken off each. */
static inline __attribute__((target("avx2"), always_inline)) __m256i
sum_block_wide(const uint8_t *p)
{
	const __m256i words = _mm256_loadu_si256((const __m256i *)(const void *)p);

	return _mm256_madd_epi16(_mm256_xor_si256(words, _mm256_set1_epi16(INT16_MIN)),
				 _mm256_set1_epi16(1));
}

static __attribute__((target("avx2"))) uint64_t sum_blocks_wide(const uint8_t *p, uint32_t blocks)
{
	const uint8_t *end = p + blocks * BLOCK_BYTES;
	__m256i sum = _mm256_setzero_si256();
	__m128i half;

	for (; p + 4 * BLOCK_BYTES <= end; p += 4 * BLOCK_BYTES) {
		__m256i first =
			_mm256_add_epi32(sum_block_wide(p), sum_block_wide(p + BLOCK_BYTES));
		__m256i last = _mm256_add_epi32(sum_block_wide(p + 2 * BLOCK_BYTES),
						sum_block_wide(p + 3 * BLOCK_BYTES));

		sum = _mm256_add_epi32(sum, _mm256_add_epi32(first, last));
	}
	for (; p < end; p += BLOCK_BYTES)
		sum = _mm256_add_epi32(sum, sum_block_wide(p));
	half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
	half = _mm_add_epi32(half, _mm_srli_si128(half, 8));
	half = _mm_add_epi32(half, _mm_srli_si128(half, 4));
	return (uint64_t)(blocks * (BLOCK_BYTES / 2 * (int64_t)-INT16_MIN) +
			  _mm_cvtsi128_si32(half));
}

static inline bool is_wide(uint32_t blocks)
{
	return blocks >= WIDE_FROM_BYTES / BLOCK_BYTES && __builtin_cpu_supports("avx2");
}
#else
#define sum_blocks_wide sum_blocks

static inline bool is_wide(uint32_t blocks)
{
	return false;
}
#endif

static __attribute__((noinline)) uint64_t sum_long(const uint8_t *p, uint32_t blocks)
{
	return is_wide(blocks) ? sum_blocks_wide(p, blocks) : sum_blocks(p, blocks);
}

/* Of 32-bit words. */
static inline uint64_t sum_16_bytes(const uint8_t *p)
{
	return (uint64_t)load32(p) + load32(p + 4) + load32(p + 8) + load32(p + 12);
}

/* An odd last byte is padded with a zero. */
static inline uint64_t sum_bytes(const uint8_t *p, uint32_t bytes)
{
	uint64_t sum = 0;
	uint16_t word = 0;

	if (bytes >= LONG_FROM_BYTES) {
		sum = sum_long(p, bytes / BLOCK_BYTES);
		p += bytes / BLOCK_BYTES * BLOCK_BYTES;
		bytes %= BLOCK_BYTES;
	}
	for (; bytes >= BLOCK_BYTES; bytes -= BLOCK_BYTES, p += BLOCK_BYTES)
		sum += sum_16_bytes(p) + sum_16_bytes(p + 16);
	if (bytes & 16) {
		sum += sum_16_bytes(p);
		p += 16;
	}
	if (bytes & 8) {
		sum += (uint64_t)load32(p) + load32(p + 4);
		p += 8;
	}
	if (bytes & 4) {
		sum += load32(p);
		p += 4;
	}
	if (bytes & 2) {
		memcpy(&word, p, sizeof(word));
		sum += word;
		p += sizeof(word);
	}
	if (bytes & 1) {
		word = 0;
		memcpy(&word, p, 1);
		sum += word;
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
	const uint32_t bytes = wire_l4_bytes(view);
	const uint8_t tail[8] = {
		[0] = (uint8_t)(bytes >> 24), [1] = (uint8_t)(bytes >> 16),
		[2] = (uint8_t)(bytes >> 8),  [3] = (uint8_t)bytes,
		[7] = IP_PROTO_TCP,
	};
	const uint64_t sum = (uint64_t)load32(tail) + load32(tail + 4);

	if (view->ip_version == 4)
		return sum + load32(view->src) + load32(view->dst);
	return sum + sum_16_bytes(view->src) + sum_16_bytes(view->dst);
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
	if (__builtin_expect(bytes != IPV4_HEADER_BYTES, 0))
		return is_right(sum_bytes(ip, bytes));
	return is_right(sum_16_bytes(ip) + load32(ip + 16));
}

bool wire_tcp_checksum_ok(const uint8_t *frame, uint32_t bytes, const struct wire_view *view)
{
	if (view->kind != WIRE_TCP || view->l3_offset + view->ip_total_bytes > bytes)
		return false;
	if (!wire_ip_checksum_ok(frame, view))
		return false;
	return is_right(sum_pseudo(view) + sum_bytes(frame + view->l4_offset, wire_l4_bytes(view)));
}
