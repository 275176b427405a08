/* SPDX-License-Identifier: BSD-3-Clause */

/* lib/wire/parse.c: Ethernet, VLAN, IPv4, IPv6, and the TCP header without its options. */

#include "test_wire_frames.h"

static const uint8_t options_ts[] = {OPT_TS};
static const uint8_t options_full[] = {OPT_TS, OPT_SACK2};
/* Hop-by-hop 8, destination 16, routing 24 bytes without segments left, destination 8, then TCP. */
static const uint8_t ext_full[56] = {[0] = 60, [8] = 43, [9] = 1, [24] = 60, [25] = 2, [48] = 6};

static const struct frame_spec spec_v4 = {
	.options = options_ts,
	.option_bytes = sizeof(options_ts),
	.payload_bytes = 10,
};
static const struct frame_spec spec_v6 = {
	.ip_version = 6,
	.options = options_ts,
	.option_bytes = sizeof(options_ts),
	.payload_bytes = 10,
};
static const struct frame_spec spec_all[] = {
	{.options = options_full, .option_bytes = sizeof(options_full), .payload_bytes = 33},
	{.ip_option_words = 10,
	 .options = options_full,
	 .option_bytes = sizeof(options_full),
	 .payload_bytes = 5},
	{.ip_version = 6,
	 .options = options_full,
	 .option_bytes = sizeof(options_full),
	 .payload_bytes = 33},
	{.vlan = {0x88a8e064, 0x81006123},
	 .vlan_count = 2,
	 .options = options_full,
	 .option_bytes = sizeof(options_full),
	 .payload_bytes = 33},
	{.vlan = {0x81000001},
	 .vlan_count = 1,
	 .ip_version = 6,
	 .ext = ext_full,
	 .ext_bytes = sizeof(ext_full),
	 .ext_first = 0,
	 .options = options_full,
	 .option_bytes = sizeof(options_full),
	 .payload_bytes = 33},
	{.flags = WIRE_TCP_SYN},
	{.ip_version = 6, .flags = WIRE_TCP_RST},
};

