/* SPDX-License-Identifier: BSD-3-Clause */
/* What ports carry whole: limits of a pair of ports, tags, and what is dropped and counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <snoopd/base/carriage.h>
#include <snoopd/datapath/receive.h>
#include <snoopd/datapath/worker.h>

#define FRAME_BYTES 64

static const uint16_t plain[] = {0x0800, 0};
static const uint16_t one_tag[] = {0x8100, 0x0800, 0};
static const uint16_t service_tag[] = {0x88a8, 0x0800, 0};
static const uint16_t two_tags[] = {0x88a8, 0x8100, 0x86dd, 0};

static const uint8_t *frame_of(const uint16_t types[])
{
	static uint8_t frame[FRAME_BYTES];

	memset(frame, 0, sizeof(frame));
	for (int i = 0; types[i] != 0; i++) {
		frame[12 + 4 * i] = (uint8_t)(types[i] >> 8);
		frame[13 + 4 * i] = (uint8_t)types[i];
	}
	return frame;
}

static bool fits(const struct carriage *to, const uint16_t types[], uint32_t frame_bytes)
{
	return carriage_fits(to, frame_of(types), FRAME_BYTES, frame_bytes);
}

static void test_without_limits_everything_fits(void **state)
{
	struct carriage port[2];

	carriage_init(&port[0], &port[1]);
	assert_int_equal(port[0].rx_plain_bytes, CARRIAGE_ANY);
	assert_int_equal(port[1].rx_plain_bytes, CARRIAGE_ANY);
	assert_true(fits(&port[0], plain, CARRIAGE_ANY));
	assert_true(fits(&port[1], two_tags, CARRIAGE_ANY));
}

static void test_the_limit_of_one_side_follows_the_other_port(void **state)
{
	struct carriage port[2];

	carriage_init(&port[0], &port[1]);
	carriage_set_mtu(&port[1], 1500);
	assert_int_equal(port[0].rx_plain_bytes, 1514);
	assert_int_equal(port[1].rx_plain_bytes, CARRIAGE_ANY);
	carriage_set_cut(&port[0], 1968);
	assert_int_equal(port[0].rx_plain_bytes, 1514);
	carriage_set_mtu(&port[1], 9000);
	assert_int_equal(port[0].rx_plain_bytes, 1967);
	carriage_set_mtu(&port[1], 1400);
	assert_int_equal(port[0].rx_plain_bytes, 1414);
	carriage_set_mtu(&port[1], CARRIAGE_ANY);
	assert_int_equal(port[0].rx_plain_bytes, 1967);
}

static void test_tags_are_not_part_of_the_packet(void **state)
{
	struct carriage port[2];

	carriage_init(&port[0], &port[1]);
	carriage_set_mtu(&port[0], 1500);
	assert_true(fits(&port[0], plain, 1514));
	assert_false(fits(&port[0], plain, 1515));
	assert_true(fits(&port[0], one_tag, 1518));
	assert_false(fits(&port[0], one_tag, 1519));
	assert_true(fits(&port[0], service_tag, 1518));
	assert_true(fits(&port[0], two_tags, 1522));
	assert_false(fits(&port[0], two_tags, 1523));
	port[0].tx_one_tag = true;
	assert_true(fits(&port[0], plain, 1514));
	assert_true(fits(&port[0], one_tag, 1518));
	assert_false(fits(&port[0], one_tag, 1519));
	assert_false(fits(&port[0], service_tag, 1518));
	assert_false(fits(&port[0], two_tags, 1519));
}

static void test_what_cannot_be_read_is_not_read(void **state)
{
	struct carriage port[2];
	uint8_t *frame = malloc(14);

	assert_non_null(frame);
	memcpy(frame, frame_of(one_tag), 14);
	carriage_init(&port[0], &port[1]);
	carriage_set_mtu(&port[0], 100);
	assert_true(carriage_fits(&port[0], frame, 14, 118));
	assert_false(carriage_fits(&port[0], frame, 14, 119));
	assert_true(carriage_fits(&port[0], frame, 13, 114));
	assert_true(carriage_fits(&port[0], frame, 13, 5));
	free(frame);
}

/* Somebody else holds a reference to each, so that none goes back to a pool. */
static void make_packet(struct rte_mbuf *packet, uint8_t *frame, uint32_t bytes)
{
	memset(packet, 0, sizeof(*packet));
	rte_mbuf_refcnt_set(packet, 2);
	packet->nb_segs = 1;
	packet->buf_addr = frame;
	packet->data_len = FRAME_BYTES;
	packet->pkt_len = bytes;
}

static void test_what_does_not_fit_is_dropped_and_counted(void **state)
{
	static const uint32_t bytes[] = {1514, 1515, 60, 1967, 1968, 1982, 1518};
	enum { COUNT = sizeof(bytes) / sizeof(bytes[0]) };
	struct worker_link *link = calloc(1, sizeof(*link));
	struct rte_mbuf packet[COUNT], *packets[COUNT];
	uint8_t frame[FRAME_BYTES], tagged[FRAME_BYTES];
	struct carriage port[2];

	assert_non_null(link);
	carriage_init(&port[0], &port[1]);
	carriage_set_mtu(&port[SNOOP_WIRED], 1500);
	carriage_set_mtu(&port[SNOOP_WIRELESS], 1500);
	carriage_set_cut(&port[SNOOP_WIRED], 1968);
	memcpy(frame, frame_of(plain), sizeof(frame));
	memcpy(tagged, frame_of(one_tag), sizeof(tagged));
	for (int side = 0; side < 2; side++)
		link->port[side].carriage = &port[side];
	for (int side = 0; side < 2; side++) {
		for (int i = 0; i < COUNT; i++) {
			make_packet(&packet[i], bytes[i] == 1518 ? tagged : frame, bytes[i]);
			packets[i] = &packet[i];
		}
		assert_int_equal(receive_drop_long(link, (enum snoop_side)side, packets, COUNT), 3);
		assert_ptr_equal(packets[0], &packet[0]);
		assert_ptr_equal(packets[1], &packet[2]);
		assert_ptr_equal(packets[2], &packet[6]);
		for (int i = 0; i < COUNT; i++)
			assert_int_equal(rte_mbuf_refcnt_read(&packet[i]),
					 i == 0 || i == 2 || i == 6 ? 2 : 1);
	}
	assert_int_equal(link->counters.rx_wired_cut, 2);
	assert_int_equal(link->counters.tx_wireless_too_long, 2);
	assert_int_equal(link->counters.rx_wireless_cut, 0);
	assert_int_equal(link->counters.tx_wired_too_long, 4);
	assert_int_equal(counters_drops(&link->counters), 8);
	free(link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_limits_everything_fits),
		cmocka_unit_test(test_the_limit_of_one_side_follows_the_other_port),
		cmocka_unit_test(test_tags_are_not_part_of_the_packet),
		cmocka_unit_test(test_what_cannot_be_read_is_not_read),
		cmocka_unit_test(test_what_does_not_fit_is_dropped_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
