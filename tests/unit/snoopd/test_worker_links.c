/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker of several links: what it has of one link has nothing to do with another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <rte_eal.h>

#include <flow/hash.h>
#include <snoopd/datapath/totals.h>
#include <snoopd/datapath/worker.h>

#include "../../bench/packet.h"

#define BUFFERS 2047u
#define SECRET 0x736e6f6f70640003ull
#define FRAME 1514u
#define STEP_US 1000u
#define PORT 5000

/* Links that the worker serves, with a gap between their numbers; or as many as there can be. */
enum { A = 0, B = 5 };
static const uint32_t two[] = {A, B};
static uint32_t numbers[WORKER_LINKS_MAX], links;

struct port {
	uint32_t link;
	uint32_t sent[2]; /* frames, by enum snoop_side */
	struct packet last[2];
};

static struct config configs[WORKER_LINKS_MAX];
static struct port ports[WORKER_LINKS_MAX];
static struct rte_mempool *pool;
static struct worker *worker;
static uint64_t now_us;

static uint16_t take(void *context, enum snoop_side to, struct rte_mbuf **packets, uint16_t count)
{
	struct port *port = context;

	for (uint16_t i = 0; i < count; i++) {
		packet_read(packets[i], &port->last[to]);
		port->sent[to]++;
		rte_pktmbuf_free(packets[i]);
	}
	return count;
}

static int start_links(void)
{
	struct worker_link_setup setups[WORKER_LINKS_MAX];
	struct worker_setup setup = {
		.pool = pool,
		.segments_per_frame = 1,
		.socket = SOCKET_ID_ANY,
		.secret = SECRET,
		.send = take,
	};

	memset(ports, 0, sizeof(ports));
	for (uint32_t i = 0; i < links; i++) {
		struct config *config = &configs[numbers[i]];

		config_defaults(config);
		config->mode = SNOOP_LEVEL_REPAIR;
		config->flows = 64;
		config->protocol.stations = 64;
		config->protocol.cache_segments = 256;
		config->protocol.syn_entries = 64;
		ports[numbers[i]].link = numbers[i];
		setups[i] = (struct worker_link_setup){
			.config = config,
			.send_context = &ports[numbers[i]],
		};
		setup.link[numbers[i]] = &setups[i];
	}
	now_us = 1000000;
	worker = worker_create(&setup);
	return worker == NULL ? -1 : 0;
}

static int start(void **state)
{
	links = RTE_DIM(two);
	memcpy(numbers, two, sizeof(two));
	return start_links();
}

static int start_all(void **state)
{
	links = WORKER_LINKS_MAX;
	for (uint32_t i = 0; i < links; i++)
		numbers[i] = i;
	return start_links();
}

static int stop(void **state)
{
	worker_close(worker, now_us);
	assert_int_equal(worker->table.count, 0);
	for (uint32_t i = 0; i < links; i++) {
		assert_int_equal(worker->link[numbers[i]]->flows, 0);
		assert_int_equal(worker->link[numbers[i]]->counters.cache_segments, 0);
	}
	worker_destroy(worker);
	assert_int_equal(rte_mempool_avail_count(pool), BUFFERS);
	return 0;
}

static void pass(uint64_t us)
{
	for (uint64_t end_us = now_us + us; now_us < end_us; now_us += STEP_US)
		worker_service(worker, now_us);
}

static void receive(uint32_t link, const struct packet *packet)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	struct worker_received received[2] = {{0}};

	assert_non_null(mbuf);
	memset(rte_pktmbuf_mtod(mbuf, void *), 0x5a, FRAME);
	packet_write(mbuf, packet, packet->kind == PACKET_DATA ? FRAME : 60);
	received[packet->to_station ? SNOOP_WIRED : SNOOP_WIRELESS] =
		(struct worker_received){&mbuf, 1};
	worker_input(worker->link[link], received, now_us);
	pass(STEP_US);
}

