/* SPDX-License-Identifier: BSD-3-Clause */
/* Which frames two receive rings share, in rings that this test fills as the kernel does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <linux/if_packet.h>

#include <snoopd/kernel/frame_marks.h>

#define FRAMES 256u
#define FRAME_BYTES 512u
#define MAC 66u

static const struct packet_ring layout = {.block_bytes = 4096,
					  .blocks = FRAMES * FRAME_BYTES / 4096,
					  .frame_bytes = FRAME_BYTES,
					  .frames = FRAMES};

/** A receive ring: the kernel's head and the driver's tail. */
struct ring {
	unsigned char memory[FRAMES * FRAME_BYTES] __attribute__((aligned(16)));
	uint32_t head, tail;
};

static struct ring first, second;
static struct frame_marks marks;

static struct tpacket2_hdr *slot(struct ring *ring, uint32_t number)
{
	return (void *)(ring->memory + (size_t)(number % FRAMES) * FRAME_BYTES);
}

/* Frame n comes at second n / 100. */
static void receive(struct ring *ring, uint32_t n, uint32_t bytes)
{
	struct tpacket2_hdr *head = slot(ring, ring->head++);

	memset(head, 0, FRAME_BYTES);
	head->tp_len = head->tp_snaplen = bytes;
	head->tp_mac = MAC;
	head->tp_sec = 1000 + n / 100;
	head->tp_nsec = n % 100 * 10000000;
	memcpy((unsigned char *)head + MAC, &n, bytes < sizeof(n) ? bytes : sizeof(n));
	head->tp_status = TP_STATUS_USER | TP_STATUS_VLAN_VALID;
}

static void take(struct ring *ring, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		slot(ring, ring->tail++)->tp_status = TP_STATUS_KERNEL;
}

static int set_up(void **state)
{
	memset(&first, 0, sizeof(first));
	memset(&second, 0, sizeof(second));
	memset(&marks, 0, sizeof(marks));
	return 0;
}

static int tear_down(void **state)
{
	frame_marks_free(&marks);
	return 0;
}

/* The first one takes frames below `taken`; both hear from `both` on, up to `end`. @return what is
 * blanked. */
static uint32_t change_hands(uint32_t both, uint32_t taken, uint32_t end)
{
	uint32_t newest_first, newest_second, blanked;

	for (uint32_t n = 0; n < both; n++) {
		receive(&first, n, 60);
		take(&first, 1);
	}
	newest_first = frame_marks_newest(first.memory, &layout);
	newest_second = frame_marks_newest(second.memory, &layout);
	for (uint32_t n = both; n < end; n++) {
		receive(&first, n, 60);
		receive(&second, n, 60);
		if (n < taken)
			take(&first, 1);
	}
	assert_int_equal(frame_marks_taken(&marks, first.memory, &layout, newest_first), 0);
	frame_marks_sort(&marks);
	blanked = frame_marks_blank(&marks, second.memory, &layout, newest_second);
	for (uint32_t n = both; n < end; n++) {
		const struct tpacket2_hdr *head = slot(&second, n - both);

		assert_int_equal(head->tp_snaplen == 0, n < taken);
		assert_int_equal((head->tp_status & TP_STATUS_VLAN_VALID) == 0, n < taken);
		assert_true(head->tp_status & TP_STATUS_USER);
	}
	return blanked;
}

static void test_what_was_taken_is_blanked(void **state)
{
	assert_int_equal(change_hands(10, 30, 50), 20);
}

static void test_ring_has_gone_round(void **state)
{
	assert_int_equal(change_hands(5 * FRAMES + 7, 5 * FRAMES + 100, 5 * FRAMES + 200), 93);
	/* Not the whole ring was marked: only what came since, and a little before. */
	assert_true(marks.count < 93 + 70);
}

static void test_nothing_came(void **state)
{
	assert_int_equal(change_hands(0, 0, 0), 0);
	assert_int_equal(change_hands(3, 3, 3), 0);
}

static void test_first_takes_nothing_more(void **state)
{
	assert_int_equal(change_hands(20, 20, 60), 0);
}

static void test_standby_ring_had_frames_of_its_start(void **state)
{
	for (uint32_t n = 0; n < FRAMES - 3; n++) {
		receive(&second, n, 60);
		take(&second, 1);
	}
	assert_int_equal(frame_marks_newest(second.memory, &layout), FRAMES - 4);
	for (uint32_t n = 1000; n < 1010; n++) {
		receive(&first, n, 60);
		take(&first, 1);
		receive(&second, n, 60);
	}
	assert_int_equal(frame_marks_taken(&marks, first.memory, &layout, FRAMES - 1), 0);
	frame_marks_sort(&marks);
	assert_int_equal(frame_marks_blank(&marks, second.memory, &layout, FRAMES - 4), 10);
}

/* Two CPUs receive: the rings have neighbours in another order. */
static void test_other_order(void **state)
{
	static const uint32_t in_first[] = {1, 2, 4, 3}, in_second[] = {2, 1, 3, 5, 4};

	for (int i = 0; i < 4; i++)
		receive(&first, in_first[i], 60);
	for (int i = 0; i < 5; i++)
		receive(&second, in_second[i], 60);
	take(&first, 4);
	assert_int_equal(frame_marks_taken(&marks, first.memory, &layout, FRAMES - 1), 0);
	frame_marks_sort(&marks);
	assert_int_equal(frame_marks_blank(&marks, second.memory, &layout, FRAMES - 1), 4);
	assert_int_equal(slot(&second, 3)->tp_snaplen, 60); /* 5: only the second heard it */
}

/* The same bytes at another time, and a longer frame of the same time, are other frames. */
static void test_similar_frames(void **state)
{
	receive(&first, 7, 60);
	take(&first, 1);
	receive(&second, 7, 61);
	receive(&second, 7, 60);
	slot(&second, 1)->tp_nsec++;
	assert_int_equal(frame_marks_taken(&marks, first.memory, &layout, FRAMES - 1), 0);
	frame_marks_sort(&marks);
	assert_int_equal(frame_marks_blank(&marks, second.memory, &layout, FRAMES - 1), 0);
}

/* What a slot says of its frame is checked before anything is read. */
static void test_slots_that_make_no_sense(void **state)
{
	receive(&first, 1, 60);
	receive(&first, 2, 60);
	receive(&first, 3, 60);
	slot(&first, 0)->tp_snaplen = FRAME_BYTES;
	slot(&first, 1)->tp_mac = 0;
	slot(&first, 2)->tp_mac = UINT16_MAX;
	take(&first, 3);
	assert_int_equal(frame_marks_taken(&marks, first.memory, &layout, FRAMES - 1), 0);
	assert_int_equal(marks.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
		TEST(what_was_taken_is_blanked),
		TEST(ring_has_gone_round),
		TEST(nothing_came),
		TEST(first_takes_nothing_more),
		TEST(standby_ring_had_frames_of_its_start),
		TEST(other_order),
		TEST(similar_frames),
		TEST(slots_that_make_no_sense),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
