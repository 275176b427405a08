/* SPDX-License-Identifier: BSD-3-Clause */
/* What the engine tells about itself and its flows, and what it does when nothing is due. */
#include "snoop_fixture.h"

static void test_names(void **state)
{
	for (int level = 0; level < SNOOP_LEVEL_COUNT; level++)
		assert_int_equal(snoop_level_parse(snoop_level_name((enum snoop_level)level)),
				 level);
	assert_int_equal(snoop_level_parse("none"), -1);
	assert_string_equal(snoop_level_name(SNOOP_LEVEL_COUNT), "?");
	assert_string_equal(snoop_reason_name(SNOOP_REASON_HELPED), "helped");
	assert_string_equal(snoop_reason_name(SNOOP_REASON_NO_LOSS), "no_loss");
	assert_string_equal(snoop_reason_name(SNOOP_REASON_COUNT), "?");
}

/* From the last in the order of precedence to the first: each one hides those below it. */
static void test_reasons_by_precedence(void **state)
{
	struct snoop_flow flow = {.level = SNOOP_LEVEL_REPAIR, .two_way = true};

	assert_int_equal(snoop_flow_reason(&flow), SNOOP_REASON_NO_LOSS);
	flow.upstream_holes = 1;
	assert_int_equal(snoop_flow_reason(&flow), SNOOP_REASON_UPSTREAM);
	flow.radio_losses = 1;
	assert_int_equal(snoop_flow_reason(&flow), SNOOP_REASON_REPAIRING);
	flow.sender_retransmits = flow.sender_needless = 1;
	assert_int_equal(snoop_flow_reason(&flow), SNOOP_REASON_REPAIRING);
	flow.sender_retransmits = 2;
	assert_int_equal(snoop_flow_reason(&flow), SNOOP_REASON_SENDER);
	flow.given_up = 1;
	assert_int_equal(snoop_flow_reason(&flow), SNOOP_REASON_GIVEN_UP);
	flow.vetoes = 1;
	assert_int_equal(snoop_flow_reason(&flow), SNOOP_REASON_CONGESTION);
	flow.silent = true;
	assert_int_equal(snoop_flow_reason(&flow), SNOOP_REASON_SILENT);
	flow.cache_refused = true;
	assert_int_equal(snoop_flow_reason(&flow), SNOOP_REASON_CACHE_FULL);
	flow.two_way = false;
	assert_int_equal(snoop_flow_reason(&flow), SNOOP_REASON_ONE_WAY);
	flow.bad_checksum_station = true;
	assert_int_equal(snoop_flow_reason(&flow), SNOOP_REASON_BAD_CHECKSUM);
	flow.level = SNOOP_LEVEL_OBSERVE;
	assert_int_equal(snoop_flow_reason(&flow), SNOOP_REASON_OBSERVE);
	flow.level = SNOOP_LEVEL_BYPASS;
	assert_int_equal(snoop_flow_reason(&flow), SNOOP_REASON_BYPASS);
	flow.repairs_confirmed = 1;
	assert_int_equal(snoop_flow_reason(&flow), SNOOP_REASON_HELPED);
}

static void test_info(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_SNOOP, NULL, 1000);
	struct snoop_flow_info info;

	fixture_send(f, 2, 8, 10);
	fixture_wait(f, RTT_US);
	fixture_ack(f, 2, 3, 6);
	fixture_ack(f, 2, 3, 7);
	snoop_flow_info(f->engine, &f->flow, &info);
	assert_int_equal(info.level, SNOOP_LEVEL_SNOOP);
	assert_int_equal(info.reason, SNOOP_REASON_REPAIRING);
	assert_true(info.withholding && info.sack && info.timestamps && info.window_scale_known);
	assert_false(info.midstream);
	assert_int_equal(info.data_segments, 8);
	assert_int_equal(info.data_bytes, 8 * SEGMENT_BYTES);
	assert_int_equal(info.acked_bytes, 2 * SEGMENT_BYTES);
	assert_int_equal(info.cached_segments, 6);
	assert_int_equal(info.cached_bytes, 6 * (66 + SEGMENT_BYTES));
	assert_int_equal(info.retransmits, 1);
	assert_int_equal(info.withheld_acks, info.acks_withheld);
	assert_int_equal(info.min_rtt_us, RTT_US);
	assert_in_range(info.srtt_us, RTT_US, 2 * RTT_US);
	fixture_wait(f, RTT_US);
	fixture_ack(f, 8, 0, 0);
	fixture_wait(f, 2 * OUTCOME_WAIT_US);
	snoop_flow_info(f->engine, &f->flow, &info);
	assert_int_equal(info.reason, SNOOP_REASON_HELPED);
	assert_int_equal(info.radio_losses, 1);
	assert_int_equal(info.repairs_confirmed, 1);
	assert_int_equal(info.cached_segments, 0);
	fixture_close(f);
}

