/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Real two-way TCP on net_null ports: a library to be preloaded into snoopd or testpmd, which see
 * two ordinary ports. What net_null makes from nothing is turned into the traffic of traffic.h, and
 * what is sent to it is delivered there. It works on the lcore that polls, and says over telemetry
 * (/bench/traffic) how many cycles that took: they are not the program's. run_wire() in `run` uses
 * it.
 *
 * SNOOPD_BENCH_TRAFFIC=flows,window,frame bytes,lost ppm,1 where the NIC says that checksums are
 * good
 *
 * Port 0 is the wired side, port 1 the wireless one; one queue and one lcore for both.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_telemetry.h>

#include <snoopd/base/compat.h>

#include "packet.h"
#include "traffic.h"

#define TURNS_AHEAD 8u	/* as in the other measurements: frames have left the L1 cache */
#define EMPTY_MAX 1024u /* as many as an RX ring holds */
#define RADIO_RTT_US 4000u
#define SURPRISE 4u /* so many times the mean: another program had the CPU */

struct spent {
	uint64_t calls, cycles;
};

static struct {
	struct traffic *traffic;
	struct traffic_burst bursts[TURNS_AHEAD];
	uint32_t taken[2]; /* bursts that each side has received */
	struct rte_mbuf *empty[EMPTY_MAX];
	uint32_t empty_count;
	const struct rte_mempool *filled;
	bool nic_checksum;
	bool hooked[2];
	uint64_t start_cycles;
	double ns_per_cycle;
	uint64_t no_buffers; /* receptions for which net_null found the pool empty */
	struct spent fill, supply, deliver;
} peer;

static void account(struct spent *spent, uint64_t start)
{
	uint64_t cycles = rte_rdtsc() - start;

	if (spent->calls > 100 && cycles > SURPRISE * (spent->cycles / spent->calls))
		cycles = spent->cycles / spent->calls;
	spent->calls++;
	spent->cycles += cycles;
}

static void fill_bursts(void)
{
	uint64_t start = rte_rdtsc();

	traffic_set_clock(peer.traffic,
			  (uint64_t)((double)(start - peer.start_cycles) * peer.ns_per_cycle));
	for (uint32_t i = 0; i < TURNS_AHEAD; i++) {
		struct rte_mbuf **stock = &peer.empty[peer.empty_count - 2 * TRAFFIC_BURST];
		uint32_t used = traffic_next(peer.traffic, stock, &peer.bursts[i]);

		for (uint32_t k = 0; k < used && peer.nic_checksum; k++)
			stock[k]->ol_flags |=
				RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
		memmove(stock, stock + used, (2 * TRAFFIC_BURST - used) * sizeof(*stock));
		peer.empty_count -= used;
	}
	peer.taken[0] = peer.taken[1] = 0;
	account(&peer.fill, start);
}

static void keep_empty(struct rte_mbuf **packets, uint32_t count)
{
	uint32_t room = RTE_MIN(EMPTY_MAX - peer.empty_count, count);

	if (count > 0 && peer.filled != packets[0]->pool) {
		peer.filled = packets[0]->pool;
		packet_fill(packets[0]->pool);
	}
	memcpy(&peer.empty[peer.empty_count], packets, room * sizeof(*packets));
	peer.empty_count += room;
	rte_pktmbuf_free_bulk(&packets[room], count - room);
}

static uint16_t supply(uint16_t port, uint16_t queue, struct rte_mbuf *packets[], uint16_t count,
		       uint16_t room, void *unused)
{
	const struct traffic_burst *burst;
	uint64_t start;

	if (peer.taken[0] == TURNS_AHEAD && peer.taken[1] == TURNS_AHEAD &&
	    peer.empty_count >= TURNS_AHEAD * 2 * TRAFFIC_BURST)
		fill_bursts();
	start = rte_rdtsc();
	peer.no_buffers += count == 0;
	keep_empty(packets, count);
	count = 0;
	if (peer.taken[port] < TURNS_AHEAD && room >= TRAFFIC_BURST) {
		burst = &peer.bursts[peer.taken[port]++];
		count = (uint16_t)(port == 0 ? burst->data_count : burst->ack_count);
		memcpy(packets, port == 0 ? burst->data : burst->ack, count * sizeof(*packets));
	}
	for (uint16_t i = 0; i < count; i++)
		packets[i]->port = port;
	account(&peer.supply, start);
	return count;
}

