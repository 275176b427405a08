/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP options. Input: 1 byte of TCP flags, then up to 40 bytes of options. They must mean the same
 * after IPv4 and IPv6, in a bigger buffer, and with payload after them.
 */
#include <string.h>

#include <wire/wire.h>

#include "bytes.h"

#define OPTION_BYTES_MAX 40u
#define PAYLOAD_BYTES 3u

static uint32_t put_ip(uint8_t *at, uint32_t l4_bytes, bool ipv6)
{
	uint32_t total = l4_bytes + (ipv6 ? 0 : 20);

	at[12] = ipv6 ? 0x86 : 0x08;
	at[13] = ipv6 ? 0xdd : 0x00;
	at += 14;
	at[0] = ipv6 ? 0x60 : 0x45;
	at[ipv6 ? 4 : 2] = (uint8_t)(total >> 8);
	at[ipv6 ? 5 : 3] = (uint8_t)total;
	at[ipv6 ? 6 : 9] = 6;
	return 14 + (ipv6 ? 40 : 20);
}

static void parse(const uint8_t *options, uint32_t option_bytes, uint8_t flags, bool ipv6,
		  uint32_t payload, struct wire_view *view)
{
	uint32_t header = 20 + (option_bytes + 3) / 4 * 4,
		 bytes = 14 + (ipv6 ? 40u : 20u) + header + payload;
	uint8_t *frame = calloc(1, bytes);
	uint8_t *tcp;

	if (!frame)
		abort();
	tcp = frame + put_ip(frame, header + payload, ipv6);
	tcp[12] = (uint8_t)(header / 4 << 4);
	tcp[13] = flags;
	memcpy(tcp + 20, options, option_bytes);
	wire_parse(frame, bytes, bytes, view);
	FUZZ_CHECK(view->kind == WIRE_TCP, "kind %s", wire_kind_name(view->kind));
	FUZZ_CHECK(view->payload_bytes == payload, "payload %u", view->payload_bytes);
	free(frame);
}

static bool same_options(const struct wire_view *a, const struct wire_view *b)
{
	return a->sack_count == b->sack_count && a->has_timestamp == b->has_timestamp &&
	       a->has_mss == b->has_mss && a->has_window_scale == b->has_window_scale &&
	       a->sack_permitted == b->sack_permitted && a->has_mptcp == b->has_mptcp &&
	       a->has_other_option == b->has_other_option &&
	       a->options_malformed == b->options_malformed && a->window_scale == b->window_scale &&
	       a->mss == b->mss && a->tsval == b->tsval && a->tsecr == b->tsecr &&
	       !memcmp(a->sack, b->sack, sizeof(a->sack));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = {data, data + size};
	uint8_t flags = bytes_u8(&input);
	uint32_t bytes = (uint32_t)(input.end - input.at);
	struct wire_view v4, v6;

	/* Other combinations are no TCP (WIRE_MALFORMED): the options are not looked at. */
	flags &= flags & WIRE_TCP_SYN ? (uint8_t) ~(WIRE_TCP_FIN | WIRE_TCP_RST) : 0xff;
	flags |= flags & WIRE_TCP_SYN ? 0 : WIRE_TCP_ACK;
	bytes = bytes < OPTION_BYTES_MAX ? bytes : OPTION_BYTES_MAX;
	parse(input.at, bytes, flags, false, 0, &v4);
	parse(input.at, bytes, flags, true, PAYLOAD_BYTES, &v6);
	FUZZ_CHECK(same_options(&v4, &v6), "IPv4 and IPv6 disagree");
	for (int i = 0; i < v4.sack_count; i++)
		FUZZ_CHECK(seq_lt(v4.sack[i].start, v4.sack[i].end), "SACK block %d is empty", i);
	FUZZ_CHECK(flags & WIRE_TCP_SYN ||
			   !(v4.has_mss || v4.has_window_scale || v4.sack_permitted),
		   "options of a SYN elsewhere");
	FUZZ_CHECK(!v4.has_mptcp || v4.has_other_option, "MPTCP is an unknown option");
	FUZZ_CHECK(v4.has_timestamp || (!v4.tsval && !v4.tsecr), "timestamps of nowhere");
	return 0;
}