static void test_info_of_a_new_flow(void **state)
{
	struct fixture *f = fixture_engine(NULL);
	struct snoop_flow_info info;

	snoop_flow_init(f->engine, &f->flow, &f->key, SNOOP_LEVEL_REPAIR, f->now_us);
	snoop_flow_info(f->engine, &f->flow, &info);
	assert_true(info.midstream);
	assert_int_equal(info.reason, SNOOP_REASON_ONE_WAY);
	assert_int_equal(info.min_rtt_us, 0);
	assert_int_equal(info.wired_rtt_us, 0);
	fixture_close(f);
}

static void test_early_timer_does_nothing(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	uint64_t deadline_us;

	fixture_send(f, 2, 3, 0);
	deadline_us = snoop_flow_deadline_us(&f->flow);
	snoop_flow_timer(f->engine, &f->flow, deadline_us - 1);
	assert_int_equal(snoop_flow_deadline_us(&f->flow), deadline_us);
	assert_int_equal(f->retransmit_count, 0);
	fixture_close(f);
}

/* A record of the only station, silent and without flows, is taken for another one. */
static void test_silent_station_is_reused(void **state)
{
	struct snoop_config config;
	struct snoop_key key;
	struct fixture *f;

	snoop_config_defaults(&config);
	config.cache_segments = 64;
	config.stations = 1;
	f = fixture_open(SNOOP_LEVEL_REPAIR, &config, 1000);
	key = f->key;
	key.station_addr[3]++;
	fixture_send(f, 2, 12, 10);
	for (int i = 0; i < 50 && !f->counters.stations_silent; i++) {
		fixture_wait(f, 50000);
		fixture_send(f, 2, 3, 0);
	}
	assert_int_equal(f->counters.stations_silent, 1);
	assert_int_equal(station_get(f->engine, &key), 0);
	snoop_flow_close(f->engine, &f->flow);
	assert_int_not_equal(station_get(f->engine, &key), 0);
	assert_int_equal(f->counters.stations_silent, 0);
	assert_int_equal(f->counters.stations_active, 1);
	assert_int_equal(station_find(f->engine, &f->key), 0);
	fixture_close(f);
}

/* Without a single ACK only little is cached on trust. */
static void test_one_way_is_cached_on_trust_only(void **state)
{
	struct fixture *f = fixture_engine(NULL);

	f->base = 1000;
	snoop_flow_init(f->engine, &f->flow, &f->key, SNOOP_LEVEL_REPAIR, f->now_us);
	fixture_send(f, 0, 200, 1);
	assert_int_equal(f->flow.cached_count, 64);
	fixture_wait(f, 10000000);
	assert_int_equal(f->flow.cached_count, 0);
	assert_int_equal(f->retransmit_count, 0);
	fixture_close(f);
}

/* What may change at run time does so at once. */
static void test_configure(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_SNOOP, NULL, 1000);
	struct snoop_config config = f->config;

	config.withhold_max_us = 0;
	snoop_engine_configure(f->engine, &config);
	fixture_send(f, 2, 8, 10);
	fixture_wait(f, RTT_US);
	assert_int_equal(fixture_ack(f, 2, 3, 6), SNOOP_FORWARD);
	config.tries_max = 1;
	config.withhold_max_us = 60000;
	snoop_engine_configure(f->engine, &config);
	fixture_wait(f, 1000000);
	assert_int_equal(fixture_retransmits_of(f, 2), 1);
	assert_true(f->flow.given_up > 0);
	fixture_close(f);
}

/* Keys that share a bucket under one secret are spread under another. */
static void test_hash_is_keyed(void **state)
{
	uint64_t seeds[] = {0x0123456789abcdefULL, 0xfedcba9876543210ULL};
	uint32_t together = 0, again = 0;

	for (uint64_t n = 0; n < 100000; n++) {
		uint64_t key[2] = {n, n * n};

		if (hash_bytes(key, sizeof(key), seeds[0]) % 1024)
			continue;
		together++;
		again += hash_bytes(key, sizeof(key), seeds[1]) % 1024 == 0;
	}
	assert_in_range(together, 50, 150);
	assert_in_range(again, 0, 5);
}

/* More flows with a history than there are: the oldest loses its own, and nobody else's is touched.
 */
