/* SPDX-License-Identifier: BSD-3-Clause */

#include "wire_internal.h"

#define IP_PROTO_TCP 6

static inline uint32_t fold64(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
}

/* Two 64-bit lanes: what every 64-bit target has registers for. Wider ones make gcc spill. */
typedef uint64_t lanes __attribute__((vector_size(16)));

/*
 * The bytes' sum in 16-bit words of the machine's order, an odd last byte padded with a zero.
 * 32-bit words are added into 64-bit lanes, so that no carry is lost below 2^32 words.
 */
static uint64_t sum_bytes(const uint8_t *p, uint32_t bytes)
{
	uint64_t sum = 0;
	uint64_t word;
	uint32_t half;
	uint16_t quarter;

	if (bytes >= 2 * sizeof(lanes)) {
		lanes low[2] = {{0}}, high[2] = {{0}};
		lanes block[2];

		do {
			memcpy(block, p, sizeof(block));
			low[0] += block[0] & 0xffffffff;
			low[1] += block[1] & 0xffffffff;
			high[0] += block[0] >> 32;
			high[1] += block[1] >> 32;
			p += sizeof(block);
			bytes -= (uint32_t)sizeof(block);
		} while (bytes >= sizeof(block));
		low[0] += low[1] + high[0] + high[1];
		sum = low[0][0] + low[0][1];
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
	/* Behind an odd number of bytes every byte is the other half of its word (RFC 1071 2 B). */
	if (odd_start)
		part = __builtin_bswap16((uint16_t)part);
	return fold64((uint64_t)sum + part);
}

uint32_t wire_sum_pseudo(const struct wire_view *view)
{
	const uint8_t tail[8] = {
		[0] = (uint8_t)(wire_l4_bytes(view) >> 24),
		[1] = (uint8_t)(wire_l4_bytes(view) >> 16),
		[2] = (uint8_t)(wire_l4_bytes(view) >> 8),
		[3] = (uint8_t)wire_l4_bytes(view),
		[7] = IP_PROTO_TCP,
	};

	/* IPv4 addresses are padded with zeros, which add nothing. */
	return fold64(sum_bytes(view->src, sizeof(view->src)) +
		      sum_bytes(view->dst, sizeof(view->dst)) + sum_bytes(tail, sizeof(tail)));
}

bool wire_ip_checksum_ok(const uint8_t *frame, const struct wire_view *view)
{
	const uint8_t *ip = frame + view->l3_offset;

	if (view->ip_version != 4)
		return true;
	return wire_sum_ok(fold64(sum_bytes(ip, (ip[0] & 0x0fU) * 4)));
}

bool wire_tcp_checksum_ok(const uint8_t *frame, uint32_t bytes, const struct wire_view *view)
{
	if (view->kind != WIRE_TCP || view->l3_offset + view->ip_total_bytes > bytes)
		return false;
	if (!wire_ip_checksum_ok(frame, view))
		return false;
	return wire_sum_ok(wire_sum_add(wire_sum_pseudo(view), frame + view->l4_offset,
					wire_l4_bytes(view), false));
}
