/* SPDX-License-Identifier: BSD-3-Clause */
/* Two ends on a perfect wire without delay. What loss does: tests/sim/arq. */
#include "arq_fixture.h"

struct pair {
	struct fixture fixture[2];
	struct arq *end[2];
	void *memory[2];
	uint64_t now_us;
	uint32_t carried[2]; /* control frames of each */
	bool cut;	     /* they are lost */
	uint32_t mtu;	     /* longer ones are; 0: none */
};

static void pair_start(struct pair *pair, uint32_t i, uint32_t epoch)
{
	struct fixture *fixture = &pair->fixture[i];

	fixture_init(fixture);
	free(pair->memory[i]);
	pair->carried[i] = 0;
	pair->memory[i] = aligned_alloc(64, arq_bytes(&fixture->config));
	pair->end[i] = arq_init(pair->memory[i], &fixture->config, &fixture_ops, fixture,
				&fixture->counters, epoch, pair->now_us);
}

static void pair_init(struct pair *pair)
{
	memset(pair, 0, sizeof(*pair));
	pair->now_us = 1000000;
	pair_start(pair, 0, 0xfffffff1);
	pair_start(pair, 1, 0);
}

static void pair_end(struct pair *pair)
{
	for (uint32_t i = 0; i < 2; i++) {
		arq_flush(pair->end[i]);
		assert_int_equal(pair->fixture[i].references, 0);
		free(pair->memory[i]);
	}
}

/* Let one end do what is due; its control frames reach the other. */
static void serve(struct pair *pair, uint32_t i)
{
	struct fixture *fixture = &pair->fixture[i];

	if (arq_deadline_us(pair->end[i]) <= pair->now_us)
		arq_timer(pair->end[i], pair->now_us);
	assert_true(fixture->controls - pair->carried[i] <= CONTROLS_MAX);
	while (pair->carried[i] != fixture->controls) {
		uint32_t at = pair->carried[i]++ % CONTROLS_MAX;

		if (!pair->cut && (!pair->mtu || fixture->control[at].frame_bytes <= pair->mtu))
			arq_receive_control(pair->end[1 - i], fixture->control[at].payload,
					    fixture->control[at].bytes,
					    fixture->control[at].frame_bytes, pair->now_us);
	}
}

static void pass(struct pair *pair, uint32_t us)
{
	for (uint32_t i = 0; i < us; i += 100, pair->now_us += 100) {
		serve(pair, 0);
		serve(pair, 1);
	}
}

static enum arq_state state_of(const struct pair *pair, uint32_t i)
{
	struct arq_info info;

	arq_info(pair->end[i], &info);
	return info.state;
}

static void go_up(struct pair *pair)
{
	pass(pair, 300000);
	assert_string_equal(arq_state_name(state_of(pair, 0)), "up");
	assert_string_equal(arq_state_name(state_of(pair, 1)), "up");
}

static void comes_up(void **state)
{
	struct pair pair;

	pair_init(&pair);
	go_up(&pair);
	pair_end(&pair);
}

static void carries(void **state)
{
	struct pair pair;
	struct arq_tag tag;
	struct arq_info info;

	pair_init(&pair);
	go_up(&pair);
	for (uint32_t i = 1; i < 1000; i++) {
		struct arq_packet packet = fixture_packet(i, 5);

		assert_int_equal(arq_send(pair.end[0], &packet, pair.now_us, &tag),
				 ARQ_SEND_TAGGED);
		assert_int_equal(arq_receive(pair.end[1], &packet, &tag, pair.now_us), ARQ_TAKEN);
		expect_delivered(&pair.fixture[1], i);
		pass(&pair, 100);
	}
	pass(&pair, 50000);
	arq_info(pair.end[0], &info);
	assert_int_equal(info.stored_frames, 0);
	assert_int_equal(info.loss_ppm, 0);
	assert_true(info.srtt_us > 0);
	pair_end(&pair);
}

static void plain_cases(void **state)
{
	struct pair pair;
	struct arq_packet packet = fixture_packet(1, 5);
	struct arq_tag tag = {.epoch = 3};

	pair_init(&pair);
	assert_int_equal(arq_send(pair.end[0], &packet, pair.now_us, &tag), ARQ_SEND_PLAIN);
	/* Tagged frames of nobody that is known: the fresh ones are passed on. */
	assert_int_equal(arq_receive(pair.end[0], &packet, &tag, pair.now_us), ARQ_TAKEN);
	expect_delivered(&pair.fixture[0], 1);
	tag.retransmit = true;
	assert_int_equal(arq_receive(pair.end[0], &packet, &tag, pair.now_us), ARQ_DROP);
	go_up(&pair);
	packet.class = ARQ_UNTOUCHED;
	assert_int_equal(arq_send(pair.end[0], &packet, pair.now_us, &tag), ARQ_SEND_PLAIN);
	packet.class = ARQ_ORDERED;
	packet.frame_bytes = pair.fixture[0].config.frame_bytes + 1;
	assert_int_equal(arq_send(pair.end[0], &packet, pair.now_us, &tag), ARQ_SEND_PLAIN);
	assert_int_equal(pair.fixture[0].counters.sent_long, 1);
	pair_end(&pair);
}

