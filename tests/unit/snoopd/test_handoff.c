/* SPDX-License-Identifier: BSD-3-Clause */
/* Who polls which queue, who serves whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <flow/hash.h>
#include <snoopd/datapath/handoff.h>

static void check_side(const struct handoff_plan *plan, enum snoop_side side)
{
	uint32_t polled[64] = {0}, owned[64] = {0};

	for (uint32_t worker = 0; worker < plan->workers; worker++) {
		struct handoff_queues queues = handoff_queues_of(plan, side, worker);

		for (uint32_t queue = queues.rx_first; queue < queues.rx_count;
		     queue += queues.rx_step)
			polled[queue]++;
		assert_true(queues.tx_queue < plan->tx_queues[side]);
		assert_true(queues.tx_worker < plan->workers);
		assert_int_equal(queues.has_tx, queues.tx_worker == worker);
		if (queues.has_tx)
			owned[queues.tx_queue]++;
		/* Whoever serves the queue has it for itself. */
		assert_true(handoff_queues_of(plan, side, queues.tx_worker).has_tx);
		assert_int_equal(handoff_queues_of(plan, side, queues.tx_worker).tx_queue,
				 queues.tx_queue);
		if (!plan->software) {
			assert_int_equal(queues.rx_first, worker);
			assert_int_equal(queues.rx_step, plan->workers);
		}
	}
	for (uint32_t queue = 0; queue < plan->rx_queues[side]; queue++)
		assert_int_equal(polled[queue], 1);
	for (uint32_t queue = 0; queue < plan->tx_queues[side]; queue++)
		assert_int_equal(owned[queue], queue < plan->workers);
}

static void test_every_queue_has_one_worker(void **state)
{
	(void)state;
	for (uint32_t workers = 1; workers <= 9; workers++)
		for (uint16_t rx = 1; rx <= 12; rx++)
			for (uint16_t tx = 1; tx <= workers; tx++)
				for (int side = 0; side < 2; side++) {
					struct handoff_plan plan = {
						.workers = workers,
						.software = true,
						.rx_queues = {rx, rx},
						.tx_queues = {tx, tx},
					};

					check_side(&plan, (enum snoop_side)side);
					plan.software = false;
					plan.rx_queues[0] = plan.rx_queues[1] = (uint16_t)workers;
					check_side(&plan, (enum snoop_side)side);
				}
}

static void test_rings(void **state)
{
	struct handoff_plan plan = {
		.workers = 1, .software = true, .rx_queues = {1, 1}, .tx_queues = {1, 1}};

	(void)state;
	assert_int_equal(handoff_rings(&plan), 0);
	plan.workers = 4;
	assert_int_equal(handoff_rings(&plan), 2 * 3 + 2 * 3);
	plan.tx_queues[0] = plan.tx_queues[1] = 4;
	assert_int_equal(handoff_rings(&plan), 2 * 3);
	plan.rx_queues[0] = plan.rx_queues[1] = 4;
	assert_int_equal(handoff_rings(&plan), 2 * 4 * 3);
	plan.software = false;
	assert_int_equal(handoff_rings(&plan), 0);
	plan.tx_queues[1] = 3;
	assert_int_equal(handoff_rings(&plan), 1);
}

/* The workers get equal shares of the flows, whatever part of the key differs. */
static void test_owners_are_spread(void **state)
{
	struct snoop_key key = {.ip_version = 4};
	uint32_t flows[5] = {0};

	(void)state;
	for (uint32_t i = 0; i < 50000; i++) {
		key.station_port = (uint16_t)i;
		key.vlan[0] = i / 10000;
		flows[handoff_owner(flow_hash(&key, 0x1234), 5)]++;
	}
	for (uint32_t worker = 0; worker < 5; worker++)
		assert_in_range(flows[worker], 9500, 10500);
}

static void test_tag(void **state)
{
	uint64_t object[8];
	struct rte_mbuf *packet = (struct rte_mbuf *)(void *)object;
	bool ours;

	(void)state;
	assert_ptr_equal(handoff_untag(handoff_tag(packet, true), &ours), packet);
	assert_true(ours);
	assert_ptr_equal(handoff_untag(handoff_tag(packet, false), &ours), packet);
	assert_false(ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_queue_has_one_worker),
		cmocka_unit_test(test_rings),
		cmocka_unit_test(test_owners_are_spread),
		cmocka_unit_test(test_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
