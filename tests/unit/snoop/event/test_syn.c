/* SPDX-License-Identifier: BSD-3-Clause */
/* The SYN memory. */
#include "../snoop_fixture.h"

/* The station's RTT is known. */
static struct fixture *open_known(uint32_t rtt_us)
{
	struct fixture *f = fixture_engine(NULL);
	uint32_t index = station_get(f->engine, &f->key);

	f->base = 5000;
	if (rtt_us)
		rtt_station_sample(&f->engine->stations[index], rtt_us, f->now_us);
	return f;
}

static void wait_engine(struct fixture *f, uint64_t us)
{
	uint64_t end_us = f->now_us + us;

	for (int calls = 0; snoop_engine_deadline_us(f->engine) <= end_us; calls++) {
		assert_true(calls < 1000);
		f->now_us = max_u64(f->now_us, snoop_engine_deadline_us(f->engine));
		snoop_engine_timer(f->engine, f->now_us);
	}
	f->now_us = end_us;
}

static void test_retransmitted_a_few_times(void **state)
{
	struct fixture *f = open_known(5000);
	uint64_t start_us = f->now_us;

	fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
	wait_engine(f, 5000);
	assert_int_equal(f->retransmit_count, 0);
	wait_engine(f, 3000000);
	assert_int_equal(f->retransmit_count, f->config.syn_tries);
	assert_int_equal(f->counters.retransmits_syn, f->config.syn_tries);
	assert_int_equal(f->retransmits[0].cause, SNOOP_CAUSE_SYN);
	assert_true(f->retransmits[0].at_us - start_us < 100000);
	assert_int_equal(snoop_engine_deadline_us(f->engine), SNOOP_NEVER);
	fixture_close(f);
}

static void test_answer_ends_it(void **state)
{
	struct fixture *f = open_known(5000);

	fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
	wait_engine(f, 5000);
	fixture_syn(f, SNOOP_WIRELESS, WIRE_TCP_SYN | WIRE_TCP_ACK, 7);
	wait_engine(f, 3000000);
	assert_int_equal(f->retransmit_count, 0);
	fixture_close(f);
}

static void test_ack_ends_a_syn_ack(void **state)
{
	struct fixture *f = open_known(5000);
	struct wire_view view;

	fixture_syn(f, SNOOP_WIRELESS, WIRE_TCP_SYN, 7);
	f->now_us += 40000;
	fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN | WIRE_TCP_ACK, 7);
	f->now_us += 5000;
	view = fixture_ack_view(f, f->base);
	snoop_handshake_done(f->engine, &f->key, &view, SNOOP_WIRELESS, f->now_us);
	wait_engine(f, 3000000);
	assert_int_equal(f->retransmit_count, 0);
	fixture_close(f);
}

static void test_unknown_rtt_retransmits_nothing(void **state)
{
	struct fixture *f = open_known(0);

	fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
	wait_engine(f, 3000000);
	assert_int_equal(f->retransmit_count, 0);
	assert_int_equal(f->counters.syn_remembered, 0);
	fixture_close(f);
}

static void test_flood(void **state)
{
	struct fixture *f = open_known(5000);

	f->config.syn_rate_max = 10;
	snoop_engine_configure(f->engine, &f->config);
	for (int i = 0; i < 100; i++) {
		f->key.wired_port = (uint16_t)(1000 + i);
		fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
	}
	assert_int_equal(f->counters.syn_remembered, 10);
	wait_engine(f, 900000);
	assert_int_equal(f->retransmit_count, 0);
	/* A quiet second later it is on again. */
	wait_engine(f, 1000000);
	fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
	wait_engine(f, 500000);
	assert_int_equal(f->retransmit_count, f->config.syn_tries);
	fixture_close(f);
}

static void test_least_recently_used_goes(void **state)
{
	struct fixture *f = open_known(5000); /* four entries */

	for (int i = 0; i < 5; i++) {
		f->key.wired_port = (uint16_t)(1000 + i);
		fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
	}
	assert_int_equal(f->counters.syn_evicted, 1);
	assert_int_equal(f->packets[0]->refs, 0); /* the first one */
	assert_int_equal(f->packets[1]->refs, 1);
	wait_engine(f, 3000000);
	assert_int_equal(f->retransmit_count, 4 * f->config.syn_tries);
	fixture_close(f);
}

