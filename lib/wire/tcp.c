/* SPDX-License-Identifier: BSD-3-Clause */

#include "wire_internal.h"

#define TCP_HEADER_BYTES 20

#define OPTION_EOL 0
#define OPTION_NOP 1
#define OPTION_MSS 2
#define OPTION_WINDOW_SCALE 3
#define OPTION_SACK_PERMITTED 4
#define OPTION_SACK 5
#define OPTION_TIMESTAMP 8
#define OPTION_MPTCP 30

#define TIMESTAMP_BYTES 10
#define SACK_BLOCK_BYTES 8

/* NOP NOP timestamps, as RFC 7323 appendix A lays it out and practically every stack sends it. */
#define ALIGNED_TIMESTAMP_BYTES 12
#define ALIGNED_TIMESTAMP_WORD                                                                     \
	((uint32_t)OPTION_NOP << 24 | OPTION_NOP << 16 | OPTION_TIMESTAMP << 8 | TIMESTAMP_BYTES)

static void load_timestamp(const uint8_t *option, struct wire_view *view)
{
	view->has_timestamp = true;
	view->tsval = wire_load_be32(option + 2);
	view->tsecr = wire_load_be32(option + 6);
}

/* False: the option's length is not that of a SACK option, or the frame has one already. */
static bool load_sack(const uint8_t *option, uint32_t option_bytes, struct wire_view *view)
{
	const uint32_t blocks_bytes = option_bytes - 2;

	if (view->sack_count != 0 || blocks_bytes == 0 || blocks_bytes % SACK_BLOCK_BYTES != 0 ||
	    blocks_bytes > WIRE_SACK_MAX * SACK_BLOCK_BYTES)
		return false;
	for (uint32_t at = 2; at < option_bytes; at += SACK_BLOCK_BYTES) {
		const struct wire_sack block = {
			.start = wire_load_be32(option + at),
			.end = wire_load_be32(option + at + 4),
		};

		if (wire_seq_lt(block.start, block.end))
			view->sack[view->sack_count++] = block;
		else
			view->options_malformed = true;
	}
	return true;
}

/*
 * One option of option_bytes bytes, at least 2. False: its length is wrong, or it is one that comes
 * at most once and came before; receivers differ on which counts.
 */
static bool load_option(const uint8_t *option, uint32_t option_bytes, struct wire_view *view)
{
	const bool syn = (view->tcp_flags & WIRE_TCP_SYN) != 0;

	switch (option[0]) {
	case OPTION_TIMESTAMP:
		if (option_bytes != TIMESTAMP_BYTES || view->has_timestamp)
			return false;
		load_timestamp(option, view);
		return true;
	case OPTION_SACK:
		return load_sack(option, option_bytes, view);
	case OPTION_MSS:
		if (option_bytes != 4 || view->has_mss)
			return false;
		if (!syn)
			break;
		view->has_mss = true;
		view->mss = wire_load_be16(option + 2);
		return true;
	case OPTION_WINDOW_SCALE:
		if (option_bytes != 3 || view->has_window_scale)
			return false;
		if (!syn)
			break;
		view->has_window_scale = true;
		view->window_scale = option[2];
		return true;
	case OPTION_SACK_PERMITTED:
		if (option_bytes != 2 || view->sack_permitted)
			return false;
		if (!syn)
			break;
		view->sack_permitted = true;
		return true;
	case OPTION_MPTCP:
		view->has_mptcp = true;
		break;
	default:
		break;
	}
	view->has_other_option = true;
	return true;
}

static void parse_options(const uint8_t *options, uint32_t bytes, struct wire_view *view)
{
	uint32_t at = 0;

	if (bytes >= ALIGNED_TIMESTAMP_BYTES && wire_load_be32(options) == ALIGNED_TIMESTAMP_WORD) {
		load_timestamp(options + 2, view);
		at = ALIGNED_TIMESTAMP_BYTES;
	}
	while (at < bytes) {
		uint32_t option_bytes;

		if (options[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (options[at] == OPTION_EOL)
			return;
		option_bytes = at + 1 < bytes ? options[at + 1] : 0;
		if (option_bytes < 2 || option_bytes > bytes - at ||
		    !load_option(options + at, option_bytes, view)) {
			view->options_malformed = true;
			return;
		}
		at += option_bytes;
	}
}

/*
 * Flags that no stack sends: SYN with FIN or RST, or a segment that is none of SYN, RST and ACK,
 * which a receiver drops unseen (RFC 9293 section 3.10.7).
 */
static inline bool flags_malformed(uint8_t flags)
{
	if ((flags & (WIRE_TCP_SYN | WIRE_TCP_RST | WIRE_TCP_ACK)) == 0)
		return true;
	return (flags & WIRE_TCP_SYN) != 0 && (flags & (WIRE_TCP_FIN | WIRE_TCP_RST)) != 0;
}

void wire_parse_tcp(const uint8_t *frame, uint32_t bytes, struct wire_view *view)
{
	const uint32_t l4 = view->l4_offset;
	const uint32_t l4_bytes = wire_l4_bytes(view);
	const uint8_t *tcp = frame + l4;
	uint32_t header_bytes;

	if (l4_bytes < TCP_HEADER_BYTES) {
		view->kind = WIRE_MALFORMED;
		return;
	}
	if (l4 + TCP_HEADER_BYTES > bytes) {
		view->kind = WIRE_SPLIT_HEADER;
		return;
	}
	header_bytes = (tcp[12] >> 4) * 4U;
	view->tcp_flags = tcp[13];
	if (header_bytes < TCP_HEADER_BYTES || header_bytes > l4_bytes ||
	    flags_malformed(view->tcp_flags)) {
		view->kind = WIRE_MALFORMED;
		return;
	}
	if (l4 + header_bytes > bytes) {
		view->kind = WIRE_SPLIT_HEADER;
		return;
	}
	view->payload_offset = (uint16_t)(l4 + header_bytes);
	view->payload_bytes = l4_bytes - header_bytes;
	view->src_port = wire_load_be16(tcp);
	view->dst_port = wire_load_be16(tcp + 2);
	view->seq = wire_load_be32(tcp + 4);
	view->ack = wire_load_be32(tcp + 8);
	view->tcp_ae = tcp[12] & 1;
	view->window = wire_load_be16(tcp + 14);
	view->urgent = wire_load_be16(tcp + 18);
	if (header_bytes > TCP_HEADER_BYTES)
		parse_options(tcp + TCP_HEADER_BYTES, header_bytes - TCP_HEADER_BYTES, view);
}
