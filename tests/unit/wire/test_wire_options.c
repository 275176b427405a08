/* SPDX-License-Identifier: BSD-3-Clause */

/* lib/wire/tcp.c: TCP options. lib/base/seq.h: serial arithmetic. */

#include "test_wire_frames.h"

#define SYN WIRE_TCP_SYN
#define ACK WIRE_TCP_ACK

static const struct option_case {
	const char *name;
	uint8_t flags;
	uint8_t option_bytes; /* the rest of the multiple of 4 is EOL */
	uint8_t options[40];
	struct wire_view want; /* the option fields only */
} cases[] = {
	{"none", ACK, 0, {0}, {0}},
	{"EOL", ACK, 4, {0, 9, 9, 9}, {0}},
	{"NOP", ACK, 4, {1, 1, 1, 1}, {0}},
	{"NOP, EOL, garbage", ACK, 4, {1, 0, 8, 1}, {0}},

	{"aligned timestamps",
	 ACK,
	 12,
	 {OPT_TS},
	 {.has_timestamp = true, .tsval = FRAME_TSVAL, .tsecr = FRAME_TSECR}},
	{"timestamps first",
	 ACK,
	 12,
	 {8, 10, 1, 2, 3, 4, 0xa1, 0xa2, 0xa3, 0xa4, 1, 1},
	 {.has_timestamp = true, .tsval = FRAME_TSVAL, .tsecr = FRAME_TSECR}},
	{"timestamps after one NOP",
	 ACK,
	 12,
	 {1, 8, 10, 1, 2, 3, 4, 0xa1, 0xa2, 0xa3, 0xa4, 0},
	 {.has_timestamp = true, .tsval = FRAME_TSVAL, .tsecr = FRAME_TSECR}},
	{"timestamps twice",
	 ACK,
	 24,
	 {OPT_TS, 1, 1, 8, 10, 9, 9, 9, 9, 9, 9, 9, 9},
	 {.has_timestamp = true,
	  .tsval = FRAME_TSVAL,
	  .tsecr = FRAME_TSECR,
	  .options_malformed = true}},
	{"timestamps of 9 bytes", ACK, 12, {8, 9}, {.options_malformed = true}},
	{"timestamps of 12 bytes", ACK, 12, {8, 12}, {.options_malformed = true}},
	{"aligned timestamps cut", ACK, 8, {1, 1, 8, 10, 1, 2, 3, 4}, {.options_malformed = true}},

	{"Linux SYN",
	 SYN,
	 20,
	 {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0xa1, 0xa2, 0xa3, 0xa4, 1, 3, 3, 7},
	 {.has_mss = true,
	  .mss = 1460,
	  .sack_permitted = true,
	  .has_timestamp = true,
	  .tsval = FRAME_TSVAL,
	  .tsecr = FRAME_TSECR,
	  .has_window_scale = true,
	  .window_scale = 7}},
	{"window scale above 14 as it is",
	 SYN | ACK,
	 4,
	 {1, 3, 3, 255},
	 {.has_window_scale = true, .window_scale = 255}},
	{"window scale 0", SYN, 4, {3, 3, 0}, {.has_window_scale = true}},
	{"SYN's options without SYN",
	 ACK,
	 12,
	 {2, 4, 5, 180, 4, 2, 3, 3, 7},
	 {.has_other_option = true}},
	{"MSS of 3 bytes", SYN, 4, {2, 3, 5}, {.options_malformed = true}},
	{"window scale of 4 bytes", SYN, 4, {3, 4, 5, 5}, {.options_malformed = true}},
	{"SACK permitted of 3 bytes", SYN, 4, {4, 3, 5}, {.options_malformed = true}},
	{"MSS twice",
	 SYN,
	 8,
	 {2, 4, 5, 180, 2, 4, 1, 1},
	 {.has_mss = true, .mss = 1460, .options_malformed = true}},
	{"window scale twice",
	 SYN,
	 8,
	 {3, 3, 2, 3, 3, 9},
	 {.has_window_scale = true, .window_scale = 2, .options_malformed = true}},
	{"SACK permitted twice",
	 SYN,
	 4,
	 {4, 2, 4, 2},
	 {.sack_permitted = true, .options_malformed = true}},

	{"Linux SACK, one across the wrap",
	 ACK,
	 32,
	 {OPT_TS, OPT_SACK2},
	 {.has_timestamp = true,
	  .tsval = FRAME_TSVAL,
	  .tsecr = FRAME_TSECR,
	  .sack_count = 2,
	  .sack = {{0x80000010, 0x80000020}, {0xfffffff8, 8}}}},
	{"four blocks",
	 ACK,
	 36,
	 {1, 1, 5, 34, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0,
	  0, 4, 0, 0,  0, 5, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 8},
	 {.sack_count = 4, .sack = {{1, 2}, {3, 4}, {5, 6}, {7, 8}}}},
	{"an inverted block is left out",
	 ACK,
	 28,
	 {1, 1, 5, 26, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0, 6},
	 {.sack_count = 2, .sack = {{1, 2}, {5, 6}}, .options_malformed = true}},
	{"an empty block is left out",
	 ACK,
	 12,
	 {1, 1, 5, 10, 0, 0, 0, 7, 0, 0, 0, 7},
	 {.options_malformed = true}},
	{"what follows a bad block counts",
	 ACK,
	 24,
	 {5, 10, 0, 0, 0, 7, 0, 0, 0, 7, 8, 10, 1, 2, 3, 4, 0xa1, 0xa2, 0xa3, 0xa4},
	 {.has_timestamp = true,
	  .tsval = FRAME_TSVAL,
	  .tsecr = FRAME_TSECR,
	  .options_malformed = true}},
	{"SACK without block", ACK, 4, {1, 1, 5, 2}, {.options_malformed = true}},
	{"SACK of half a block", ACK, 8, {1, 1, 5, 6}, {.options_malformed = true}},
	{"SACK twice",
	 ACK,
	 24,
	 {1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 1, 5, 10, 0, 0, 0, 3, 0, 0, 0, 4},
	 {.sack_count = 1, .sack = {{1, 2}}, .options_malformed = true}},
	{"SACK beyond the header",
	 ACK,
	 12,
	 {1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2},
	 {.options_malformed = true}},

	{"MPTCP",
	 ACK,
	 20,
	 {30, 8, 0x20, 1, 0, 0, 0, 1, OPT_TS},
	 {.has_mptcp = true,
	  .has_other_option = true,
	  .has_timestamp = true,
	  .tsval = FRAME_TSVAL,
	  .tsecr = FRAME_TSECR}},
	{"MD5", ACK, 20, {1, 1, 19, 18}, {.has_other_option = true}},
	{"AO", ACK, 16, {29, 16}, {.has_other_option = true}},
	{"AccECN, 2 bytes only", ACK, 4, {172, 2, 1, 1}, {.has_other_option = true}},
	{"experimental, longest", ACK, 40, {254, 40}, {.has_other_option = true}},
	{"length 0", ACK, 4, {1, 99, 0}, {.options_malformed = true}},
	{"length 1", ACK, 4, {1, 99, 1}, {.options_malformed = true}},
	{"length beyond by one", ACK, 8, {1, 99, 8}, {.options_malformed = true}},
	{"length to the end", ACK, 8, {1, 99, 7}, {.has_other_option = true}},
	{"no room for a length", ACK, 4, {1, 1, 1, 8}, {.options_malformed = true}},
};