/* The order is kept when the peer tags no more. */
static void plain_after_tagged(void **state)
{
	struct pair pair;
	struct arq_packet packet = fixture_packet(1, 5);
	struct arq_tag tag;

	pair_init(&pair);
	go_up(&pair);
	arq_send(pair.end[0], &packet, pair.now_us, &tag);
	packet.handle = (void *)2;
	arq_send(pair.end[0], &packet, pair.now_us, &tag);
	arq_receive(pair.end[1], &packet, &tag, pair.now_us);
	expect_delivered(&pair.fixture[1]);
	packet.class = ARQ_UNTOUCHED;
	arq_receive_plain(pair.end[1], &packet, pair.now_us);
	expect_delivered(&pair.fixture[1]);
	packet.class = ARQ_ORDERED;
	arq_receive_plain(pair.end[1], &packet, pair.now_us);
	expect_delivered(&pair.fixture[1], 2);
	pair_end(&pair);
}

static void silence_and_return(void **state)
{
	struct pair pair;
	struct arq_packet packet = fixture_packet(1, 5);
	struct arq_tag tag;

	pair_init(&pair);
	go_up(&pair);
	arq_send(pair.end[0], &packet, pair.now_us, &tag);
	pair.cut = true;
	pass(&pair, 40000);
	assert_int_equal(state_of(&pair, 0), ARQ_SILENT);
	assert_int_equal(arq_send(pair.end[0], &packet, pair.now_us, &tag), ARQ_SEND_PLAIN);
	/* The frame before it could only come out of order now. */
	assert_int_equal(pair.fixture[0].references, 0);
	pass(&pair, 1300000);
	assert_int_equal(pair.fixture[0].references, 0);
	pair.cut = false;
	pass(&pair, 11000);
	assert_int_equal(state_of(&pair, 0), ARQ_UP);
	pair_end(&pair);
}

static void peer_restarts(void **state)
{
	struct pair pair;
	struct arq_packet packet = fixture_packet(1, 5);
	struct arq_tag tag;

	pair_init(&pair);
	go_up(&pair);
	for (uint32_t i = 0; i < 10; i++)
		arq_send(pair.end[0], &packet, pair.now_us, &tag);
	arq_flush(pair.end[1]);
	pair_start(&pair, 1, 77);
	pass(&pair, 30000);
	go_up(&pair);
	assert_int_equal(pair.fixture[0].references, 0);
	assert_int_equal(pair.fixture[0].counters.peers, 2);
	arq_send(pair.end[0], &packet, pair.now_us, &tag);
	assert_int_equal(arq_receive(pair.end[1], &packet, &tag, pair.now_us), ARQ_TAKEN);
	expect_delivered(&pair.fixture[1], 1);
	assert_int_equal(pair.fixture[1].counters.missing, 0);
	pair_end(&pair);
}

/* The radio takes no long frames any more: noticed without waiting for the next probe. */
static void long_frames_vanish(void **state)
{
	struct pair pair;
	struct arq_packet packet = fixture_packet(1, 5);
	struct arq_tag tag;

	pair_init(&pair);
	go_up(&pair);
	pass(&pair, 200000);
	pair.mtu = pair.fixture[0].config.frame_bytes;
	for (uint32_t i = 0; i < 200; i++) {
		packet.frame_bytes = i % 2 ? 1514 : 100;
		if (arq_send(pair.end[0], &packet, pair.now_us, &tag) == ARQ_SEND_TAGGED &&
		    !(i % 2))
			arq_receive(pair.end[1], &packet, &tag, pair.now_us);
		pass(&pair, 1000);
	}
	assert_int_equal(state_of(&pair, 0), ARQ_SHORT);
	assert_int_equal(state_of(&pair, 1), ARQ_UP);
	pair_end(&pair);
}

static void leaves(void **state)
{
	struct pair pair;
	struct arq_packet packet = fixture_packet(1, 5);
	struct arq_tag tag;

	pair_init(&pair);
	go_up(&pair);
	arq_leave(pair.end[0], pair.now_us);
	assert_false(arq_left(pair.end[0]));
	pass(&pair, 1000);
	assert_true(arq_left(pair.end[0]));
	assert_int_equal(state_of(&pair, 1), ARQ_LEFT);
	assert_int_equal(arq_send(pair.end[0], &packet, pair.now_us, &tag), ARQ_SEND_PLAIN);
	assert_int_equal(arq_send(pair.end[1], &packet, pair.now_us, &tag), ARQ_SEND_PLAIN);
	pair_end(&pair);
}

/* Bytes of anybody's choice break nothing. */
static void any_bytes(void **state)
{
	struct pair pair;
	uint64_t random = 1;

	pair_init(&pair);
	go_up(&pair);
	for (uint32_t i = 0; i < 20000; i++) {
		uint8_t payload[200];
		uint32_t bytes;

		memcpy(payload, pair.fixture[1].control[i % CONTROLS_MAX].payload, sizeof(payload));
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		bytes = (uint32_t)(random >> 40) % sizeof(payload);
		payload[random >> 33 & 31] ^= (uint8_t)(random >> 20);
		arq_receive_control(pair.end[0], payload, bytes, bytes + 14, pair.now_us);
		if (arq_deadline_us(pair.end[0]) <= pair.now_us)
			arq_timer(pair.end[0], pair.now_us);
	}
	assert_true(pair.fixture[0].counters.controls_bad > 10000);
	pair_end(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_up),
		cmocka_unit_test(carries),
		cmocka_unit_test(plain_cases),
		cmocka_unit_test(plain_after_tagged),
		cmocka_unit_test(silence_and_return),
		cmocka_unit_test(peer_restarts),
		cmocka_unit_test(leaves),
		cmocka_unit_test(long_frames_vanish),
		cmocka_unit_test(any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
