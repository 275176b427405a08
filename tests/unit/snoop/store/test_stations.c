/* SPDX-License-Identifier: BSD-3-Clause */
/* Stations: silence, probes, return, reuse of records. */
#include "../snoop_fixture.h"

static struct fixture *go_silent(enum snoop_level level)
{
	struct fixture *f = fixture_open(level, NULL, 1000);

	fixture_send(f, 2, 12, 10);
	for (int i = 0; i < 50 && !f->counters.stations_silent; i++) {
		fixture_wait(f, 50000);
		fixture_send(f, 2, 3, 0); /* the sender's own time-out */
	}
	assert_int_equal(f->counters.stations_silent, 1);
	return f;
}

static void test_silence_and_probes(void **state)
{
	struct fixture *f = go_silent(SNOOP_LEVEL_REPAIR);
	uint32_t before = f->retransmit_count;

	fixture_wait(f, 5000000);
	/* At the full interval, with a few more while the gap grows. */
	assert_true(f->retransmit_count - before >= 5000000 / f->config.probe_interval_us - 2);
	assert_true(f->retransmit_count - before <= 5000000 / f->config.probe_interval_us + 10);
	for (uint32_t i = before; i < f->retransmit_count; i++)
		assert_int_equal(f->retransmits[i].cause, SNOOP_CAUSE_PROBE);
	assert_int_equal(snoop_flow_reason(&f->flow), SNOOP_REASON_SILENT);
	fixture_close(f);
}

static void test_return(void **state)
{
	struct fixture *f = go_silent(SNOOP_LEVEL_REPAIR);
	uint32_t before;

	fixture_wait(f, 5000000);
	before = f->retransmit_count;
	fixture_ack(f, 3, 0, 0);
	assert_int_equal(f->counters.station_returns, 1);
	assert_int_equal(f->counters.stations_silent, 0);
	/* Head of line first, once nothing else arrives, with what the ACK made room for. */
	fixture_wait(f, RTT_US / 2);
	assert_true(f->retransmit_count > before);
	assert_int_equal(f->retransmits[before].seq, SEG(3));
	fixture_close(f);
}

/* A probe that was a duplicate says nothing against the repairs of the flow. */
static void test_needless_probe(void **state)
{
	struct fixture *f = go_silent(SNOOP_LEVEL_REPAIR);
	uint32_t repairs, n;
	struct wire_view view;

	repairs = f->flow.retransmits;
	fixture_wait(f, 1000000);
	assert_true(f->counters.retransmits_probe > 0);
	assert_int_equal(f->flow.retransmits, repairs);
	n = (f->retransmits[f->retransmit_count - 1].seq - f->base) / SEGMENT_BYTES;
	view = fixture_ack_view(f, SEG(12));
	fixture_add_sack(&view, SEG(n), SEG(n + 1));
	fixture_receive_view(f, &view);
	assert_true(f->counters.spurious_probe > 0);
	assert_int_equal(f->flow.spurious,
			 f->counters.spurious_repairs - f->counters.spurious_probe);
	fixture_close(f);
}

/* The answer to an original, a moment after a probe of the same segment, is no round trip. */
static void test_return_gives_no_rtt(void **state)
{
	struct fixture *f = go_silent(SNOOP_LEVEL_REPAIR);
	uint32_t min_us = rtt_min_us(f->engine, &f->flow), before = f->retransmit_count;

	while (f->retransmit_count == before)
		fixture_wait(f, 10000);
	f->now_us = f->retransmits[f->retransmit_count - 1].at_us + 300;
	fixture_ack(f, 3, 0, 0);
	assert_int_equal(f->counters.station_returns, 1);
	assert_int_equal(rtt_min_us(f->engine, &f->flow), min_us);
	fixture_close(f);
}

static void test_probes_end(void **state)
{
	struct fixture *f = go_silent(SNOOP_LEVEL_REPAIR);
	uint32_t before;

	fixture_wait(f, 2ULL * f->config.silence_max_us);
	before = f->retransmit_count;
	fixture_wait(f, 60000000);
	assert_int_equal(f->retransmit_count, before);
	assert_int_equal(f->flow.cached_count, 0);
	assert_int_equal(snoop_flow_deadline_us(&f->flow), SNOOP_NEVER);
	fixture_close(f);
}

static void test_observe_does_not_probe(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_OBSERVE, NULL, 1000);

	fixture_send(f, 2, 12, 10);
	for (int i = 0; i < 20; i++) {
		fixture_wait(f, 200000);
		fixture_send(f, 2, 3, 0);
	}
	fixture_ack(f, 3, 0, 0);
	fixture_wait(f, 1000000);
	assert_int_equal(f->retransmit_count, 0);
	fixture_close(f);
}

/* Two flows of one silent station share one probe at a time. */
static void test_one_probe_per_station(void **state)
{
	struct fixture *f = go_silent(SNOOP_LEVEL_REPAIR);
	struct snoop_station *station = station_of(f->engine, &f->flow);
	uint64_t last_us = 0;

	fixture_wait(f, 2000000);
	for (uint32_t i = 0; i < f->retransmit_count; i++) {
		if (f->retransmits[i].cause != SNOOP_CAUSE_PROBE)
			continue;
		if (last_us)
			assert_true(f->retransmits[i].at_us - last_us >= f->config.rto_min_us);
		last_us = f->retransmits[i].at_us;
	}
	assert_true(station->probe_us > f->now_us);
	fixture_close(f);
}

static struct snoop_key key_of(uint8_t station)
{
	struct snoop_key key = {.station_addr = {10, 0, 0, station}, .ip_version = 4};

