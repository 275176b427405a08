/* SPDX-License-Identifier: BSD-3-Clause */
#include "arq_fixture.h"

#define OWN 0x111U
#define PEER 0x222U
#define OTHER 0x333U
#define RTT_US 5000U

struct box {
	struct arq_config config;
	struct arq_counters counters;
	struct arq_peer peer;
	uint64_t now_us;
};

static void box_init(struct box *box)
{
	memset(box, 0, sizeof(*box));
	arq_config_defaults(&box->config);
	box->now_us = 1000000;
	arq_peer_init(&box->peer, &box->config, &box->counters, OWN, box->now_us);
}

static enum arq_heard hear(struct box *box, uint8_t type, uint32_t from, uint32_t to)
{
	struct arq_control control = {.type = type, .from_epoch = from, .to_epoch = to};

	return arq_peer_hear(&box->peer, &control, RTT_US, box->now_us);
}

static void hear_answer(struct box *box, uint32_t bytes)
{
	struct arq_control control = {.type = ARQ_PROBE_ANSWER,
				      .from_epoch = PEER,
				      .to_epoch = OWN,
				      .probe_bytes = bytes};

	arq_peer_hear(&box->peer, &control, RTT_US, box->now_us);
}

/* @return how many frames of the type are due after so long, in steps of a millisecond. */
static uint32_t pass(struct box *box, uint32_t ms, uint8_t wanted)
{
	uint32_t count = 0, bytes = 0;
	uint8_t type;

	for (uint32_t i = 0; i < ms; i++, box->now_us += 1000) {
		arq_peer_timer(&box->peer, box->now_us);
		while ((type = arq_peer_due(&box->peer, RTT_US, box->now_us, &bytes)))
			count += type == wanted;
		assert_true(arq_peer_deadline_us(&box->peer) > box->now_us);
	}
	return count;
}

static void go_up(struct box *box)
{
	assert_int_equal(hear(box, ARQ_HELLO, PEER, 0), ARQ_HEARD_NEW);
	assert_int_equal(box->peer.state, ARQ_PROVING);
	assert_int_equal(pass(box, 2, ARQ_HELLO), 1);
	assert_int_equal(hear(box, ARQ_HELLO, PEER, OWN), ARQ_HEARD_PEER);
	assert_int_equal(box->peer.state, ARQ_PROBING);
	assert_true(pass(box, 2, ARQ_PROBE) >= 1);
	hear_answer(box, box->config.frame_bytes + ARQ_TAG_BYTES);
	assert_int_equal(box->peer.state, ARQ_UP);
}

static void searches(void **state)
{
	struct box box;

	box_init(&box);
	assert_int_equal(pass(&box, 1000, ARQ_HELLO), 10);
	assert_int_equal(box.peer.state, ARQ_SEARCHING);
	go_up(&box);
}

static void falls_silent(void **state)
{
	struct box box;

	box_init(&box);
	go_up(&box);
	pass(&box, 30, 0);
	assert_int_equal(box.peer.state, ARQ_UP);
	pass(&box, 3, 0);
	assert_int_equal(box.peer.state, ARQ_SILENT);
	/* A hello every 10 ms ends the outage. */
	assert_in_range(pass(&box, 1000, ARQ_HELLO), 95, 105);
	assert_in_range(pass(&box, 20000, ARQ_HELLO), 900, 1100);
	hear(&box, ARQ_STATUS, PEER, OWN);
	assert_int_equal(box.peer.state, ARQ_UP);
}

static void tags_keep_alive(void **state)
{
	struct box box;

	box_init(&box);
	assert_false(arq_peer_hear_tag(&box.peer, PEER & ARQ_EPOCH_MASK, box.now_us));
	go_up(&box);
	for (uint32_t i = 0; i < 100; i++) {
		pass(&box, 10, 0);
		assert_true(arq_peer_hear_tag(&box.peer, PEER & ARQ_EPOCH_MASK, box.now_us));
		assert_false(arq_peer_hear_tag(&box.peer, OTHER & ARQ_EPOCH_MASK, box.now_us));
	}
	assert_int_equal(box.peer.state, ARQ_UP);
}

static void foreign_frames(void **state)
{
	struct box box;

	box_init(&box);
	assert_int_equal(hear(&box, ARQ_STATUS, PEER, OWN), ARQ_HEARD_IGNORE);
	go_up(&box);
	assert_int_equal(hear(&box, ARQ_STATUS, OTHER, OWN), ARQ_HEARD_IGNORE);
	assert_int_equal(hear(&box, ARQ_STATUS, PEER, OTHER), ARQ_HEARD_IGNORE);
	assert_int_equal(hear(&box, ARQ_BYE, PEER, OTHER), ARQ_HEARD_IGNORE);
	assert_int_equal(box.counters.controls_foreign, 4);
	assert_int_equal(box.peer.state, ARQ_UP);
}