static void check_case(const struct option_case *c, uint8_t ip_version)
{
	const struct frame_spec spec = {
		.ip_version = ip_version,
		.flags = c->flags,
		.options = c->options,
		.option_bytes = (c->option_bytes + 3U) / 4 * 4,
	};
	const struct wire_view *want = &c->want;
	struct wire_view view;
	struct frame frame;

	frame_build(&frame, &spec);
	parse_exact(frame.data, frame.bytes, frame.bytes, &view);
	assert_int_equal(view.kind, WIRE_TCP);
	if (view.has_timestamp != want->has_timestamp || view.tsval != want->tsval ||
	    view.tsecr != want->tsecr)
		fail_msg("%s: timestamps", c->name);
	if (view.sack_count != want->sack_count ||
	    memcmp(view.sack, want->sack, sizeof(view.sack)) != 0)
		fail_msg("%s: %u SACK blocks", c->name, view.sack_count);
	if (view.has_mss != want->has_mss || view.mss != want->mss)
		fail_msg("%s: MSS", c->name);
	if (view.has_window_scale != want->has_window_scale ||
	    view.window_scale != want->window_scale)
		fail_msg("%s: window scale", c->name);
	if (view.sack_permitted != want->sack_permitted)
		fail_msg("%s: SACK permitted", c->name);
	if (view.has_mptcp != want->has_mptcp || view.has_other_option != want->has_other_option)
		fail_msg("%s: other options", c->name);
	if (view.options_malformed != want->options_malformed)
		fail_msg("%s: malformed or not", c->name);
}

static void test_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		check_case(&cases[i], 4);
		check_case(&cases[i], 6);
	}
}

static void test_sequence(void **state)
{
	/* Around 0, around 2^31 and around 2^32 the order must be the same. */
	static const uint32_t bases[] = {0,	     1,		 0x7ffffff0, 0x7fffffff,
					 0x80000000, 0xfffffff0, 0xffffffff};
	static const uint32_t distances[] = {1, 2, 1448, 0x10000, 0x40000000, 0x7fffffff};

	(void)state;
	for (size_t i = 0; i < COUNT(bases); i++) {
		const uint32_t a = bases[i];

		assert_false(seq_lt(a, a));
		assert_false(seq_gt(a, a));
		assert_true(seq_leq(a, a));
		assert_true(seq_geq(a, a));
		assert_int_equal(seq_min(a, a), a);
		assert_int_equal(seq_max(a, a), a);
		for (size_t j = 0; j < COUNT(distances); j++) {
			const uint32_t b = a + distances[j];

			assert_true(seq_lt(a, b));
			assert_true(seq_leq(a, b));
			assert_true(seq_gt(b, a));
			assert_true(seq_geq(b, a));
			assert_false(seq_lt(b, a));
			assert_false(seq_leq(b, a));
			assert_false(seq_gt(a, b));
			assert_false(seq_geq(a, b));
			assert_int_equal(seq_min(a, b), a);
			assert_int_equal(seq_min(b, a), a);
			assert_int_equal(seq_max(a, b), b);
			assert_int_equal(seq_max(b, a), b);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_sequence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
