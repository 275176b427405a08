/* SPDX-License-Identifier: BSD-3-Clause */

/* lib/wire/parse.c: IPv6 extension headers; and random damage to frames of every kind. */

#include "test_wire_frames.h"

#define HOP 0
#define TCP 6
#define ROUTING 43
#define FRAGMENT 44
#define ESP 50
#define DEST 60

#define FUZZ_ROUNDS 300000
#define FUZZ_SEED 0x5eed0001U

/* One extension header: what it is, its length in units of 8 bytes beyond the first, segments left.
 */
struct ext {
	uint8_t type;
	uint8_t units;
	uint8_t segments_left;
};

static const struct ext_case {
	const char *name;
	struct ext ext[8];
	unsigned int count;
	uint8_t last; /* next header of the last one */
	enum wire_kind kind;
} ext_cases[] = {
	{"hop-by-hop", {{HOP, 0, 0}}, 1, TCP, WIRE_TCP},
	{"destination", {{DEST, 0, 0}}, 1, TCP, WIRE_TCP},
	{"routing, no segments left", {{ROUTING, 2, 0}}, 1, TCP, WIRE_TCP},
	{"routing, one segment left", {{ROUTING, 2, 1}}, 1, TCP, WIRE_SOURCE_ROUTE},
	{"segments left mean nothing elsewhere", {{DEST, 2, 1}}, 1, TCP, WIRE_TCP},
	{"longest", {{DEST, 255, 0}}, 1, TCP, WIRE_TCP},
	{"RFC 8200's order",
	 {{HOP, 0, 0}, {DEST, 1, 0}, {ROUTING, 2, 0}, {DEST, 0, 0}},
	 4,
	 TCP,
	 WIRE_TCP},
	{"hop-by-hop not first", {{DEST, 0, 0}, {HOP, 0, 0}}, 2, TCP, WIRE_MALFORMED},
	{"hop-by-hop twice", {{HOP, 0, 0}, {HOP, 0, 0}}, 2, TCP, WIRE_MALFORMED},
	{"fragment, also atomic", {{FRAGMENT, 0, 0}}, 1, TCP, WIRE_FRAGMENT},
	{"fragment after others",
	 {{HOP, 0, 0}, {DEST, 0, 0}, {FRAGMENT, 0, 0}},
	 3,
	 TCP,
	 WIRE_FRAGMENT},
	{"ESP after others", {{HOP, 0, 0}, {DEST, 0, 0}}, 2, ESP, WIRE_IPSEC},
	{"no next header", {{HOP, 0, 0}}, 1, 59, WIRE_IP_OTHER},
	{"what follows AH is not read", {{HOP, 0, 0}, {51, 4, 0}}, 2, TCP, WIRE_IPSEC},
	{"six",
	 {{HOP, 0, 0}, {DEST, 0, 0}, {DEST, 0, 0}, {DEST, 0, 0}, {DEST, 0, 0}, {DEST, 0, 0}},
	 6,
	 TCP,
	 WIRE_TCP},
	{"seven",
	 {{HOP, 0, 0},
	  {DEST, 0, 0},
	  {DEST, 0, 0},
	  {DEST, 0, 0},
	  {DEST, 0, 0},
	  {DEST, 0, 0},
	  {DEST, 0, 0}},
	 7,
	 TCP,
	 WIRE_EXT_DEPTH},
};

static uint32_t chain(const struct ext_case *c, uint8_t *ext)
{
	uint32_t bytes = 0;

	for (unsigned int i = 0; i < c->count; i++) {
		const uint32_t ext_bytes = (c->ext[i].units + 1U) * 8;

		memset(ext + bytes, 0, ext_bytes);
		ext[bytes] = i + 1 < c->count ? c->ext[i + 1].type : c->last;
		ext[bytes + 1] = c->ext[i].units;
		ext[bytes + 3] = c->ext[i].segments_left;
		bytes += ext_bytes;
	}
	return bytes;
}

static void build(const struct ext_case *c, uint32_t payload_bytes, struct frame *frame)
{
	uint8_t ext[8 * 2048];
	const struct frame_spec spec = {
		.ip_version = 6,
		.ext = ext,
		.ext_bytes = chain(c, ext),
		.ext_first = c->ext[0].type,
		.payload_bytes = payload_bytes,
	};

	frame_build(frame, &spec);
}