static void data(uint32_t link, uint16_t port, uint32_t seq)
{
	receive(link, &(struct packet){.station = 1,
				       .port = port,
				       .to_station = true,
				       .kind = PACKET_DATA,
				       .seq = seq,
				       .ack = 1});
}

static void ack(uint32_t link, uint16_t port, uint32_t ack_seq)
{
	receive(link,
		&(struct packet){
			.station = 1, .port = port, .kind = PACKET_ACK, .seq = 1, .ack = ack_seq});
}

static const struct counters *counters_of(uint32_t link)
{
	return &worker->link[link]->counters;
}

static uint32_t payload(void)
{
	return packet_payload_bytes(FRAME);
}

/* The same addresses and ports, other sequence numbers. */
static void equal_connections_do_not_meet(void **state)
{
	data(A, PORT, 1000);
	data(B, PORT, 900000);
	assert_int_equal(worker->table.count, 2);
	assert_int_equal(counters_of(A)->data_segments, 1);
	assert_int_equal(counters_of(B)->data_segments, 1);
	assert_int_equal(counters_of(A)->cache_segments, 1);
	assert_int_equal(counters_of(B)->cache_segments, 1);
	assert_int_equal(ports[A].last[SNOOP_WIRELESS].seq, 1000);
	assert_int_equal(ports[B].last[SNOOP_WIRELESS].seq, 900000);

	ack(B, PORT, 900000 + payload());
	assert_int_equal(counters_of(A)->cache_segments, 1);
	assert_int_equal(counters_of(B)->cache_segments, 0);
	assert_int_equal(ports[A].sent[SNOOP_WIRED], 0);
	assert_int_equal(ports[B].sent[SNOOP_WIRED], 1);
	ack(A, PORT, 1000 + payload());
	assert_int_equal(counters_of(A)->cache_segments, 0);
	/* The key tells them apart even where the hash does not. */
	for (uint32_t i = 0; i < worker->table.capacity; i++)
		if (worker->table.records[i].in_use)
			assert_int_equal(worker->table.records[i].link, worker->table.keys[i].link);
}

/* A SYN on one link ends the old connection there, and leaves the other's alone. */
static void syn_ends_the_flow_of_its_link(void **state)
{
	data(A, PORT, 1000);
	data(B, PORT, 1000);
	receive(B, &(struct packet){.station = 1, .port = PORT, .kind = PACKET_SYN, .seq = 77});
	assert_int_equal(counters_of(A)->flows_reset, 0);
	assert_int_equal(counters_of(B)->flows_reset, 1);
	assert_int_equal(counters_of(A)->flows_active, 1);
	assert_int_equal(counters_of(B)->flows_active, 0);
}

static void counters_are_apart(void **state)
{
	struct counters sum;

	for (uint32_t i = 0; i < 3; i++)
		data(A, PORT, 1000 + i * payload());
	data(B, PORT, 1000);
	assert_int_equal(counters_of(A)->rx_wired_packets, 3);
	assert_int_equal(counters_of(B)->rx_wired_packets, 1);
	assert_int_equal(counters_of(A)->forwarded_packets, 3);
	assert_int_equal(counters_of(B)->forwarded_packets, 1);
	totals_sum(&sum, &worker, 1, A);
	assert_int_equal(sum.rx_wired_packets, 3);
	totals_sum(&sum, &worker, 1, B);
	assert_int_equal(sum.rx_wired_packets, 1);
}

/* One link fills its cache and its share of the table: the other has all of its own. */
static void budgets_are_apart(void **state)
{
	struct config *config = &configs[A];

	for (uint32_t i = 0; i < config->protocol.cache_segments + 10; i++)
		data(A, (uint16_t)(PORT + i % 8), 1000 + i / 8 * payload());
	assert_int_equal(counters_of(A)->cache_segments, config->protocol.cache_segments);
	for (uint16_t i = 0; i < config->flows + 10; i++)
		data(A, (uint16_t)(6000 + i), 1000);
	assert_int_equal(counters_of(A)->flows_active, config->flows);
	assert_true(counters_of(A)->pass_table_full > 0);

	data(B, PORT, 1000);
	assert_int_equal(counters_of(B)->cache_segments, 1);
	assert_int_equal(counters_of(B)->flows_active, 1);
	assert_int_equal(counters_of(B)->pass_table_full, 0);
}

