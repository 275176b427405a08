/* SPDX-License-Identifier: BSD-3-Clause */

/* lib/wire/checksum.c against the definition. */

#include "test_wire_frames.h"

#define LENGTH_MAX 400
#define ALIGNMENTS 16

/* The fast sum is in the machine's order, the naive one in the network's. */
static uint32_t to_network(uint32_t sum)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap16((uint16_t)sum);
#else
	return sum;
#endif
}

/* From a buffer of exactly the size, at an offset from malloc's alignment. */
static uint32_t sum_exact(const uint8_t *data, uint32_t bytes, uint32_t offset)
{
	uint8_t *copy = malloc(offset + bytes + 1);
	uint32_t sum;

	assert_non_null(copy);
	memcpy(copy + 1 + offset, data, bytes);
	sum = wire_sum_add(0, copy + 1 + offset, bytes, false);
	free(copy);
	return to_network(sum);
}

static void fill(uint8_t *data, uint32_t bytes, uint32_t seed)
{
	for (uint32_t i = 0; i < bytes; i++)
		data[i] = (uint8_t)random_next(&seed);
}

static void test_every_length_and_alignment(void **state)
{
	uint8_t data[LENGTH_MAX];

	(void)state;
	for (uint32_t bytes = 0; bytes <= LENGTH_MAX; bytes++) {
		fill(data, bytes, bytes + 1);
		for (uint32_t offset = 0; offset < ALIGNMENTS; offset++)
			assert_int_equal(sum_exact(data, bytes, offset), naive_sum(0, data, bytes));
	}
	assert_int_equal(wire_sum_add(0, NULL, 0, false), 0);
	assert_int_equal(wire_sum_add(0x1234, NULL, 0, true), 0x1234);
}

/* As many carries as there can be. */
static void test_carries(void **state)
{
	static const uint32_t lengths[] = {1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 1480, 8979, 65535};
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
	static uint8_t data[65535];

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		for (size_t j = 0; j < COUNT(values); j++) {
			memset(data, values[j], lengths[i]);
			assert_int_equal(sum_exact(data, lengths[i], 0),
					 naive_sum(0, data, lengths[i]));
		}
		fill(data, lengths[i], 77);
		assert_int_equal(sum_exact(data, lengths[i], 3), naive_sum(0, data, lengths[i]));
	}
}

static void test_chains(void **state)
{
	uint8_t data[101];
	uint32_t whole;

	(void)state;
	fill(data, sizeof(data), 5);
	whole = wire_sum_add(0, data, sizeof(data), false);
	for (uint32_t a = 0; a <= sizeof(data); a++) {
		for (uint32_t b = a; b <= sizeof(data); b++) {
			uint32_t sum = wire_sum_add(0, data, a, false);

			sum = wire_sum_add(sum, data + a, b - a, a % 2 != 0);
			sum = wire_sum_add(sum, data + b, (uint32_t)sizeof(data) - b, b % 2 != 0);
			assert_int_equal(sum, whole);
		}
	}
}

static const uint8_t options[] = {OPT_TS};
static const uint8_t ext[8] = {[0] = 6};

static const struct frame_spec specs[] = {
	{.payload_bytes = 0, .pad_bytes = 6},
	{.payload_bytes = 1, .pad_bytes = 5},
	{.options = options, .option_bytes = sizeof(options), .payload_bytes = 101, .pad_bytes = 3},
	{.ip_option_words = 10, .payload_bytes = 64},
	{.vlan = {0x81000001}, .vlan_count = 1, .payload_bytes = 1460},
	{.ip_version = 6, .payload_bytes = 33, .pad_bytes = 2},
	{.ip_version = 6,
	 .ext = ext,
	 .ext_bytes = sizeof(ext),
	 .ext_first = 60,
	 .options = options,
	 .option_bytes = sizeof(options),
	 .payload_bytes = 7},
	{.payload_bytes = 8940},
};

static bool verify(const struct frame *frame)
{
	struct wire_view view;

	wire_parse(frame->data, frame->bytes, frame->bytes, &view);
	return wire_tcp_checksum_ok(frame->data, frame->bytes, &view);
}

