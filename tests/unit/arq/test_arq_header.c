/* SPDX-License-Identifier: BSD-3-Clause */
#include "arq_fixture.h"

static void tag_round_trip(void **state)
{
	const struct arq_tag tags[] = {
		{.seq = 0},
		{.seq = ARQ_SEQ_MASK,
		 .distance = 0xffff,
		 .lane = 1,
		 .epoch = 15,
		 .retransmit = true},
		{.seq = 0x123456, .distance = 0x789a, .epoch = 5},
	};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		uint8_t bytes[ARQ_TAG_BYTES];
		struct arq_tag tag;

		arq_tag_write(bytes, ARQ_ETHERTYPE_TAG, &tags[i]);
		assert_true(arq_tag_read(bytes, sizeof(bytes), ARQ_ETHERTYPE_TAG, &tag));
		assert_memory_equal(&tag.seq, &tags[i].seq, sizeof(tag.seq));
		assert_int_equal(tag.distance, tags[i].distance);
		assert_int_equal(tag.lane, tags[i].lane);
		assert_int_equal(tag.epoch, tags[i].epoch);
		assert_int_equal(tag.retransmit, tags[i].retransmit);
	}
}

static void tag_refuses(void **state)
{
	uint8_t bytes[ARQ_TAG_BYTES];
	struct arq_tag tag = {.seq = 1};

	arq_tag_write(bytes, ARQ_ETHERTYPE_TAG, &tag);
	assert_false(arq_tag_read(bytes, sizeof(bytes) - 1, ARQ_ETHERTYPE_TAG, &tag));
	assert_false(arq_tag_read(bytes, sizeof(bytes), ARQ_ETHERTYPE_CONTROL, &tag));
	bytes[2] = 0x40;
	assert_false(arq_tag_read(bytes, sizeof(bytes), ARQ_ETHERTYPE_TAG, &tag));
	bytes[2] = 0x20;
	assert_false(arq_tag_read(bytes, sizeof(bytes), ARQ_ETHERTYPE_TAG, &tag));
}

static void tag_place(void **state)
{
	uint8_t frame[64] = {0};

	frame[12] = 0x08;
	assert_int_equal(arq_tag_offset(frame, 64), 12);
	assert_int_equal(arq_tag_offset(frame, 14), 12);
	assert_int_equal(arq_tag_offset(frame, 13), 0);
	frame[12] = 0x88, frame[13] = 0xa8, frame[16] = 0x81, frame[20] = 0x86;
	assert_int_equal(arq_tag_offset(frame, 64), 20);
	assert_int_equal(arq_tag_offset(frame, 21), 0);
}

/* The number nearest to the reference, on both sides of both wraps. */
static void expands(void **state)
{
	const uint32_t near[] = {0,	   1,	      0x7fffff,	  0x800000,
				 0xffffff, 0x1000000, 0xfffffff0, 0xffffffff};
	const int32_t offsets[] = {0, 1, -1, 1000, -1000, 0x7fffff, -0x800000};

	for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++)
		for (size_t j = 0; j < sizeof(offsets) / sizeof(offsets[0]); j++) {
			uint32_t seq = near[i] + (uint32_t)offsets[j];

			assert_int_equal(arq_seq_expand(seq & ARQ_SEQ_MASK, near[i]), seq);
		}
}

static uint32_t make_status(uint8_t *to, uint32_t cumulative, uint32_t end)
{
	struct arq_control control = {.type = ARQ_STATUS, .lane = 1, .from_epoch = 7};

	control.status.cumulative = cumulative;
	control.status.end = end;
	control.status.words = arq_status_words(cumulative, end);
	for (uint32_t seq = cumulative + 1; end - cumulative > 1 && seq != end; seq++)
		control.status.bits[(seq - (cumulative & ~63U)) / 64] |= 1ULL << (seq & 63);
	return arq_control_write(to, &control);
}

static void status_round_trip(void **state)
{
	const uint32_t ranges[][2] = {{0, 0},	       {0, 1},		{63, 64},
				      {63, 65},	       {64, 128},	{1, 4096},
				      {0xffffffc1, 3}, {0xffffffff, 0}, {0xfffffff0, 0x40}};
	uint8_t bytes[ARQ_CONTROL_BYTES_MAX];

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		uint32_t length = make_status(bytes, ranges[i][0], ranges[i][1]);
		struct arq_control control;

		assert_true(arq_control_read(bytes, length, &control));
		assert_int_equal(control.status.cumulative, ranges[i][0]);
		assert_int_equal(control.status.end, ranges[i][1]);
		assert_false(arq_control_read(bytes, length - 1, &control));
	}
}

/* Every flipped bit is found, whatever field it is in. */
static void damage_is_found(void **state)
{
	uint8_t bytes[ARQ_CONTROL_BYTES_MAX];
	uint32_t length = make_status(bytes, 100, 400);
	struct arq_control control;

	for (uint32_t bit = 0; bit < 8 * length; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(arq_control_read(bytes, length, &control));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(arq_control_read(bytes, length, &control));
}

static bool accepts(struct arq_status status)
{
	struct arq_control control = {.type = ARQ_STATUS, .from_epoch = 7, .status = status};
	uint8_t bytes[ARQ_CONTROL_BYTES_MAX];

	return arq_control_read(bytes, arq_control_write(bytes, &control), &control);
}

static void status_refuses(void **state)
{
	assert_true(accepts(
		(struct arq_status){.cumulative = 4, .end = 6, .words = 1, .bits = {1 << 5}}));
	/* The first is there; one before it; one after the end; too many words, and too few. */
	assert_false(accepts(
		(struct arq_status){.cumulative = 4, .end = 6, .words = 1, .bits = {1 << 4}}));
	assert_false(accepts(
		(struct arq_status){.cumulative = 4, .end = 6, .words = 1, .bits = {1 << 3}}));
	assert_false(accepts(
		(struct arq_status){.cumulative = 4, .end = 6, .words = 1, .bits = {1 << 6}}));
	assert_false(accepts((struct arq_status){.cumulative = 4, .end = 6, .words = 2}));
	assert_false(accepts((struct arq_status){.cumulative = 4, .end = 6, .words = 0}));
	/* The end before the start. */
	assert_false(accepts((struct arq_status){.cumulative = 6, .end = 4, .words = 1}));
}

static void control_refuses(void **state)
{
	struct arq_control control = {.type = ARQ_HELLO, .from_epoch = 1};
	uint8_t bytes[ARQ_CONTROL_BYTES_MAX];

	assert_true(arq_control_read(bytes, arq_control_write(bytes, &control), &control));
	control.from_epoch = 0;
	assert_false(arq_control_read(bytes, arq_control_write(bytes, &control), &control));
	control = (struct arq_control){.type = ARQ_HELLO, .from_epoch = 1, .lane = 1};
	assert_false(arq_control_read(bytes, arq_control_write(bytes, &control), &control));
	control = (struct arq_control){.type = ARQ_STATUS, .from_epoch = 1, .lane = ARQ_LANES};
	assert_false(arq_control_read(bytes, arq_control_write(bytes, &control), &control));
	assert_false(arq_control_read(bytes, 0, &control));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tag_round_trip),    cmocka_unit_test(tag_refuses),
		cmocka_unit_test(tag_place),	     cmocka_unit_test(expands),
		cmocka_unit_test(status_round_trip), cmocka_unit_test(damage_is_found),
		cmocka_unit_test(status_refuses),    cmocka_unit_test(control_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