/* A tail that is not acknowledged: its retransmit leaves by the port of its link. */
static void timers_fire_on_the_port_of_their_link(void **state)
{
	data(B, PORT, 1000);
	ack(B, PORT, 1000 + payload());
	data(B, PORT, 1000 + payload());
	data(A, PORT, 5000); /* of which no ACK was seen */
	assert_int_equal(ports[B].sent[SNOOP_WIRELESS], 2);
	pass(3 * STEP_US * 1000);
	assert_true(counters_of(B)->retransmits_timeout > 0);
	assert_int_equal(ports[B].sent[SNOOP_WIRELESS], 2 + counters_of(B)->retransmits_timeout +
								counters_of(B)->retransmits_probe);
	assert_int_equal(ports[B].last[SNOOP_WIRELESS].seq, 1000 + payload());
	assert_int_equal(ports[A].last[SNOOP_WIRELESS].seq, 5000);
}

static void ageing_goes_by_the_configuration_of_the_link(void **state)
{
	configs[A].flow_idle_us = 1000000;
	data(A, PORT, 1000);
	data(B, PORT, 1000);
	pass(4 * STEP_US * 1000);
	assert_int_equal(counters_of(A)->flows_active, 0);
	assert_int_equal(counters_of(A)->flows_expired, 1);
	assert_int_equal(counters_of(B)->flows_active, 1);
	assert_int_equal(counters_of(B)->flows_because_one_way, 1);
}

/* A port of one link is down: the other goes on. */
static void outage_is_of_one_link(void **state)
{
	data(A, PORT, 1000);
	data(B, PORT, 1000);
	worker_set_gate(worker->link[A], SNOOP_WIRELESS, GATE_CLOSED);
	pass(2 * STEP_US);
	assert_int_equal(counters_of(A)->cache_segments, 0);
	assert_int_equal(counters_of(B)->cache_segments, 1);
	data(A, PORT, 1000 + payload());
	data(B, PORT, 1000 + payload());
	assert_int_equal(counters_of(A)->tx_wireless_drops, 1);
	assert_int_equal(counters_of(A)->pass_outage, 1);
	assert_int_equal(counters_of(B)->cache_segments, 2);
	assert_int_equal(ports[B].sent[SNOOP_WIRELESS], 2);
}

/* Another configuration for one link: the other's flows keep their level. */
static void reconfiguration_is_of_one_link(void **state)
{
	struct config bypass = configs[A];
	struct request *request = request_begin(worker, A);

	data(A, PORT, 1000);
	data(B, PORT, 1000);
	bypass.mode = SNOOP_LEVEL_BYPASS;
	request->kind = REQUEST_CONFIGURE;
	request->config = &bypass;
	request_post(request);
	pass(5 * STEP_US);
	assert_int_equal(mailbox_state(&request->mail), MAIL_DONE);
	assert_true(worker->link[A]->bypass);
	assert_false(worker->link[B]->bypass);
	assert_int_equal(counters_of(A)->cache_segments, 0);
	assert_int_equal(counters_of(B)->cache_segments, 1);
	for (uint32_t i = 0; i < worker->table.capacity; i++)
		if (worker->table.records[i].in_use)
			assert_int_equal(worker->table.records[i].flow.level,
					 worker->table.records[i].link == A ? SNOOP_LEVEL_BYPASS
									    : SNOOP_LEVEL_REPAIR);
}