static uint16_t deliver(uint16_t port, uint16_t queue, struct rte_mbuf *packets[], uint16_t count,
			void *unused)
{
	uint64_t start = rte_rdtsc();

	for (uint16_t i = 0; i < count; i++)
		traffic_deliver(peer.traffic, packets[i]);
	account(&peer.deliver, start);
	return count;
}

static int tell(const char *command, const char *parameters, struct rte_tel_data *data)
{
	const struct traffic_stats *stats = traffic_stats(peer.traffic);

	rte_tel_data_start_dict(data);
	compat_tel_dict_uint(data, "packets", stats->data + stats->acks);
	compat_tel_dict_uint(data, "waiting", 2 * TURNS_AHEAD * TRAFFIC_BURST); /* at most */
	compat_tel_dict_uint(data, "no_buffers", peer.no_buffers);
	compat_tel_dict_uint(data, "lost", stats->lost);
	compat_tel_dict_uint(data, "sender_retransmits", stats->sender_retransmits);
	compat_tel_dict_uint(data, "cycles",
			     peer.fill.cycles + peer.supply.cycles + peer.deliver.cycles);
	compat_tel_dict_uint(data, "tsc_hz", rte_get_tsc_hz());
	return 0;
}

static int begin(void)
{
	const char *wanted = getenv("SNOOPD_BENCH_TRAFFIC");
	struct traffic_setup setup = {.radio_rtt_us = RADIO_RTT_US, .seed = 1};
	unsigned int nic_checksum;

	if (wanted == NULL ||
	    sscanf(wanted, "%" SCNu32 ",%" SCNu32 ",%" SCNu32 ",%" SCNu32 ",%u", &setup.flows,
		   &setup.window, &setup.frame_bytes, &setup.loss_ppm, &nic_checksum) != 5) {
		fprintf(stderr, "SNOOPD_BENCH_TRAFFIC is not understood\n");
		return -1;
	}
	setup.stations = RTE_MAX(setup.flows / 10, 16u);
	peer.nic_checksum = nic_checksum != 0;
	peer.taken[0] = peer.taken[1] = TURNS_AHEAD;
	peer.ns_per_cycle = 1e9 / (double)rte_get_tsc_hz();
	peer.start_cycles = rte_rdtsc();
	peer.traffic = traffic_create(&setup);
	return peer.traffic == NULL ? -1
				    : rte_telemetry_register_cmd("/bench/traffic", tell,
								 "What the peer has done.");
}

/* What a NIC's driver does with its ring. */
static void let_go(void)
{
	rte_pktmbuf_free_bulk(peer.empty, peer.empty_count);
	peer.empty_count = 0;
	for (uint32_t i = peer.taken[0]; i < TURNS_AHEAD; i++)
		rte_pktmbuf_free_bulk(peer.bursts[i].data, peer.bursts[i].data_count);
	for (uint32_t i = peer.taken[1]; i < TURNS_AHEAD; i++)
		rte_pktmbuf_free_bulk(peer.bursts[i].ack, peer.bursts[i].ack_count);
	peer.taken[0] = peer.taken[1] = TURNS_AHEAD;
}

/* In place of ethdev's: nobody polls any more. */
int rte_eth_dev_stop(uint16_t port)
{
	int (*stop)(uint16_t) = (int (*)(uint16_t))dlsym(RTLD_NEXT, "rte_eth_dev_stop");

	let_go();
	return stop == NULL ? -1 : stop(port);
}

/* In place of ethdev's: a port is hooked when it starts for the first time. */
int rte_eth_dev_start(uint16_t port)
{
	int (*start)(uint16_t) = (int (*)(uint16_t))dlsym(RTLD_NEXT, "rte_eth_dev_start");
	int result = start == NULL ? -1 : start(port);

	if (result != 0 || port >= RTE_DIM(peer.hooked) || peer.hooked[port])
		return result;
	if (peer.traffic == NULL && begin() != 0)
		return -1;
	peer.hooked[port] = true;
	return rte_eth_add_first_rx_callback(port, 0, supply, NULL) == NULL ||
			       rte_eth_add_tx_callback(port, 0, deliver, NULL) == NULL
		       ? -1
		       : 0;
}