	return key;
}

static void test_reuse(void **state)
{
	struct fixture *f = fixture_engine(NULL); /* four records */
	uint32_t first = 0;

	for (uint8_t i = 1; i <= 4; i++) {
		struct snoop_key key = key_of(i);
		uint32_t index = station_get(f->engine, &key);

		assert_true(index > 0);
		assert_int_equal(station_get(f->engine, &key), index);
		f->engine->stations[index].refs++;
		if (i == 1)
			first = index;
	}
	/* All in use: there is none for the fifth, and nothing breaks. */
	assert_int_equal(station_get(f->engine, &(struct snoop_key){.station_addr = {10, 0, 0, 5}}),
			 0);
	f->engine->stations[first].refs--;
	assert_int_equal(station_get(f->engine, &(struct snoop_key){.station_addr = {10, 0, 0, 5}}),
			 first);
	assert_int_equal(
		station_find(f->engine, &(struct snoop_key){.station_addr = {10, 0, 0, 1}}), 0);
	assert_int_equal(f->counters.stations_active, 4);
	fixture_close(f);
}

static void test_vlans_tell_stations_apart(void **state)
{
	struct fixture *f = fixture_engine(NULL);
	struct snoop_key a = key_of(1), b = key_of(1);

	b.vlan[0] = 0x81000005U;
	assert_int_not_equal(station_get(f->engine, &a), station_get(f->engine, &b));
	fixture_close(f);
}

static void test_flow_without_station(void **state)
{
	struct fixture *f = fixture_engine(NULL);

	for (uint8_t i = 1; i <= 4; i++) {
		struct snoop_key key = key_of(i);

		f->engine->stations[station_get(f->engine, &key)].refs++;
	}
	f->base = 1000;
	snoop_flow_init(f->engine, &f->flow, &f->key, SNOOP_LEVEL_SNOOP, f->now_us);
	assert_int_equal(f->flow.station, 0);
	fixture_send(f, 0, 10, 10);
	f->now_us += RTT_US;
	fixture_ack(f, 1, 0, 0);
	fixture_ack(f, 1, 2, 10);
	fixture_wait(f, 1000000);
	assert_true(fixture_retransmits_of(f, 1) >= 1);
	fixture_close(f);
}

/* Where a station is silent it is looked up whether it is the flow's own. */
static void test_another_station_is_silent(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	struct snoop_key other = f->key;
	uint64_t deadline_us;
	uint32_t index;

	other.station_addr[0] ^= 1;
	index = station_get(f->engine, &other);
	fixture_send(f, 2, 12, 10);
	deadline_us = snoop_flow_deadline_us(&f->flow);
	for (int i = 0; i < 3; i++)
		station_timeout(f->engine, &f->engine->stations[index], f->now_us);
	assert_int_equal(f->counters.stations_silent, 1);
	fixture_send(f, 12, 13, 10);
	station_heard(f->engine, &f->engine->stations[index], f->now_us);
	assert_int_equal(f->counters.station_returns, 1);
	fixture_send(f, 13, 14, 10);
	assert_int_equal(f->flow.cached_count, 12);
	assert_true(snoop_flow_deadline_us(&f->flow) == deadline_us);
	/* Its own one comes back: from now on the timer runs anew. */
	for (int i = 0; i < 3; i++)
		station_timeout(f->engine, station_of(f->engine, &f->flow), f->now_us);
	fixture_send(f, 14, 15, 10);
	assert_true(snoop_flow_deadline_us(&f->flow) != deadline_us);
	fixture_close(f);
}

static void test_totals_do_not_wrap(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	struct snoop_station_info before, after;

	assert_true(snoop_station_info(f->engine, f->flow.station, &before));
	for (int i = 0; i < 5; i++)
		station_count_progress(f->engine, &f->flow, INT32_MAX, 1);
	assert_true(snoop_station_info(f->engine, f->flow.station, &after));
	assert_int_equal(after.totals.acked_bytes - before.totals.acked_bytes, 5ULL * INT32_MAX);
	assert_int_equal(after.totals.delivered_segments - before.totals.delivered_segments, 5);
	fixture_close(f);
}

/* An IPv4 address and the IPv6 address that begins with the same bytes are two stations. */
static void test_ip_versions_tell_stations_apart(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	struct snoop_station_info info;
	struct snoop_key key = f->key;
	uint32_t other;

	assert_int_equal(key.ip_version, 4);
	key.ip_version = 6;
	assert_int_equal(station_find(f->engine, &key), 0);
	other = station_get(f->engine, &key);
	assert_int_not_equal(other, 0);
	assert_int_not_equal(other, f->flow.station);
	assert_int_equal(station_find(f->engine, &key), other);
	assert_int_equal(station_find(f->engine, &f->key), f->flow.station);
	assert_true(snoop_station_info(f->engine, other, &info));
	assert_int_equal(info.ip_version, 6);
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silence_and_probes),
		cmocka_unit_test(test_return),
		cmocka_unit_test(test_needless_probe),
		cmocka_unit_test(test_return_gives_no_rtt),
		cmocka_unit_test(test_probes_end),
		cmocka_unit_test(test_observe_does_not_probe),
		cmocka_unit_test(test_one_probe_per_station),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_vlans_tell_stations_apart),
		cmocka_unit_test(test_ip_versions_tell_stations_apart),
		cmocka_unit_test(test_flow_without_station),
		cmocka_unit_test(test_another_station_is_silent),
		cmocka_unit_test(test_totals_do_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