static void test_memory_off(void **state)
{
	struct snoop_config config;
	struct fixture *f;

	snoop_config_defaults(&config);
	config.syn_entries = 0;
	config.stations = 1;
	config.cache_segments = 10;
	f = fixture_engine(&config);
	fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
	snoop_flow_init(f->engine, &f->flow, &f->key, SNOOP_LEVEL_REPAIR, f->now_us);
	assert_true(f->flow.midstream);
	fixture_close(f);
}

static void test_adoption(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);

	assert_false(f->flow.midstream);
	assert_true(f->flow.window_shift_known);
	assert_int_equal(f->flow.window_shift, 10);
	assert_true(f->flow.sack);
	assert_int_equal(f->flow.window_bytes, ACK_WINDOW << 10);
	/* The handshake told the wireless RTT of a wired client's connection. */
	assert_int_equal(f->engine->stations[f->flow.station].srtt_us, RTT_US);
	fixture_close(f);
}

/* The station's ACK of a SYN-ACK tells its RTT, even where nothing of the station was known before.
 */
static void test_rtt_of_a_station_client(void **state)
{
	struct fixture *f = open_known(0);
	struct wire_view view;

	fixture_syn(f, SNOOP_WIRELESS, WIRE_TCP_SYN, 7);
	f->now_us += 40000;
	fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN | WIRE_TCP_ACK, 7);
	f->now_us += 5000;
	view = fixture_ack_view(f, f->base);
	snoop_handshake_done(f->engine, &f->key, &view, SNOOP_WIRELESS, f->now_us);
	snoop_flow_init(f->engine, &f->flow, &f->key, SNOOP_LEVEL_REPAIR, f->now_us);
	assert_int_equal(windowed_min_get(&f->flow.wired_rtt), 40000);
	assert_int_equal(f->engine->stations[f->flow.station].srtt_us, 5000);
	fixture_close(f);
}

static void test_no_scale_without_both(void **state)
{
	struct fixture *f = fixture_engine(NULL);
	struct wire_view view = fixture_ack_view(f, 0);
	struct snoop_packet described = {.view = &view, .checksum_ok = true};

	fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
	view.tcp_flags = WIRE_TCP_SYN | WIRE_TCP_ACK; /* no window scale option */
	snoop_syn(f->engine, &f->key, &described, SNOOP_WIRELESS, f->now_us);
	snoop_flow_init(f->engine, &f->flow, &f->key, SNOOP_LEVEL_REPAIR, f->now_us);
	assert_true(f->flow.window_shift_known);
	assert_int_equal(f->flow.window_shift, 0);
	assert_false(f->flow.sack);
	fixture_close(f);
}

/* However many are waiting: each at its time, a bounded number in one call, none forgotten. */
static void test_many_in_the_order_of_their_time(void **state)
{
	struct snoop_config config;
	struct fixture *f;
	uint64_t last_us = 0;
	uint32_t calls = 0;

	snoop_config_defaults(&config);
	config.syn_entries = 500;
	config.syn_tries = 1;
	config.syn_rate_max = 100000;
	config.stations = 16;
	config.cache_segments = 64;
	f = fixture_engine(&config);
	for (int i = 0; i < 1500; i++) {
		f->key.station_addr[3] = (uint8_t)(i % 8);
		f->key.wired_port = (uint16_t)(i * 7919 % 700);
		if (i < 8)
			rtt_station_sample(&f->engine->stations[station_get(f->engine, &f->key)],
					   3000 + 4000 * (uint32_t)(i * 5 % 8), f->now_us);
		fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
		if (i % 3 == 0) /* answered */
			fixture_syn(f, SNOOP_WIRELESS, WIRE_TCP_SYN | WIRE_TCP_ACK, 7);
		f->now_us++;
	}
	f->now_us += 1000000;
	while (f->counters.retransmits_syn == 0 ||
	       snoop_engine_deadline_us(f->engine) <= f->now_us) {
		uint64_t before = f->counters.retransmits_syn,
			 due_us = snoop_engine_deadline_us(f->engine);

		assert_true(due_us >= last_us && due_us <= f->now_us);
		last_us = due_us;
		snoop_engine_timer(f->engine, f->now_us);
		assert_true(f->counters.retransmits_syn - before <= 64);
		assert_true(++calls < 100);
	}
	assert_true(f->counters.retransmits_syn > 300);
	wait_engine(f, 3000000);
	assert_int_equal(f->engine->due_count, 0);
	fixture_close(f);
}