/* The new epoch is taken once the old one is silent. */
static void peer_restarts(void **state)
{
	struct box box;

	box_init(&box);
	go_up(&box);
	assert_int_equal(hear(&box, ARQ_HELLO, OTHER, 0), ARQ_HEARD_IGNORE);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(box.peer.epoch, PEER);
		pass(&box, 10, 0);
		hear(&box, ARQ_HELLO, OTHER, 0);
	}
	assert_int_equal(box.peer.epoch, OTHER);
	assert_int_equal(box.peer.state, ARQ_PROVING);
	assert_int_equal(box.counters.thirds, 0);
}

static void third_box(void **state)
{
	struct box box;

	box_init(&box);
	go_up(&box);
	for (uint32_t i = 0; i < 20; i++) {
		hear(&box, ARQ_HELLO, OTHER, 0);
		hear(&box, ARQ_STATUS, PEER, OWN);
		pass(&box, 5, 0);
	}
	assert_int_equal(box.peer.state, ARQ_THIRD);
	assert_int_equal(box.counters.thirds, 1);
	for (uint32_t i = 0; i < 2000; i++) {
		hear(&box, ARQ_STATUS, PEER, OWN);
		pass(&box, 6, 0);
	}
	assert_int_equal(box.peer.state, ARQ_UP);
}

static void loop(void **state)
{
	struct box box;

	box_init(&box);
	assert_int_equal(hear(&box, ARQ_HELLO, OWN, 0), ARQ_HEARD_IGNORE);
	assert_int_equal(box.peer.state, ARQ_LOOP);
	assert_int_equal(box.counters.loops, 1);
	pass(&box, 10001, 0);
	assert_int_equal(box.peer.state, ARQ_SEARCHING);
}

/* Long frames vanish, and plain ones do not. */
static void radio_is_short(void **state)
{
	struct box box;

	box_init(&box);
	go_up(&box);
	arq_peer_reprobe(&box.peer, box.now_us);
	for (uint32_t i = 0; i < 30; i++) {
		hear_answer(&box, box.config.frame_bytes);
		pass(&box, 10, 0);
	}
	assert_int_equal(box.peer.state, ARQ_SHORT);
	/* Asked again after a minute. */
	for (uint32_t i = 0; i < 6000; i++) {
		hear(&box, ARQ_STATUS, PEER, OWN);
		pass(&box, 10, 0);
	}
	assert_int_equal(box.peer.state, ARQ_SHORT);
	hear_answer(&box, box.config.frame_bytes + ARQ_TAG_BYTES);
	assert_int_equal(box.peer.state, ARQ_UP);
}

/* Nothing is answered at all: that says nothing of lengths. */
static void lost_probes_prove_nothing(void **state)
{
	struct box box;

	box_init(&box);
	go_up(&box);
	arq_peer_reprobe(&box.peer, box.now_us);
	for (uint32_t i = 0; i < 30; i++) {
		hear(&box, ARQ_STATUS, PEER, OWN);
		pass(&box, 10, 0);
	}
	assert_int_equal(box.peer.state, ARQ_UP);
}

static void bye(void **state)
{
	struct box box;

	box_init(&box);
	go_up(&box);
	assert_int_equal(hear(&box, ARQ_BYE, PEER, OWN), ARQ_HEARD_PEER);
	assert_int_equal(box.peer.state, ARQ_LEFT);
	/* Its successor is welcome at once. */
	assert_int_equal(hear(&box, ARQ_HELLO, OTHER, 0), ARQ_HEARD_NEW);

	box_init(&box);
	go_up(&box);
	arq_peer_leave(&box.peer, box.now_us);
	assert_false(arq_peer_knows_bye(&box.peer));
	assert_int_equal(pass(&box, 11, ARQ_BYE), 3);
	hear(&box, ARQ_BYE_ANSWER, PEER, OWN);
	assert_true(arq_peer_knows_bye(&box.peer));
	assert_int_equal(pass(&box, 20, ARQ_BYE), 0);

	/* Nobody answers. */
	box_init(&box);
	go_up(&box);
	arq_peer_leave(&box.peer, box.now_us);
	assert_int_equal(pass(&box, 1000, ARQ_BYE), 20);
	assert_true(arq_peer_knows_bye(&box.peer));
}

/* A flood of hellos is believed and answered once a millisecond at most. */
static void flood(void **state)
{
	struct box box;
	uint32_t bytes, hellos = 0;

	box_init(&box);
	for (uint32_t i = 0; i < 100000; i++, box.now_us++) {
		uint8_t type;

		hear(&box, ARQ_HELLO, 1000 + i, 0);
		arq_peer_timer(&box.peer, box.now_us);
		while ((type = arq_peer_due(&box.peer, RTT_US, box.now_us, &bytes)))
			hellos += type == ARQ_HELLO;
	}
	assert_in_range(hellos, 1, 102);
	assert_in_range(box.counters.peers, 1, 101);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(searches),
		cmocka_unit_test(falls_silent),
		cmocka_unit_test(tags_keep_alive),
		cmocka_unit_test(foreign_frames),
		cmocka_unit_test(peer_restarts),
		cmocka_unit_test(third_box),
		cmocka_unit_test(loop),
		cmocka_unit_test(radio_is_short),
		cmocka_unit_test(lost_probes_prove_nothing),
		cmocka_unit_test(bye),
		cmocka_unit_test(flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
