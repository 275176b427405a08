/* SPDX-License-Identifier: BSD-3-Clause */
/* Radio loss or queue overflow: what the station's ACKs and the sender see of it. */
#include "../snoop_fixture.h"

#define QUEUE_US 60000U

/* Segments from n on keep two in flight and come back late: a standing queue. @return the next
 * segment. */
static uint32_t inflate(struct fixture *f, uint32_t n, uint32_t rounds)
{
	for (uint32_t end = n + 2 * rounds; n < end; n += 2) {
		fixture_send(f, n, n + 2, 0);
		f->now_us += QUEUE_US;
		fixture_ack(f, n + 2, 0, 0);
	}
	return n;
}

static struct fixture *congested(enum snoop_level level, uint32_t *next)
{
	struct fixture *f = fixture_open(level, NULL, 1000);

	f->config.veto_delay_us = 20000;
	f->config.veto_prior_ppm = 20000;
	snoop_engine_configure(f->engine, &f->config);
	*next = inflate(f, 2, 10);
	assert_true(f->flow.queue_delay_us > 20000);
	return f;
}

static void test_low_delay_is_never_congestion(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_SNOOP, NULL, 1000);

	/* Every tenth segment, for long: whatever the share, the queue is short. */
	for (uint32_t n = 2; n < 1002; n += 10) {
		fixture_send(f, n, n + 10, 10);
		f->now_us += RTT_US;
		fixture_ack(f, n, n + 1, n + 10);
		f->now_us += RTT_US;
		fixture_ack(f, n + 10, 0, 0);
	}
	assert_int_equal(f->counters.vetoes, 0);
	assert_int_equal(f->counters.veto_holdback, 0);
	fixture_settle(f);
	assert_int_equal(f->counters.radio_losses, 100);
	assert_int_equal(f->counters.repairs_confirmed, 100);
	assert_true(congestion_radio_share_ppm(f->engine, &f->flow) > 80000);
	fixture_close(f);
}

static void test_threshold_is_the_path_rtt(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_SNOOP, NULL, 1000);

	assert_int_equal(congestion_threshold_us(f->engine, &f->flow), 40000 + RTT_US);
	windowed_min_add(&f->flow.wired_rtt, 20000, 1000000, f->now_us);
	assert_int_equal(congestion_threshold_us(f->engine, &f->flow), 20000 + RTT_US);
	f->config.veto_delay_us = 7000;
	snoop_engine_configure(f->engine, &f->config);
	assert_int_equal(congestion_threshold_us(f->engine, &f->flow), 7000);
	fixture_close(f);
}

/* The signal is neither retransmitted nor withheld; once the sender took it up, life goes on. */
static void test_signal_is_left_to_the_sender(void **state)
{
	uint32_t n;
	struct fixture *f = congested(SNOOP_LEVEL_SNOOP, &n);

	fixture_send(f, n, n + 20, 10);
	f->now_us += QUEUE_US;
	fixture_ack(f, n, n + 1, n + 5);
	assert_int_equal(f->counters.vetoes, 1);
	assert_int_equal(fixture_ack(f, n, n + 1, n + 10), SNOOP_FORWARD);
	assert_int_equal(fixture_ack(f, n, n + 1, n + 20), SNOOP_FORWARD);
	fixture_wait(f, 20000);
	assert_int_equal(fixture_retransmits_of(f, n), 0);
	assert_int_equal(f->counters.acks_withheld, f->counters.acks_released);
	assert_int_equal(snoop_flow_reason(&f->flow), SNOOP_REASON_CONGESTION);

	fixture_send(f, n, n + 1, 0);
	f->now_us += QUEUE_US;
	fixture_ack(f, n + 20, 0, 0);
	assert_false(f->flow.vetoing);
	assert_true(f->flow.veto_quiet_us > f->now_us);
	assert_int_equal(f->counters.vetoes, 1);
	fixture_close(f);
}

/* In a veto's window no more is retransmitted than the radio explains: at an assumed 2 %, at most a
 * few.
 */
static void test_budget(void **state)
{
	uint32_t n;
	struct fixture *f = congested(SNOOP_LEVEL_SNOOP, &n);

	fixture_send(f, n, n + 100, 10);
	f->now_us += QUEUE_US;
	for (uint32_t i = 1; i < 100; i += 2)
		fixture_ack(f, n, n + i, n + i + 1);
	fixture_wait(f, 10000);
	assert_int_equal(f->counters.vetoes, 1);
	assert_true(f->counters.veto_holdback >= 40);
	assert_true(f->counters.retransmits_scoreboard <= 8);
	fixture_close(f);
}