static void test_chains(void **state)
{
	struct wire_view view;
	struct frame frame;

	(void)state;
	for (size_t i = 0; i < COUNT(ext_cases); i++) {
		const struct ext_case *c = &ext_cases[i];

		build(c, 100, &frame);
		parse_exact(frame.data, frame.bytes, frame.bytes, &view);
		if (view.kind != c->kind)
			fail_msg("%s: %s", c->name, wire_kind_name(view.kind));
		if (view.kind != WIRE_TCP)
			continue;
		assert_int_equal(view.l4_offset, frame.l4);
		assert_int_equal(view.payload_bytes, 100);
		assert_true(wire_tcp_checksum_ok(frame.data, frame.bytes, &view));
	}
}

/* The IP length ends within the extension headers, whether or not the frame goes on. */
static void test_chain_beyond_ip_length(void **state)
{
	struct wire_view view;
	struct frame frame;

	(void)state;
	for (size_t i = 0; i < COUNT(ext_cases); i++) {
		uint32_t ip_end, ext_bytes;

		if (ext_cases[i].kind != WIRE_TCP)
			continue;
		build(&ext_cases[i], 100, &frame);
		ip_end = frame.l3 + 40;
		ext_bytes = frame.l4 - ip_end;
		for (uint32_t payload = 1; payload < ext_bytes + 20; payload++) {
			frame_set16(&frame, frame.l3 + 4, payload);
			parse_exact(frame.data, frame.bytes, frame.bytes, &view);
			assert_int_equal(view.kind, WIRE_MALFORMED);
			parse_exact(frame.data, ip_end + payload, ip_end + payload, &view);
			assert_int_equal(view.kind, WIRE_MALFORMED);
		}
		frame_set16(&frame, frame.l3 + 4, ext_bytes + 20);
		parse_exact(frame.data, frame.bytes, frame.bytes, &view);
		assert_int_equal(view.kind, WIRE_TCP);
		assert_int_equal(view.payload_bytes, 0);
	}
}

static void test_jumbogram(void **state)
{
	struct wire_view view;
	struct frame frame;

	(void)state;
	build(&ext_cases[0], 100, &frame);
	frame_set16(&frame, frame.l3 + 4, 0);
	parse_exact(frame.data, frame.bytes, frame.bytes, &view);
	assert_int_equal(view.kind, WIRE_JUMBOGRAM);
}

/* What holds for every view, whatever the frame. */
static void check_view(const struct wire_view *view, uint32_t bytes, uint32_t frame_bytes)
{
	assert_true((int)view->kind >= 0 && view->kind < WIRE_KIND_COUNT);
	assert_true(view->vlan_count <= WIRE_VLAN_MAX);
	assert_true(view->sack_count <= WIRE_SACK_MAX);
	if (view->kind != WIRE_TCP)
		return;
	assert_true(view->ip_version == 4 || view->ip_version == 6);
	assert_true(view->l3_offset >= 14 && view->l3_offset <= 14 + 4 * WIRE_VLAN_MAX);
	assert_true(view->l4_offset >= view->l3_offset + 20);
	assert_true(view->payload_offset >= view->l4_offset + 20);
	assert_true(view->payload_offset <= view->l4_offset + 60);
	assert_true(view->payload_offset <= bytes);
	assert_true(view->payload_offset + view->payload_bytes <= frame_bytes);
	assert_int_equal(view->payload_offset + view->payload_bytes,
			 view->l3_offset + view->ip_total_bytes);
	for (unsigned int i = 0; i < view->sack_count; i++)
		assert_true(seq_lt(view->sack[i].start, view->sack[i].end));
}

static const uint8_t damaged_options[] = {OPT_TS, OPT_SACK2, 30, 4, 0, 0};
static const uint8_t damaged_ext[] = {DEST, 0, 0, 0, 0,	  0, 0, 0, ROUTING, 0, 0, 0,
				      0,    0, 0, 0, TCP, 0, 0, 0, 0,	    0, 0, 0};

static const uint8_t damaged_udp[] = {[0] = 17, [7] = 0};