/* Every single bit that a checksum covers is noticed; every one that it does not cover is not. */
static void test_bit_errors(void **state)
{
	struct frame frame;

	(void)state;
	for (size_t i = 0; i < COUNT(specs); i++) {
		const uint32_t pad = specs[i].pad_bytes;

		frame_build(&frame, &specs[i]);
		assert_true(verify(&frame));
		for (uint32_t bit = frame.l4 * 8; bit < frame.bytes * 8; bit++) {
			frame.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_int_equal(verify(&frame), bit / 8 >= frame.bytes - pad);
			frame.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		if (specs[i].ip_version == 6)
			continue;
		for (uint32_t bit = frame.l3 * 8; bit < frame.l4 * 8; bit++) {
			frame.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_false(verify(&frame));
			frame.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
	}
}

static void test_ipv6_addresses_and_hop_limit(void **state)
{
	struct frame frame;

	(void)state;
	frame_build(&frame, &specs[5]);
	for (uint32_t bit = (frame.l3 + 8) * 8; bit < frame.l4 * 8; bit++) {
		frame.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(verify(&frame));
		frame.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	frame.data[frame.l3 + 7]--;
	assert_true(verify(&frame));
}

static void test_not_whole_or_not_tcp(void **state)
{
	struct wire_view view;
	struct frame frame;

	(void)state;
	frame_build(&frame, &specs[2]);
	parse_exact(frame.data, frame.bytes, frame.bytes, &view);
	assert_true(wire_tcp_checksum_ok(frame.data, frame.bytes - specs[2].pad_bytes, &view));
	for (uint32_t bytes = 0; bytes < frame.bytes - specs[2].pad_bytes; bytes++)
		assert_false(wire_tcp_checksum_ok(frame.data, bytes, &view));
	view.kind = WIRE_IP_OTHER;
	assert_false(wire_tcp_checksum_ok(frame.data, frame.bytes, &view));
}

/* A card that adds the segment to what the sender left in the field makes the checksum valid. */
static void test_unfinished(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(specs); i++) {
		struct wire_view view;
		struct frame frame;
		uint8_t *field;
		uint16_t sum;

		frame_build(&frame, &specs[i]);
		parse_exact(frame.data, frame.bytes, frame.bytes, &view);
		assert_false(wire_tcp_checksum_unfinished(frame.data, &view));
		field = frame.data + view.l4_offset + 16;
		sum = (uint16_t)wire_sum_pseudo(&view);
		memcpy(field, &sum, sizeof(sum));
		assert_true(wire_tcp_checksum_unfinished(frame.data, &view));
		assert_false(wire_tcp_checksum_ok(frame.data, frame.bytes, &view));
		for (int bit = 0; bit < 16; bit++) {
			field[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_false(wire_tcp_checksum_unfinished(frame.data, &view));
			field[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		sum = (uint16_t)~wire_sum_add(0, frame.data + view.l4_offset, wire_l4_bytes(&view),
					      false);
		memcpy(field, &sum, sizeof(sum));
		assert_true(wire_tcp_checksum_ok(frame.data, frame.bytes, &view));
	}
}

/* What a caller with a chain of buffers does, as wire.h describes it. */
static void test_chained_frame(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(specs) - 1; i++) {
		struct wire_view view;
		struct frame frame;
		uint32_t end;

		frame_build(&frame, &specs[i]);
		parse_exact(frame.data, frame.bytes, frame.bytes, &view);
		end = view.l4_offset + wire_l4_bytes(&view);
		assert_true(wire_ip_checksum_ok(frame.data, &view));
		for (uint32_t cut = view.payload_offset; cut <= end; cut++) {
			const uint32_t first = cut - view.l4_offset;
			uint32_t sum = wire_sum_pseudo(&view);

			sum = wire_sum_add(sum, frame.data + view.l4_offset, first, false);
			sum = wire_sum_add(sum, frame.data + cut, end - cut, first & 1);
			assert_true(wire_sum_ok(sum));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length_and_alignment),
		cmocka_unit_test(test_carries),
		cmocka_unit_test(test_chains),
		cmocka_unit_test(test_bit_errors),
		cmocka_unit_test(test_ipv6_addresses_and_hop_limit),
		cmocka_unit_test(test_not_whole_or_not_tcp),
		cmocka_unit_test(test_unfinished),
		cmocka_unit_test(test_chained_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