/* One valid frame, a few bytes of it overwritten, and the kind that comes out. */
static const struct patch_case {
	const char *name;
	const struct frame_spec *spec;
	uint32_t at; /* from the start of the frame: IPv4 at 14, IPv6 at 14, TCP at 34 or 54 */
	uint8_t value[2];
	uint8_t value_bytes;
	enum wire_kind kind;
} patch_cases[] = {
	{"unchanged", &spec_v4, 12, {0x08, 0x00}, 2, WIRE_TCP},
	{"ARP", &spec_v4, 12, {0x08, 0x06}, 2, WIRE_NON_IP},
	{"LLDP", &spec_v4, 12, {0x88, 0xcc}, 2, WIRE_NON_IP},
	{"PPPoE discovery", &spec_v4, 12, {0x88, 0x63}, 2, WIRE_NON_IP},
	{"PPPoE session", &spec_v4, 12, {0x88, 0x64}, 2, WIRE_PPPOE},
	{"MPLS", &spec_v4, 12, {0x88, 0x47}, 2, WIRE_MPLS},
	{"MPLS, upstream-assigned", &spec_v4, 12, {0x88, 0x48}, 2, WIRE_MPLS},
	{"after MPLS", &spec_v4, 12, {0x88, 0x49}, 2, WIRE_NON_IP},
	{"LLC of length 0", &spec_v4, 12, {0x00, 0x00}, 2, WIRE_NON_IP},
	{"LLC, highest length", &spec_v4, 12, {0x05, 0xff}, 2, WIRE_NON_IP},
	{"lowest type", &spec_v4, 12, {0x06, 0x00}, 2, WIRE_NON_IP},
	{"IPv6 in the type, IPv4 in the header", &spec_v4, 12, {0x86, 0xdd}, 2, WIRE_MALFORMED},

	{"IPv4 version 5", &spec_v4, 14, {0x55}, 1, WIRE_MALFORMED},
	{"IPv4 header of 16 bytes", &spec_v4, 14, {0x44}, 1, WIRE_MALFORMED},
	{"IPv4 total below header", &spec_v4, 16, {0, 19}, 2, WIRE_MALFORMED},
	{"IPv4 total 0", &spec_v4, 16, {0, 0}, 2, WIRE_MALFORMED},
	{"IPv4 without payload", &spec_v4, 16, {0, 20}, 2, WIRE_MALFORMED},
	{"IPv4, TCP header cut", &spec_v4, 16, {0, 39}, 2, WIRE_MALFORMED},
	{"IPv4, TCP options cut", &spec_v4, 16, {0, 51}, 2, WIRE_MALFORMED},
	{"IPv4 without TCP payload", &spec_v4, 16, {0, 52}, 2, WIRE_TCP},
	{"IPv4 total as the frame", &spec_v4, 16, {0, 62}, 2, WIRE_TCP},
	{"IPv4 total beyond the frame", &spec_v4, 16, {0, 63}, 2, WIRE_TRUNCATED},
	{"IPv4 total 65535", &spec_v4, 16, {0xff, 0xff}, 2, WIRE_TRUNCATED},
	{"IPv4 options beyond the total", &spec_v4, 14, {0x4f}, 1, WIRE_MALFORMED},
	{"IPv4 no flags", &spec_v4, 20, {0, 0}, 2, WIRE_TCP},
	{"IPv4 reserved flag", &spec_v4, 20, {0xc0, 0}, 2, WIRE_TCP},
	{"IPv4 first fragment", &spec_v4, 20, {0x20, 0}, 2, WIRE_FRAGMENT},
	{"IPv4 second fragment", &spec_v4, 20, {0x00, 1}, 2, WIRE_FRAGMENT},
	{"IPv4 highest offset", &spec_v4, 20, {0x1f, 0xff}, 2, WIRE_FRAGMENT},
	{"IPv4 offset of 256 units", &spec_v4, 20, {0x01, 0x00}, 2, WIRE_FRAGMENT},
	{"IPv4 UDP", &spec_v4, 23, {17}, 1, WIRE_IP_OTHER},
	{"IPv4 ICMP", &spec_v4, 23, {1}, 1, WIRE_IP_OTHER},
	{"IPv4 in IPv4", &spec_v4, 23, {4}, 1, WIRE_IP_IN_IP},
	{"IPv6 in IPv4", &spec_v4, 23, {41}, 1, WIRE_IP_IN_IP},
	{"IPv4 GRE", &spec_v4, 23, {47}, 1, WIRE_GRE},
	{"IPv4 ESP", &spec_v4, 23, {50}, 1, WIRE_IPSEC},
	{"IPv4 AH", &spec_v4, 23, {51}, 1, WIRE_IPSEC},

	{"IPv6 version 4", &spec_v6, 14, {0x40}, 1, WIRE_MALFORMED},
	{"IPv6 without payload", &spec_v6, 18, {0, 0}, 2, WIRE_MALFORMED},
	{"IPv6, TCP header cut", &spec_v6, 18, {0, 19}, 2, WIRE_MALFORMED},
	{"IPv6, TCP options cut", &spec_v6, 18, {0, 31}, 2, WIRE_MALFORMED},
	{"IPv6 without TCP payload", &spec_v6, 18, {0, 32}, 2, WIRE_TCP},
	{"IPv6 payload as the frame", &spec_v6, 18, {0, 42}, 2, WIRE_TCP},
	{"IPv6 payload beyond the frame", &spec_v6, 18, {0, 43}, 2, WIRE_TRUNCATED},
	{"IPv6 payload 65535", &spec_v6, 18, {0xff, 0xff}, 2, WIRE_TRUNCATED},
	{"IPv6 fragment", &spec_v6, 20, {44}, 1, WIRE_FRAGMENT},
	{"IPv6 UDP", &spec_v6, 20, {17}, 1, WIRE_IP_OTHER},
	{"IPv6 ICMP", &spec_v6, 20, {58}, 1, WIRE_IP_OTHER},
	{"IPv6 ESP", &spec_v6, 20, {50}, 1, WIRE_IPSEC},
	{"IPv6 AH", &spec_v6, 20, {51}, 1, WIRE_IPSEC},
	{"IPv4 in IPv6", &spec_v6, 20, {4}, 1, WIRE_IP_IN_IP},
	{"IPv6 in IPv6", &spec_v6, 20, {41}, 1, WIRE_IP_IN_IP},
	{"IPv6 GRE", &spec_v6, 20, {47}, 1, WIRE_GRE},
	{"IPv6 no next header", &spec_v6, 20, {59}, 1, WIRE_IP_OTHER},
	{"IPv6 mobility", &spec_v6, 20, {135}, 1, WIRE_IP_OTHER},

	{"data offset 0", &spec_v4, 46, {0x00}, 1, WIRE_MALFORMED},
	{"data offset 4", &spec_v4, 46, {0x40}, 1, WIRE_MALFORMED},
	{"data offset 5", &spec_v4, 46, {0x50}, 1, WIRE_TCP},
	{"data offset within payload", &spec_v4, 46, {0xa0}, 1, WIRE_TCP},
	{"data offset beyond", &spec_v4, 46, {0xb0}, 1, WIRE_MALFORMED},
	{"data offset beyond, IPv6", &spec_v6, 66, {0xb0}, 1, WIRE_MALFORMED},
	{"all reserved bits", &spec_v4, 46, {0x8f}, 1, WIRE_TCP},
	{"no flag", &spec_v4, 47, {0}, 1, WIRE_MALFORMED},
	{"no flag but ECN, PSH, URG", &spec_v4, 47, {0xe8}, 1, WIRE_MALFORMED},
	{"FIN alone", &spec_v4, 47, {0x01}, 1, WIRE_MALFORMED},
	{"SYN FIN", &spec_v4, 47, {0x03}, 1, WIRE_MALFORMED},
	{"SYN RST", &spec_v4, 47, {0x06}, 1, WIRE_MALFORMED},
	{"SYN RST ACK", &spec_v4, 47, {0x16}, 1, WIRE_MALFORMED},
	{"all flags", &spec_v4, 47, {0xff}, 1, WIRE_MALFORMED},
	{"SYN", &spec_v4, 47, {0x02}, 1, WIRE_TCP},
	{"SYN ACK with ECN set-up", &spec_v4, 47, {0xd2}, 1, WIRE_TCP},
	{"RST", &spec_v4, 47, {0x04}, 1, WIRE_TCP},
	{"RST ACK", &spec_v4, 47, {0x14}, 1, WIRE_TCP},
	{"FIN ACK", &spec_v4, 47, {0x11}, 1, WIRE_TCP},
	{"PSH ACK URG", &spec_v4, 47, {0x38}, 1, WIRE_TCP},
};

