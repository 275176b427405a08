/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pure parts of the emulator: what a card does for its host, and which losses could be known.
 */
#include "card.h"
#include "direction.h"
#include "retransmits.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define IP_AT 14u
#define TCP_AT 34u
#define HEADERS 54u
#define MSS 1000u
#define FIN_PSH_ACK_CWR 0x99u

static uint32_t ones_sum(const uint8_t *data, size_t bytes)
{
	uint32_t total = 0;

	for (size_t i = 0; i < bytes; i++)
		total += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

static uint32_t tcp_sum(const uint8_t *frame, size_t bytes)
{
	uint32_t pseudo = ones_sum(frame + IP_AT + 12, 8) + 6 + (uint32_t)(bytes - TCP_AT);
	uint32_t total = pseudo + ones_sum(frame + TCP_AT, bytes - TCP_AT);

	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

/* IPv4 and TCP without options, as a host hands it to a card: no checksum of TCP complete. */
static size_t make_frame(uint8_t *frame, uint32_t seq, size_t payload, uint8_t flags)
{
	uint32_t tcp_bytes = htonl((uint32_t)payload + 20), seq_be = htonl(seq);
	uint16_t pseudo;

	memset(frame, 0, HEADERS);
	frame[12] = 8;
	frame[IP_AT] = 0x45;
	frame[IP_AT + 2] = (uint8_t)((payload + 40) >> 8);
	frame[IP_AT + 3] = (uint8_t)(payload + 40);
	frame[IP_AT + 5] = 7; /* identification */
	frame[IP_AT + 9] = 6;
	memcpy(frame + IP_AT + 12, "\x0a\x4d\x00\x01\x0a\x4d\x00\x02", 8);
	memcpy(frame + TCP_AT, "\x11\x11\x14\x51", 4);
	memcpy(frame + TCP_AT + 4, &seq_be, 4);
	frame[TCP_AT + 12] = 0x50;
	frame[TCP_AT + 13] = flags;
	pseudo = htons((uint16_t)(ones_sum(frame + IP_AT + 12, 8) + 6 + ntohl(tcp_bytes)));
	memcpy(frame + TCP_AT + 16, &pseudo, 2);
	for (size_t i = 0; i < payload; i++)
		frame[HEADERS + i] = (uint8_t)(i % 251);
	return HEADERS + payload;
}

static struct card_packet *make_packet(size_t payload, uint8_t gso_type)
{
	struct card_packet *packet = calloc(1, sizeof(*packet));

	packet->len_bytes = make_frame(packet->data, 5000, payload, FIN_PSH_ACK_CWR);
	packet->header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	packet->header.gso_type = gso_type;
	packet->header.gso_size = MSS;
	packet->header.csum_start = TCP_AT;
	packet->header.csum_offset = 16;
	return packet;
}

static void test_card_completes_a_checksum(void **state)
{
	struct card_packet *packet = make_packet(777, VIRTIO_NET_HDR_GSO_NONE);
	uint8_t frame[1536];

	assert_int_equal(card_next(packet, frame, sizeof(frame)), HEADERS + 777);
	assert_int_equal(tcp_sum(frame, HEADERS + 777), 0xffff);
	assert_memory_equal(frame + HEADERS, packet->data + HEADERS, 777);
	assert_int_equal(card_next(packet, frame, sizeof(frame)), 0);
	free(packet);
}

static void test_card_cuts_a_super_frame(void **state)
{
	static const size_t parts[] = {MSS, MSS, 501};
	struct card_packet *packet = make_packet(2 * MSS + 501, VIRTIO_NET_HDR_GSO_TCPV4);
	uint8_t frame[1536];
	uint32_t seq_be;

	for (unsigned int i = 0; i < 3; i++) {
		size_t bytes = HEADERS + parts[i];

		assert_int_equal(card_next(packet, frame, sizeof(frame)), bytes);
		assert_int_equal(tcp_sum(frame, bytes), 0xffff);
		assert_int_equal(ones_sum(frame + IP_AT, 20), 0xffff);
		assert_int_equal(frame[IP_AT + 2] << 8 | frame[IP_AT + 3], bytes - IP_AT);
		assert_int_equal(frame[IP_AT + 5], 7 + i);
		memcpy(&seq_be, frame + TCP_AT + 4, 4);
		assert_int_equal(ntohl(seq_be), 5000 + i * MSS);
		/* CWR on the first only, PSH and FIN on the last only. */
		assert_int_equal(frame[TCP_AT + 13], 0x10 | (i == 0 ? 0x80 : 0) | (i == 2 ? 9 : 0));
		assert_memory_equal(frame + HEADERS, packet->data + HEADERS + i * MSS, parts[i]);
	}
	assert_int_equal(card_next(packet, frame, sizeof(frame)), 0);
	free(packet);
}

static void test_card_refuses_what_does_not_fit(void **state)
{
	struct card_packet *packet = make_packet(1600, VIRTIO_NET_HDR_GSO_NONE);
	uint8_t frame[1536];

	assert_int_equal(card_next(packet, frame, sizeof(frame)), -1);
	packet->len_bytes = HEADERS;
	packet->header.csum_start = HEADERS - 1;
	assert_int_equal(card_next(packet, frame, sizeof(frame)), -1);
	packet->offset = 0;
	packet->header.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	assert_int_equal(card_next(packet, frame, sizeof(frame)), -1);
	packet->header.csum_start = TCP_AT;
	packet->data[TCP_AT + 12] = 0xf0; /* options beyond the end */
	assert_int_equal(card_next(packet, frame, sizeof(frame)), -1);
	free(packet);
}

static struct retransmits *make_tracker(void)
{
	struct retransmits *tracker = calloc(1, sizeof(*tracker));

	assert_int_equal(retransmits_init(tracker, 10), 0);
	return tracker;
}

static void drop_tracker(struct retransmits *tracker)
{
	free(tracker->entries);
	free(tracker);
}

static void note(struct retransmits *tracker, uint32_t segment, enum segment_fate fate,
		 uint64_t now_ns)
{
	uint8_t frame[HEADERS + MSS];
	size_t bytes = make_frame(frame, UINT32_MAX - 2500 + segment * MSS, MSS, 0x10);

	retransmits_note(tracker, frame, bytes, fate, now_ns, now_ns + 10);
}

static void test_a_loss_with_data_after_it_is_a_gap(void **state)
{
	struct retransmits *tracker = make_tracker();

	note(tracker, 0, SEGMENT_DELIVERED, 1);
	note(tracker, 1, SEGMENT_LOST, 2);
	note(tracker, 2, SEGMENT_QUEUE_DROP, 3);
	note(tracker, 3, SEGMENT_DELIVERED, 4); /* sequence numbers wrap here */
	note(tracker, 1, SEGMENT_LOST, 5);
	note(tracker, 1, SEGMENT_DELIVERED, 6);
	note(tracker, 2, SEGMENT_DELIVERED, 7);
	assert_int_equal(tracker->counters.drops, 3);
	assert_int_equal(tracker->counters.missed, 3);
	assert_int_equal(tracker->counters.segments_missed, 2);
	assert_int_equal(tracker->counters.gaps, 2);
	assert_int_equal(tracker->counters.data_segments, 4);
	drop_tracker(tracker);
}

static void test_a_lost_tail_is_no_gap(void **state)
{
	struct retransmits *tracker = make_tracker();

	note(tracker, 0, SEGMENT_DELIVERED, 1);
	note(tracker, 1, SEGMENT_LOST, 2);
	note(tracker, 1, SEGMENT_DELIVERED, 3);
	assert_int_equal(tracker->counters.segments_missed, 1);
	assert_int_equal(tracker->counters.gaps, 0);
	drop_tracker(tracker);
}

static void test_the_drop_of_a_duplicate_leaves_no_trace(void **state)
{
	struct retransmits *tracker = make_tracker();

	note(tracker, 0, SEGMENT_DELIVERED, 1);
	note(tracker, 0, SEGMENT_LOST, 2);
	assert_int_equal(tracker->counters.drops, 1);
	assert_int_equal(tracker->counters.missed, 0);
	assert_int_equal(tracker->counters.copies_identical_needless, 1);
	note(tracker, 1, SEGMENT_LOST, 3);
	note(tracker, 1, SEGMENT_DELIVERED, 4);
	assert_int_equal(tracker->counters.copies_identical_useful, 1);
	drop_tracker(tracker);
}

static void test_a_stall_delays_and_loses_nothing(void **state)
{
	struct direction dir;
	struct frame_pool pool;

	assert_int_equal(frame_pool_init(&pool, 8, 1536), 0);
	assert_int_equal(direction_init(&dir, &pool, -1, -1), 0);
	assert_int_equal(direction_set(&dir, "rate_bps", "8e6"), 0);
	assert_int_equal(direction_set(&dir, "queue_bytes", "3000"), 0);
	direction_stall(&dir, 0, 1, 2); /* from 1 s to 3 s */
	for (unsigned int i = 0; i < 4; i++) {
		struct frame *frame = frame_alloc(&pool);

		frame->len_bytes = 1000; /* 1 ms */
		direction_admit(&dir, frame, 1500000000);
	}
	/* Three fill the queue, whatever they wait for; the first leaves when the stall ends. */
	assert_int_equal(dir.counters.queue_drops, 1);
	assert_int_equal(frame_queue_next_due_ns(&dir.queue), 3001000000);
	assert_int_equal(dir.last_departure_ns, 3003000000);
	free(dir.queue.heap);
	free(pool.memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_card_completes_a_checksum),
		cmocka_unit_test(test_card_cuts_a_super_frame),
		cmocka_unit_test(test_card_refuses_what_does_not_fit),
		cmocka_unit_test(test_a_loss_with_data_after_it_is_a_gap),
		cmocka_unit_test(test_a_lost_tail_is_no_gap),
		cmocka_unit_test(test_the_drop_of_a_duplicate_leaves_no_trace),
		cmocka_unit_test(test_a_stall_delays_and_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