/* What test_random_damage() damages: together they shall lead to every reason. */
#define DAMAGED_OPTIONS .options = damaged_options, .option_bytes = sizeof(damaged_options)
#define DAMAGED_VLANS .vlan = {0x88a80001, 0x81000002, 0x81000003}
static const struct frame_spec damaged[] = {
	{DAMAGED_OPTIONS, .payload_bytes = 20},
	{DAMAGED_OPTIONS, .payload_bytes = 20, .ip_version = 6, .pad_bytes = 1},
	{DAMAGED_OPTIONS, .payload_bytes = 20, DAMAGED_VLANS, .vlan_count = 1, .pad_bytes = 2},
	{DAMAGED_OPTIONS, .payload_bytes = 20, .ip_version = 6, DAMAGED_VLANS, .vlan_count = 1,
	 .pad_bytes = 3},
	{DAMAGED_OPTIONS, .payload_bytes = 20, DAMAGED_VLANS, .vlan_count = 2, .pad_bytes = 4},
	{DAMAGED_OPTIONS, .payload_bytes = 20, .ip_version = 6, .ext = damaged_ext,
	 .ext_bytes = sizeof(damaged_ext), DAMAGED_VLANS, .vlan_count = 2, .pad_bytes = 5},
	{.payload_bytes = 20,
	 .ip_version = 6,
	 .ext = damaged_udp,
	 .ext_first = DEST,
	 .ext_bytes = sizeof(damaged_udp),
	 .dst_port = 4789},
};

static void test_random_damage(void **state)
{
	unsigned int kinds[WIRE_KIND_COUNT] = {0};
	struct frame frames[COUNT(damaged)];
	uint32_t seed = FUZZ_SEED;

	(void)state;
	for (unsigned int i = 0; i < COUNT(damaged); i++)
		frame_build(&frames[i], &damaged[i]);
	for (unsigned int round = 0; round < FUZZ_ROUNDS; round++) {
		struct frame frame = {.bytes = 0};
		const struct frame *from = &frames[random_next(&seed) % COUNT(frames)];
		uint32_t bytes = from->bytes, frame_bytes = from->bytes;
		struct wire_view view;

		memcpy(frame.data, from->data, from->bytes);
		for (uint32_t hits = random_next(&seed) % 6; hits > 0; hits--)
			frame.data[12 + random_next(&seed) % (from->bytes - 12)] =
				(uint8_t)random_next(&seed);
		if (random_next(&seed) % 8 == 0)
			bytes = random_next(&seed) % (bytes + 1);
		if (random_next(&seed) % 2 == 0)
			frame_bytes = bytes;
		parse_exact(frame.data, bytes, frame_bytes, &view);
		check_view(&view, bytes, frame_bytes);
		(void)wire_tcp_checksum_ok(frame.data, bytes, &view);
		kinds[view.kind]++;
	}
	/* All but the rarest were reached; otherwise the frames above do not exercise the parser.
	 */
	for (int i = 0; i < WIRE_KIND_COUNT; i++)
		if (i != WIRE_JUMBOGRAM && i != WIRE_EXT_DEPTH && kinds[i] == 0)
			fail_msg("%s: no damaged frame led to it; add a row to damaged[] that is "
				 "near to it",
				 wire_kind_name((enum wire_kind)i));
}

static void test_random_bytes(void **state)
{
	uint32_t seed = FUZZ_SEED + 1;

	(void)state;
	for (unsigned int round = 0; round < FUZZ_ROUNDS; round++) {
		const uint32_t bytes = random_next(&seed) % 160;
		struct wire_view view;
		uint8_t data[160];

		for (uint32_t i = 0; i < bytes; i++)
			data[i] = (uint8_t)random_next(&seed);
		if (bytes > 14) {
			data[12] = round % 2 == 0 ? 0x08 : 0x86;
			data[13] = round % 2 == 0 ? 0x00 : 0xdd;
		}
		parse_exact(data, bytes, bytes, &view);
		check_view(&view, bytes, bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chains),	     cmocka_unit_test(test_chain_beyond_ip_length),
		cmocka_unit_test(test_jumbogram),    cmocka_unit_test(test_random_damage),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
