/* SPDX-License-Identifier: BSD-3-Clause */

#include "wire_internal.h"

#define OPTION_EOL 0
#define OPTION_MSS 2
#define OPTION_WINDOW_SCALE 3
#define OPTION_SACK_PERMITTED 4
#define OPTION_SACK 5
#define OPTION_MPTCP 30

#define SACK_BLOCK_BYTES 8

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

		if (seq_lt(block.start, block.end))
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
	case WIRE_OPTION_TIMESTAMP:
		if (option_bytes != WIRE_TIMESTAMP_BYTES || view->has_timestamp)
			return false;
		wire_load_timestamp(option, view);
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

void wire_parse_options(const uint8_t *options, uint32_t bytes, struct wire_view *view)
{
	uint32_t at = 0;

	if (bytes >= WIRE_ALIGNED_TIMESTAMP_BYTES &&
	    wire_load_be32(options) == WIRE_ALIGNED_TIMESTAMP_WORD) {
		wire_load_timestamp(options + 2, view);
		at = WIRE_ALIGNED_TIMESTAMP_BYTES;
	}
	while (at < bytes) {
		uint32_t option_bytes;

		if (options[at] == WIRE_OPTION_NOP) {
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

void wire_parse_tcp(const uint8_t *frame, uint32_t bytes, struct wire_view *view)
{
	const uint32_t l4 = view->l4_offset;
	const uint32_t l4_bytes = wire_l4_bytes(view);
	const uint8_t *tcp = frame + l4;
	uint32_t header_bytes;

	if (l4_bytes < WIRE_TCP_HEADER_BYTES) {
		view->kind = WIRE_MALFORMED;
		return;
	}
	if (l4 + WIRE_TCP_HEADER_BYTES > bytes) {
		view->kind = WIRE_SPLIT_HEADER;
		return;
	}
	header_bytes = (tcp[12] >> 4) * 4U;
	view->tcp_flags = tcp[13];
	if (header_bytes < WIRE_TCP_HEADER_BYTES || header_bytes > l4_bytes ||
	    wire_flags_malformed(view->tcp_flags)) {
		view->kind = WIRE_MALFORMED;
		return;
	}
	if (l4 + header_bytes > bytes) {
		view->kind = WIRE_SPLIT_HEADER;
		return;
	}
	view->payload_offset = (uint16_t)(l4 + header_bytes);
	view->payload_bytes = l4_bytes - header_bytes;
	wire_load_tcp(tcp, view);
	if (header_bytes > WIRE_TCP_HEADER_BYTES)
		wire_parse_options(tcp + WIRE_TCP_HEADER_BYTES,
				   header_bytes - WIRE_TCP_HEADER_BYTES, view);
}