/* Found by tests/fuzz: a SYN that is not remembered must not leave an older one of its key behind.
 */
static void test_unremembered_syn_ends_the_older(void **state)
{
	for (int flood = 0; flood < 2; flood++) {
		struct fixture *f = open_known(5000);
		struct wire_view view = fixture_data_view(f, f->base + 64000, 0);
		struct snoop_packet described = {.view = &view, .checksum_ok = true};

		fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
		view.tcp_flags = WIRE_TCP_SYN;
		view.options_malformed = !flood;
		f->engine->config.syn_rate_max = flood ? 1 : 1000;
		snoop_syn(f->engine, &f->key, &described, SNOOP_WIRED, f->now_us);
		f->engine->config.syn_rate_max = 1000;
		wait_engine(f, 3000000);
		assert_int_equal(f->retransmit_count, 0);
		fixture_close(f);
	}
}

/* The answer to the first of two SYNs, a moment after the second: no round trip took that moment.
 */
static void test_syn_sent_again_gives_no_rtt(void **state)
{
	struct fixture *f = open_known(0);

	fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
	f->now_us += 1000000;
	fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
	f->now_us += 100;
	fixture_syn(f, SNOOP_WIRELESS, WIRE_TCP_SYN | WIRE_TCP_ACK, 7);
	f->now_us += 40000;
	snoop_flow_init(f->engine, &f->flow, &f->key, SNOOP_LEVEL_REPAIR, f->now_us);
	assert_int_equal(f->engine->stations[f->flow.station].srtt_us, 0);
	fixture_close(f);
}

static void test_handshake_is_remembered_while_idle(void **state)
{
	struct fixture *f = open_known(5000);

	fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
	f->now_us += 5000;
	fixture_syn(f, SNOOP_WIRELESS, WIRE_TCP_SYN | WIRE_TCP_ACK, 9);
	f->now_us += 60000000;
	snoop_flow_init(f->engine, &f->flow, &f->key, SNOOP_LEVEL_REPAIR, f->now_us);
	assert_true(f->flow.window_shift_known);
	assert_int_equal(f->flow.window_shift, 9);
	assert_false(f->flow.midstream);
	fixture_close(f);
}

static void test_forgotten_when_passing_unseen(void **state)
{
	struct fixture *f = open_known(5000);

	fixture_syn(f, SNOOP_WIRED, WIRE_TCP_SYN, 7);
	snoop_syn_drop_all(f->engine);
	wait_engine(f, 3000000);
	assert_int_equal(f->retransmit_count, 0);
	fixture_syn(f, SNOOP_WIRELESS, WIRE_TCP_SYN | WIRE_TCP_ACK, 9);
	snoop_syn_forget_all(f->engine);
	snoop_flow_init(f->engine, &f->flow, &f->key, SNOOP_LEVEL_REPAIR, f->now_us);
	assert_true(f->flow.midstream);
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syn_sent_again_gives_no_rtt),
		cmocka_unit_test(test_handshake_is_remembered_while_idle),
		cmocka_unit_test(test_forgotten_when_passing_unseen),
		cmocka_unit_test(test_retransmitted_a_few_times),
		cmocka_unit_test(test_answer_ends_it),
		cmocka_unit_test(test_ack_ends_a_syn_ack),
		cmocka_unit_test(test_unknown_rtt_retransmits_nothing),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_least_recently_used_goes),
		cmocka_unit_test(test_memory_off),
		cmocka_unit_test(test_adoption),
		cmocka_unit_test(test_many_in_the_order_of_their_time),
		cmocka_unit_test(test_rtt_of_a_station_client),
		cmocka_unit_test(test_no_scale_without_both),
		cmocka_unit_test(test_unremembered_syn_ends_the_older),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
