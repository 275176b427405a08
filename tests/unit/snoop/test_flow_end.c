/* SPDX-License-Identifier: BSD-3-Clause */
/* When a flow has ended, so that its record may leave soon. */
#include "snoop_fixture.h"

static void send_fin(struct fixture *f)
{
	struct wire_view view = fixture_data_view(f, SEG(2), SEGMENT_BYTES);

	view.tcp_flags |= WIRE_TCP_FIN;
	fixture_send_view(f, &view);
}

static void receive_fin(struct fixture *f, uint32_t ack)
{
	struct wire_view view = fixture_ack_view(f, ack);

	view.tcp_flags |= WIRE_TCP_FIN;
	fixture_receive_view(f, &view);
}

static void pass(struct fixture *f, uint8_t flags, enum snoop_side from)
{
	const struct wire_view view = {.kind = WIRE_TCP, .tcp_flags = flags};

	f->now_us += RTT_US;
	snoop_flow_seen(&f->flow, &view, from, f->now_us);
}

static void test_fin_of_both_acknowledged(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);

	send_fin(f);
	assert_false(snoop_flow_finished(&f->flow));
	receive_fin(f, SEG(3));
	assert_false(snoop_flow_finished(&f->flow)); /* the FIN itself is not acknowledged */
	receive_fin(f, SEG(3) + 1);
	assert_true(snoop_flow_finished(&f->flow));
	fixture_close(f);
}

static void test_in_bypass_fin_of_both(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_BYPASS, NULL, 1000);

	pass(f, WIRE_TCP_ACK, SNOOP_WIRELESS);
	pass(f, WIRE_TCP_ACK | WIRE_TCP_FIN, SNOOP_WIRED);
	assert_false(snoop_flow_finished(&f->flow)); /* the station may still send */
	pass(f, WIRE_TCP_ACK | WIRE_TCP_FIN, SNOOP_WIRELESS);
	assert_true(snoop_flow_finished(&f->flow));
	pass(f, WIRE_TCP_ACK, SNOOP_WIRED);
	assert_int_equal(f->flow.last_seen_us, f->now_us); /* what goes on keeps the record */
	fixture_close(f);
}

static void test_in_bypass_rst(void **state)
{
	for (int from = 0; from < 2; from++) {
		struct fixture *f = fixture_open(SNOOP_LEVEL_BYPASS, NULL, 1000);

		pass(f, WIRE_TCP_ACK, SNOOP_WIRELESS);
		pass(f, WIRE_TCP_RST, (enum snoop_side)from);
		assert_true(snoop_flow_finished(&f->flow));
		fixture_close(f);
	}
}

static void test_the_end_outlives_a_change_of_level(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);

	send_fin(f);
	snoop_flow_set_level(f->engine, &f->flow, SNOOP_LEVEL_BYPASS);
	pass(f, WIRE_TCP_ACK | WIRE_TCP_FIN, SNOOP_WIRELESS);
	assert_true(snoop_flow_finished(&f->flow));
	snoop_flow_set_level(f->engine, &f->flow, SNOOP_LEVEL_SNOOP);
	assert_true(snoop_flow_finished(&f->flow));
	fixture_close(f);
}

static void test_a_new_connection_has_not_ended(void **state)
{
	struct fixture *f = fixture_open(SNOOP_LEVEL_REPAIR, NULL, 1000);

	send_fin(f);
	receive_fin(f, SEG(3) + 1);
	snoop_flow_reset(f->engine, &f->flow);
	assert_false(snoop_flow_finished(&f->flow));
	fixture_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fin_of_both_acknowledged),
		cmocka_unit_test(test_in_bypass_fin_of_both),
		cmocka_unit_test(test_in_bypass_rst),
		cmocka_unit_test(test_the_end_outlives_a_change_of_level),
		cmocka_unit_test(test_a_new_connection_has_not_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