static void test_kinds(void **state)
{
	struct wire_view view;
	struct frame frame;

	(void)state;
	for (size_t i = 0; i < COUNT(patch_cases); i++) {
		const struct patch_case *c = &patch_cases[i];

		frame_build(&frame, c->spec);
		memcpy(frame.data + c->at, c->value, c->value_bytes);
		parse_exact(frame.data, frame.bytes, frame.bytes, &view);
		if (view.kind != c->kind)
			fail_msg("%s: %s, not %s", c->name, wire_kind_name(view.kind),
				 wire_kind_name(c->kind));
	}
}

static const struct vlan_case {
	const char *name;
	uint32_t tags[3];
	unsigned int tag_count;
	enum wire_kind kind;
	uint32_t vlan[WIRE_VLAN_MAX];
} vlan_cases[] = {
	{"none", {0}, 0, WIRE_TCP, {0}},
	{"one", {0x8100000a}, 1, WIRE_TCP, {0x8100000a}},
	{"priority and DEI are left out", {0x8100ffff}, 1, WIRE_TCP, {0x81000fff}},
	{"priority tag", {0x8100e000}, 1, WIRE_TCP, {0x81000000}},
	{"QinQ", {0x88a80064, 0x81000065}, 2, WIRE_TCP, {0x88a80064, 0x81000065}},
	{"old QinQ", {0x91000064, 0x81000065}, 2, WIRE_TCP, {0x91000064, 0x81000065}},
	{"twice the customer's", {0x81000064, 0x81000065}, 2, WIRE_TCP, {0x81000064, 0x81000065}},
	{"three",
	 {0x88a80001, 0x81000002, 0x81000003},
	 3,
	 WIRE_VLAN_DEPTH,
	 {0x88a80001, 0x81000002}},
	{"another TPID", {0x92000001}, 1, WIRE_NON_IP, {0}},
	{"a length after a tag", {0x81000007, 0x00260000}, 2, WIRE_NON_IP, {0x81000007}},
};