/* What is asked of one link shows nothing of another. */
static void requests_are_of_one_link(void **state)
{
	struct request *request;

	data(A, PORT, 1000);
	data(B, PORT, 1000);
	data(B, PORT + 1, 1000);
	request = request_begin(worker, B);
	request->kind = REQUEST_FLOWS;
	request->position = 0;
	request_post(request);
	pass(2 * STEP_US);
	assert_int_equal(mailbox_state(&request->mail), MAIL_DONE);
	assert_int_equal(request->count, 2);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(request->flows[i].key.link, B);
}

/* One link uses up its stations and its memory of SYNs: the other has all of its own. */
static void stations_and_handshakes_are_apart(void **state)
{
	for (uint16_t i = 0; i < configs[A].protocol.stations + 10; i++)
		receive(A, &(struct packet){.station = (uint16_t)(2 + i),
					    .port = PORT,
					    .to_station = true,
					    .kind = PACKET_DATA,
					    .seq = 1000,
					    .ack = 1});
	for (uint16_t i = 0; i < configs[A].protocol.syn_entries + 10; i++)
		receive(A, &(struct packet){.station = 1,
					    .port = (uint16_t)(7000 + i),
					    .kind = PACKET_SYN,
					    .seq = 77});
	assert_int_equal(counters_of(B)->stations_active, 0);
	data(B, PORT, 1000);
	ack(B, PORT, 1000 + payload());
	assert_int_equal(counters_of(B)->stations_active, 1);
	assert_true(counters_of(B)->rtt_samples > 0);
}

/* The same connection on each of as many links as there can be. */
static void the_most_links_do_not_meet(void **state)
{
	struct counters sum;

	for (uint32_t link = 0; link < WORKER_LINKS_MAX; link++)
		data(link, PORT, 1000 * (link + 1));
	assert_int_equal(worker->table.count, WORKER_LINKS_MAX);
	/* Every second one is answered. */
	for (uint32_t link = 0; link < WORKER_LINKS_MAX; link += 2)
		ack(link, PORT, 1000 * (link + 1) + payload());
	for (uint32_t link = 0; link < WORKER_LINKS_MAX; link++) {
		totals_sum(&sum, &worker, 1, link);
		assert_int_equal(sum.rx_wired_packets, 1);
		assert_int_equal(sum.flows_active, 1);
		assert_int_equal(sum.cache_segments, link % 2);
		assert_int_equal(ports[link].last[SNOOP_WIRELESS].seq, 1000 * (link + 1));
		assert_int_equal(ports[link].sent[SNOOP_WIRED], 1 - link % 2);
	}
	totals_sum_all(&sum, &worker, 1);
	assert_int_equal(sum.flows_active, WORKER_LINKS_MAX);
	assert_int_equal(sum.cache_segments, WORKER_LINKS_MAX / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define LINK_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
		LINK_TEST(equal_connections_do_not_meet),
		LINK_TEST(syn_ends_the_flow_of_its_link),
		LINK_TEST(counters_are_apart),
		LINK_TEST(budgets_are_apart),
		LINK_TEST(timers_fire_on_the_port_of_their_link),
		LINK_TEST(ageing_goes_by_the_configuration_of_the_link),
		LINK_TEST(outage_is_of_one_link),
		LINK_TEST(reconfiguration_is_of_one_link),
		LINK_TEST(requests_are_of_one_link),
		LINK_TEST(stations_and_handshakes_are_apart),
		cmocka_unit_test_setup_teardown(the_most_links_do_not_meet, start_all, stop),
	};
	char *eal[] = {"test", "-l",	      "0",	  "--no-huge",	    "-m",
		       "96",   "--no-shconf", "--no-pci", "--no-telemetry", "--log-level=error"};

	if (rte_eal_init(RTE_DIM(eal), eal) < 0)
		return 1;
	pool = rte_pktmbuf_pool_create("packets", BUFFERS, 0, 0, RTE_PKTMBUF_HEADROOM + 2048,
				       SOCKET_ID_ANY);
	return pool == NULL ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