static void test_extras_run_out(void **state)
{
	struct fixture *f = fixture_engine(NULL);
	uint32_t count = f->engine->extra_count, without = 0;
	struct snoop_flow *flows = calloc(count + 1, sizeof(*flows));

	snoop_flow_init(f->engine, &f->flow, &f->key, SNOOP_LEVEL_REPAIR, f->now_us);
	for (uint32_t i = 0; i <= count; i++) {
		extra_get(f->engine, &flows[i])->span_peak_bytes = i;
		assert_int_equal(extra_get(f->engine, &flows[i])->span_peak_bytes, i);
	}
	for (uint32_t i = 0; i <= count; i++) {
		if (!flows[i].extra) {
			without++;
			continue;
		}
		assert_ptr_equal(extra_of(f->engine, &flows[i])->flow, &flows[i]);
		assert_int_equal(extra_of(f->engine, &flows[i])->span_peak_bytes, i);
	}
	assert_int_equal(without, 1);
	assert_int_not_equal(flows[count].extra, 0);
	/* What is given back is found again. */
	extra_put(f->engine, &flows[3]);
	assert_null(extra_of(f->engine, &flows[3]));
	free(flows);
	fixture_close(f);
}

/* What a telemetry client could do to the counters, were it let: any value in all of them. */
static void scribble(struct fixture *f, uint64_t *random)
{
	uint64_t *counter = (uint64_t *)&f->counters;

	for (size_t i = 0; *random && i < COUNTERS_COUNT; i++) {
		*random = *random * 6364136223846793005ULL + 1442695040888963407ULL;
		counter[i] = *random >> (*random & 63);
	}
}

/* Losses, withheld ACKs, a cache that is too small, silence; counters changed after each call. */
static struct fixture *transfer(uint64_t random)
{
	struct snoop_config config;
	struct fixture *f;
	uint32_t n = 2;

	snoop_config_defaults(&config);
	config.cache_segments = 16;
	config.cache_bytes = 20 * SEGMENT_BYTES;
	config.stations = 4;
	config.syn_entries = 4;
	f = fixture_open(SNOOP_LEVEL_SNOOP, &config, 1000);
	for (uint32_t round = 0; round < 24; round++) {
		uint32_t end = n + 4 + round % 16;

		for (uint32_t i = n; i < end; i++) {
			fixture_send(f, i, i + 1, 100);
			scribble(f, &random);
		}
		f->now_us += RTT_US;
		for (uint32_t i = n + 2; i < end; i++) {
			fixture_ack(f, n, n + 1, i);
			scribble(f, &random);
			fixture_wait(f, 200);
			scribble(f, &random);
		}
		for (uint32_t i = 0; i < (round % 8 == 7 ? 40 : 1); i++) {
			fixture_wait(f, 20000);
			scribble(f, &random);
		}
		fixture_ack(f, end, 0, 0);
		scribble(f, &random);
		n = end;
	}
	return f;
}

static void test_counters_steer_nothing(void **state)
{
	struct fixture *plain = transfer(0), *scribbled = transfer(7);

	assert_true(plain->retransmit_count > 40);
	assert_true(plain->counters.station_silences > 0);
	assert_true(plain->counters.pass_cache_full > 0);
	assert_true(plain->counters.acks_withheld > 0);
	assert_int_equal(scribbled->retransmit_count, plain->retransmit_count);
	assert_memory_equal(scribbled->retransmits, plain->retransmits, sizeof(plain->retransmits));
	assert_int_equal(scribbled->release_count, plain->release_count);
	assert_memory_equal(scribbled->releases, plain->releases, sizeof(plain->releases));
	assert_int_equal(scribbled->flow.deadline_us, plain->flow.deadline_us);
	assert_int_equal(scribbled->flow.credit, plain->flow.credit);
	assert_int_equal(scribbled->flow.cached_count, plain->flow.cached_count);
	assert_int_equal(snoop_engine_withheld(scribbled->engine),
			 snoop_engine_withheld(plain->engine));
	assert_int_equal(snoop_engine_cache_use(scribbled->engine).bytes,
			 snoop_engine_cache_use(plain->engine).bytes);
	memset(&scribbled->counters, 0, sizeof(scribbled->counters));
	fixture_close(scribbled);
	fixture_close(plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_extras_run_out),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_reasons_by_precedence),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_info_of_a_new_flow),
		cmocka_unit_test(test_early_timer_does_nothing),
		cmocka_unit_test(test_silent_station_is_reused),
		cmocka_unit_test(test_one_way_is_cached_on_trust_only),
		cmocka_unit_test(test_configure),
		cmocka_unit_test(test_hash_is_keyed),
		cmocka_unit_test(test_counters_steer_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