static void test_vlan(void **state)
{
	struct wire_view view;
	struct frame frame;

	(void)state;
	for (size_t i = 0; i < COUNT(vlan_cases); i++) {
		const struct vlan_case *c = &vlan_cases[i];
		struct frame_spec spec = spec_v4;
		uint8_t count = 0;

		memcpy(spec.vlan, c->tags, sizeof(c->tags));
		spec.vlan_count = c->tag_count;
		frame_build(&frame, &spec);
		parse_exact(frame.data, frame.bytes, frame.bytes, &view);
		if (view.kind != c->kind)
			fail_msg("%s: %s", c->name, wire_kind_name(view.kind));
		while (count < WIRE_VLAN_MAX && c->vlan[count] != 0)
			count++;
		assert_int_equal(view.vlan_count, count);
		assert_memory_equal(view.vlan, c->vlan, sizeof(c->vlan));
	}
}

/* Where ports can be read, within the packet as well as within the buffer, they name the tunnel. */
static void test_udp_ports(void **state)
{
	static const struct {
		uint16_t source, target;
		enum wire_kind kind;
	} cases[] = {
		{50000, 4789, WIRE_UDP_TUNNEL}, {50000, 4790, WIRE_UDP_TUNNEL},
		{50000, 8472, WIRE_UDP_TUNNEL}, {50000, 6081, WIRE_UDP_TUNNEL},
		{2152, 2152, WIRE_UDP_TUNNEL},	{1701, 50000, WIRE_UDP_TUNNEL},
		{5247, 50000, WIRE_UDP_TUNNEL}, {4500, 50000, WIRE_IPSEC},
		{50000, 4500, WIRE_IPSEC},	{443, 50000, WIRE_IP_OTHER},
		{50000, 53, WIRE_IP_OTHER},	{0, 65535, WIRE_IP_OTHER},
	};
	struct wire_view view;
	struct frame frame;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const uint16_t ports[2] = {cases[i].source, cases[i].target};
		uint32_t cut;

		frame_build(&frame, i % 2 == 0 ? &spec_v4 : &spec_v6);
		frame.data[i % 2 == 0 ? 23 : 20] = 17;
		for (uint32_t k = 0; k < 4; k++)
			frame.data[frame.l4 + k] = (uint8_t)(ports[k / 2] >> (k % 2 ? 0 : 8));
		cut = frame.l4 + 4;
		parse_exact(frame.data, cut, frame.bytes, &view);
		assert_int_equal(view.kind, cases[i].kind);
		parse_exact(frame.data, cut - 1, frame.bytes, &view);
		assert_int_equal(view.kind, WIRE_SPLIT_HEADER);
	}
	/* The packet ends within the ports; what is after it is padding. */
	frame_build(&frame, &spec_v4);
	frame.data[23] = 17;
	memcpy(frame.data + 34, "\x12\xb5\x12\xb5", 4);
	frame.data[17] = 23;
	parse_exact(frame.data, frame.bytes, frame.bytes, &view);
	assert_int_equal(view.kind, WIRE_IP_OTHER);
	frame.data[17] = 24;
	parse_exact(frame.data, frame.bytes, frame.bytes, &view);
	assert_int_equal(view.kind, WIRE_UDP_TUNNEL);
}

static void test_fields(void **state)
{
	const uint8_t v4_src[16] = {192, 0, 2, 1}, v4_dst[16] = {198, 51, 100, 2};
	struct wire_view view;
	struct frame frame;

	(void)state;
	for (size_t i = 0; i < COUNT(spec_all); i++) {
		const struct frame_spec *spec = &spec_all[i];

		frame_build(&frame, spec);
		parse_exact(frame.data, frame.bytes, frame.bytes, &view);
		assert_int_equal(view.kind, WIRE_TCP);
		assert_int_equal(view.vlan_count, spec->vlan_count);
		assert_int_equal(view.l3_offset, 14 + 4 * spec->vlan_count);
		assert_int_equal(view.l4_offset, frame.l4);
		assert_int_equal(view.payload_offset, frame.l4 + 20 + spec->option_bytes);
		assert_int_equal(view.payload_bytes, spec->payload_bytes);
		assert_int_equal(view.ip_total_bytes, frame.bytes - frame.l3);
		assert_int_equal(wire_l4_bytes(&view), frame.bytes - frame.l4);
		if (spec->ip_version == 6) {
			assert_int_equal(view.ip_version, 6);
			assert_int_equal(view.ecn, WIRE_ECN_ECT1);
			assert_memory_equal(view.src, frame.data + frame.l3 + 8, 16);
			assert_memory_equal(view.dst, frame.data + frame.l3 + 24, 16);
		} else {
			assert_int_equal(view.ip_version, 4);
			assert_int_equal(view.ecn, WIRE_ECN_ECT0);
			assert_memory_equal(view.src, v4_src, 16);
			assert_memory_equal(view.dst, v4_dst, 16);
		}
		assert_int_equal(view.src_port, 443);
		assert_int_equal(view.dst_port, 49153);
		assert_int_equal(view.seq, FRAME_SEQ);
		assert_int_equal(view.ack, FRAME_ACK);
		assert_int_equal(view.tcp_flags, spec->flags != 0 ? spec->flags : WIRE_TCP_ACK);
		assert_int_equal(view.tcp_ae, 0);
		assert_int_equal(view.window, 0xfedc);
		assert_int_equal(view.urgent, 0x0a0b);
		assert_int_equal(view.has_timestamp, spec->option_bytes != 0);
		assert_int_equal(view.sack_count, spec->option_bytes != 0 ? 2 : 0);
		assert_true(wire_tcp_checksum_ok(frame.data, frame.bytes, &view));
	}
}

