/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frame parser: any bytes are a frame. Input: 2 bytes how much of the frame lies in the first
 * buffer, then the frame.
 */
#include <string.h>

#include <wire/wire.h>

#include "bytes.h"

static void check_tcp(const struct wire_view *view, uint32_t bytes, uint32_t frame_bytes)
{
	FUZZ_CHECK(view->ip_version == 4 || view->ip_version == 6, "version %u", view->ip_version);
	FUZZ_CHECK(view->l3_offset >= 14 && view->l3_offset < view->l4_offset &&
			   view->l4_offset + 20 <= view->payload_offset,
		   "offsets %u %u %u", view->l3_offset, view->l4_offset, view->payload_offset);
	FUZZ_CHECK(view->payload_offset <= bytes, "headers past the buffer");
	FUZZ_CHECK(view->payload_offset + view->payload_bytes <= frame_bytes,
		   "payload past the frame");
	FUZZ_CHECK(view->l3_offset + view->ip_total_bytes ==
			   view->payload_offset + view->payload_bytes,
		   "lengths disagree");
	FUZZ_CHECK(wire_l4_bytes(view) ==
			   view->payload_offset - view->l4_offset + view->payload_bytes,
		   "TCP length");
	FUZZ_CHECK(view->sack_count <= WIRE_SACK_MAX, "%u SACK blocks", view->sack_count);
	for (int i = 0; i < view->sack_count; i++)
		FUZZ_CHECK(seq_lt(view->sack[i].start, view->sack[i].end), "SACK block %d is empty",
			   i);
	FUZZ_CHECK(!view->has_mptcp || view->has_other_option, "MPTCP is an unknown option");
	FUZZ_CHECK(view->tcp_flags & WIRE_TCP_SYN ||
			   !(view->has_mss || view->has_window_scale || view->sack_permitted),
		   "options of a SYN elsewhere");
}

/* The sum over any two pieces is the sum over the whole. */
static void check_sum(const uint8_t *frame, uint32_t cut, const struct wire_view *view)
{
	const uint8_t *l4 = frame + view->l4_offset;
	uint32_t bytes = wire_l4_bytes(view), sum = wire_sum_pseudo(view);

	cut %= bytes + 1;
	sum = wire_sum_add(sum, l4, cut, false);
	sum = wire_sum_add(sum, l4 + cut, bytes - cut, cut & 1);
	FUZZ_CHECK(
		(wire_sum_ok(sum) && wire_ip_checksum_ok(frame, view)) ==
			wire_tcp_checksum_ok(frame, view->l3_offset + view->ip_total_bytes, view),
		"the checksum depends on where the frame is cut");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = {data, data + size};
	uint32_t cut = bytes_u16(&input), frame_bytes = (uint32_t)(input.end - input.at);
	uint32_t first_bytes = cut % (frame_bytes + 1);
	uint8_t *first = malloc(first_bytes + 1u); /* so that a read past it is seen */
	struct wire_view whole, split;

	if (!first)
		abort();
	memset(&split, 0xa5, sizeof(split));
	memset(&whole, 0x5a, sizeof(whole));
	memcpy(first + 1, input.at, first_bytes); /* at an odd address */
	wire_parse(input.at, frame_bytes, frame_bytes, &whole);
	wire_parse(first + 1, first_bytes, frame_bytes, &split);
	FUZZ_CHECK(whole.kind < WIRE_KIND_COUNT && split.kind < WIRE_KIND_COUNT, "no such kind");
	FUZZ_CHECK(strcmp(wire_kind_name(whole.kind), "unknown") != 0, "kind %d", whole.kind);
	FUZZ_CHECK(whole.vlan_count <= WIRE_VLAN_MAX, "%u tags", whole.vlan_count);
	FUZZ_CHECK(whole.kind != WIRE_SPLIT_HEADER, "one buffer is not split");
	if (whole.kind == WIRE_TCP) {
		check_tcp(&whole, frame_bytes, frame_bytes);
		check_sum(input.at, cut, &whole);
	} else {
		FUZZ_CHECK(!wire_tcp_checksum_ok(input.at, frame_bytes, &whole),
			   "a checksum of no TCP");
	}
	/* What lies in the first buffer changes whether headers are seen, never what they say. */
	if (split.kind == WIRE_TCP) {
		check_tcp(&split, first_bytes, frame_bytes);
		FUZZ_CHECK(!memcmp(&split, &whole, sizeof(whole)), "the cut changes the view");
	} else {
		FUZZ_CHECK(split.kind == WIRE_SPLIT_HEADER || split.kind == whole.kind,
			   "kind %d became %d by a cut", whole.kind, split.kind);
	}
	free(first);
	return 0;
}