/* A share of losses under delay as it is without delay is the radio's. */
static void test_share_alike_is_radio(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);
	uint32_t n;

	f->config.veto_delay_us = 10000000;
	snoop_engine_configure(f->engine, &f->config);
	for (n = 2; n < 2002; n += 50) { /* 2 % at low delay */
		fixture_send(f, n, n + 50, 10);
		f->now_us += RTT_US;
		fixture_ack(f, n, n + 1, n + 50);
		f->now_us += RTT_US;
		fixture_ack(f, n + 50, 0, 0);
	}
	for (uint32_t end = n + 1000; n < end; n += 50) { /* and at high delay */
		n = inflate(f, n, 4);
		fixture_send(f, n, n + 50, 10);
		f->now_us += QUEUE_US;
		fixture_ack(f, n, n + 1, n + 50);
		f->now_us += QUEUE_US;
		fixture_ack(f, n + 50, 0, 0);
	}
	assert_int_equal(f->counters.vetoes, 0);
	fixture_close(f);
}

/* Segments of one round trip, evenly spaced over `busy_us`, of which the station answers all but
 * the first. */
static void lose_head_of_train(struct fixture *f, uint32_t n, uint32_t segments, uint32_t busy_us)
{
	fixture_send(f, n, n + segments, busy_us / segments);
	for (int i = 0; i < 3; i++)
		fixture_ack(f, n, 0, 0);
}

/* Without SACK an overrun queue costs the sender an RTT for each loss: it hears of a loss before
 * that. */
static void test_sender_without_sack_leaves_slow_start(void **state)
{
	struct fixture *f;

	for (int sack = 0; sack < 2; sack++) {
		f = fixture_open(SNOOP_LEVEL_SNOOP, NULL, 1000);
		f->flow.sack = sack;
		windowed_min_add(&f->flow.wired_rtt, 40000, 1000000, f->now_us);
		fixture_wait(f, 100000);
		lose_head_of_train(f, 2, 100, 30000);
		assert_int_equal(f->counters.vetoes, !sack);
		assert_int_equal(f->counters.veto_holdback, 0);
		/* What else is lost nobody knows before the sender has filled that hole. */
		fixture_wait(f, 100000);
		if (!sack)
			assert_int_equal(f->retransmit_count, 0);
		fixture_close(f);
	}
	/* A short train is slow start far from the end, a thin one is no slow start. */
	for (int thin = 0; thin < 2; thin++) {
		f = fixture_open(SNOOP_LEVEL_SNOOP, NULL, 1000);
		f->flow.sack = false;
		windowed_min_add(&f->flow.wired_rtt, 40000, 1000000, f->now_us);
		fixture_wait(f, 100000);
		lose_head_of_train(f, 2, thin ? 16 : 100, thin ? 40000 : 10000);
		assert_int_equal(f->counters.vetoes, 0);
		assert_int_equal(f->retransmit_count, 1);
		fixture_close(f);
	}
}

static void test_backlog_is_congestion(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_SNOOP, NULL, 1000);

	fixture_send(f, 2, 12, 10);
	f->now_us += RTT_US;
	snoop_engine_tx_backlog(f->engine, f->now_us);
	f->now_us += 1000;
	assert_int_equal(fixture_ack(f, 2, 3, 12), SNOOP_FORWARD);
	assert_int_equal(f->counters.vetoes, 1);
	assert_int_equal(f->retransmit_count, 0);
	fixture_close(f);

	f = fixture_open(SNOOP_LEVEL_SNOOP, NULL, 1000);
	snoop_engine_tx_backlog(f->engine, f->now_us);
	f->now_us += 100000;
	fixture_send(f, 2, 12, 10);
	f->now_us += RTT_US;
	fixture_ack(f, 2, 3, 12);
	assert_int_equal(f->counters.vetoes, 0);
	assert_int_equal(f->retransmit_count, 1);
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_low_delay_is_never_congestion),
		cmocka_unit_test(test_threshold_is_the_path_rtt),
		cmocka_unit_test(test_signal_is_left_to_the_sender),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_share_alike_is_radio),
		cmocka_unit_test(test_sender_without_sack_leaves_slow_start),
		cmocka_unit_test(test_backlog_is_congestion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