static void test_flags_and_ecn(void **state)
{
	struct wire_view view;
	struct frame frame;

	(void)state;
	for (uint32_t ecn = 0; ecn < 4; ecn++) {
		frame_build(&frame, &spec_v4);
		frame.data[15] = (uint8_t)(0xfc | ecn);
		frame.data[46] |= 1;
		frame.data[47] = 0xf9;
		parse_exact(frame.data, frame.bytes, frame.bytes, &view);
		assert_int_equal(view.kind, WIRE_TCP);
		assert_int_equal(view.ecn, ecn);
		assert_int_equal(view.tcp_ae, 1);
		assert_int_equal(view.tcp_flags, WIRE_TCP_CWR | WIRE_TCP_ECE | WIRE_TCP_URG |
							 WIRE_TCP_ACK | WIRE_TCP_PSH |
							 WIRE_TCP_FIN);
		frame_build(&frame, &spec_v6);
		frame_set16(&frame, 14, 0x6fcf | ecn << 4);
		parse_exact(frame.data, frame.bytes, frame.bytes, &view);
		assert_int_equal(view.ecn, ecn);
	}
}

static void test_segment_bytes(void **state)
{
	static const struct {
		uint8_t flags;
		uint32_t bytes;
	} cases[] = {
		{WIRE_TCP_ACK, 10},
		{WIRE_TCP_SYN, 11},
		{WIRE_TCP_FIN | WIRE_TCP_ACK, 11},
		{WIRE_TCP_RST, 10},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct frame_spec spec = spec_v4;
		struct wire_view view;
		struct frame frame;

		spec.flags = cases[i].flags;
		frame_build(&frame, &spec);
		parse_exact(frame.data, frame.bytes, frame.bytes, &view);
		assert_int_equal(wire_segment_bytes(&view), cases[i].bytes);
	}
}

static void test_ethernet_padding(void **state)
{
	struct frame_spec spec = {.pad_bytes = 6};
	struct wire_view view;
	struct frame frame;

	(void)state;
	frame_build(&frame, &spec);
	assert_int_equal(frame.bytes, 60);
	parse_exact(frame.data, frame.bytes, frame.bytes, &view);
	assert_int_equal(view.kind, WIRE_TCP);
	assert_int_equal(view.payload_bytes, 0);
	assert_int_equal(view.ip_total_bytes, 40);
	assert_true(wire_tcp_checksum_ok(frame.data, frame.bytes, &view));
}

/* The frame ends early, at every byte: there is no prefix of a packet that passes for the packet.
 */
static void test_truncated_everywhere(void **state)
{
	struct wire_view view;
	struct frame frame;

	(void)state;
	for (size_t i = 0; i < COUNT(spec_all); i++) {
		frame_build(&frame, &spec_all[i]);
		for (uint32_t cut = 0; cut < frame.bytes; cut++) {
			parse_exact(frame.data, cut, cut, &view);
			if (view.kind != WIRE_TRUNCATED)
				fail_msg("frame %zu cut at %u: %s", i, cut,
					 wire_kind_name(view.kind));
			assert_false(wire_tcp_checksum_ok(frame.data, cut, &view));
		}
	}
}

/* The first buffer ends early, the frame does not: every field or none. */
static void test_split_everywhere(void **state)
{
	struct wire_view whole, view;
	struct frame frame;

	(void)state;
	for (size_t i = 0; i < COUNT(spec_all); i++) {
		frame_build(&frame, &spec_all[i]);
		parse_exact(frame.data, frame.bytes, frame.bytes, &whole);
		for (uint32_t cut = 0; cut < frame.bytes; cut++) {
			parse_exact(frame.data, cut, frame.bytes, &view);
			if (cut < whole.payload_offset)
				assert_int_equal(view.kind, WIRE_SPLIT_HEADER);
			else
				assert_memory_equal(&view, &whole, sizeof(view));
			assert_false(wire_tcp_checksum_ok(frame.data, cut, &view));
		}
	}
}

/* More readable bytes than the frame has are not the frame's. */
static void test_bytes_beyond_frame(void **state)
{
	struct wire_view view;
	struct frame frame;

	(void)state;
	frame_build(&frame, &spec_v4);
	wire_parse(frame.data, frame.bytes, frame.bytes - 1, &view);
	assert_int_equal(view.kind, WIRE_TRUNCATED);
	frame_set16(&frame, 12, 0x0806);
	wire_parse(frame.data, frame.bytes, 13, &view);
	assert_int_equal(view.kind, WIRE_TRUNCATED);
	wire_parse(frame.data, frame.bytes, 14, &view);
	assert_int_equal(view.kind, WIRE_NON_IP);
}

/* The parser has a fast path for untagged frames with timestamps: after a VLAN tag the same bytes
 * take the general one. */
static void test_fast_path(void **state)
{
	static const uint8_t options[] = {OPT_TS};
	static const uint32_t tag = 0x81000007;
	uint32_t random = 1;

	for (int round = 0; round < 50000; round++) {
		struct frame_spec spec = {
			.options = options, .option_bytes = sizeof(options), .payload_bytes = 20};
		struct frame plain, tagged;
		struct wire_view view, expected;
		uint32_t cut = random_next(&random) % 4 == 0 ? random_next(&random) % 30 : 0;
		uint32_t off_wire = cut != 0 && random_next(&random) % 2 == 0 ? cut : 0;

		frame_build(&plain, &spec);
		spec.vlan_count = 1;
		spec.vlan[0] = tag;
		frame_build(&tagged, &spec);
		for (uint32_t changes = random_next(&random) % 3; changes > 0; changes--) {
			uint32_t at = random_next(&random) % (plain.l4 + 32 - plain.l3);
			uint8_t value = (uint8_t)(random_next(&random) >> 8);

			if (random_next(&random) % 2 == 0) /* mostly a bit */
				value = plain.data[plain.l3 + at] ^ (uint8_t)(1u << value % 8);
			plain.data[plain.l3 + at] = tagged.data[tagged.l3 + at] = value;
		}
		parse_exact(plain.data, plain.bytes - cut, plain.bytes - off_wire, &view);
		parse_exact(tagged.data, tagged.bytes - cut, tagged.bytes - off_wire, &expected);
		assert_int_equal(expected.vlan_count, 1);
		expected.vlan_count = 0;
		expected.vlan[0] = 0;
		expected.l3_offset -= 4;
		if (expected.l4_offset != 0)
			expected.l4_offset -= 4;
		if (expected.payload_offset != 0)
			expected.payload_offset -= 4;
		assert_memory_equal(&view, &expected, sizeof(view));
	}
}

static void test_kind_names(void **state)
{
	(void)state;
	assert_string_equal(wire_kind_name(WIRE_TCP), "tcp");
	assert_string_equal(wire_kind_name(WIRE_KIND_COUNT), "unknown");
	for (int i = 0; i < WIRE_KIND_COUNT; i++) {
		assert_string_not_equal(wire_kind_name((enum wire_kind)i), "unknown");
		for (int j = 0; j < i; j++)
			assert_string_not_equal(wire_kind_name((enum wire_kind)i),
						wire_kind_name((enum wire_kind)j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_vlan),
		cmocka_unit_test(test_udp_ports),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_flags_and_ecn),
		cmocka_unit_test(test_segment_bytes),
		cmocka_unit_test(test_ethernet_padding),
		cmocka_unit_test(test_truncated_everywhere),
		cmocka_unit_test(test_split_everywhere),
		cmocka_unit_test(test_bytes_beyond_frame),
		cmocka_unit_test(test_fast_path),
		cmocka_unit_test(test_kind_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
