/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/receive.h>

#include <rte_ethdev.h>

#include <snoopd/base/carriage.h>
#include <snoopd/datapath/worker.h>

/* From the queue of this number among the worker's own. @return false if it has none on this side.
 */
static bool receive_from(struct worker_link *link, enum snoop_side side, uint32_t number,
			 struct worker_received *received)
{
	const struct handoff_queues *queues = &link->queues[side];
	uint32_t queue = queues->rx_first + number * queues->rx_step;

	received->count = 0;
	if (queue >= queues->rx_count)
		return false;
	if (unlikely(__atomic_load_n(&link->gate[side], __ATOMIC_ACQUIRE) == GATE_ABSENT))
		return true;
	received->count = rte_eth_rx_burst(link->port[side].port_id, (uint16_t)queue,
					   received->packets, WORKER_BURST);
	if (received->count > 0)
		histogram_add(&snoop_engine_histograms(link->engine)->burst_size, received->count);
	receive_note(&link->worker->receive, received->count);
	return true;
}

static uint32_t receive_from_link(struct worker_link *link)
{
	struct rte_mbuf *wired[WORKER_BURST], *wireless[WORKER_BURST];
	struct worker_received received[2] = {
		[SNOOP_WIRED] = {.packets = wired}, [SNOOP_WIRELESS] = {.packets = wireless}};
	uint32_t packets = 0;
	bool more = true;

	for (uint32_t number = 0; more; number++) {
		uint32_t count;

		more = receive_from(link, SNOOP_WIRED, number, &received[SNOOP_WIRED]);
		more |= receive_from(link, SNOOP_WIRELESS, number, &received[SNOOP_WIRELESS]);
		count = received[SNOOP_WIRED].count + received[SNOOP_WIRELESS].count;
		/* Read the clock after the reception: with an older time, round trips would look
		 * shorter than the path. */
		if (count > 0)
			worker_input(link, received, clock_now_us(&link->worker->clock));
		packets += count;
	}
	return packets;
}

uint32_t receive_from_ports(struct worker *worker)
{
	uint64_t chosen = receive_choose(&worker->round, worker->links);
	bool several = (worker->links & (worker->links - 1)) != 0;
	uint32_t packets = 0;

	for (; chosen != 0; chosen &= chosen - 1) {
		struct worker_link *link = worker->link[__builtin_ctzll(chosen)];
		uint32_t count;

		worker->receive.more = false;
		count = receive_from_link(link);
		receive_answered(&worker->round, link->number, count, worker->receive.more);
		packets += count;
		/* What the next links bring would push it out of the cache. */
		if (several && count > 0)
			transmit_flush_link(link);
	}
	worker->receive.more = worker->round.full != 0;
	return packets;
}

static uint32_t take_handed(struct worker_link *link)
{
	struct worker *worker = link->worker;
	uint32_t packets = 0;

	for (uint32_t i = 0; i < link->rx_lane_count; i++) {
		const struct worker_lane *lane = &link->rx_lanes[i];
		struct rte_mbuf *burst[WORKER_BURST];
		uint32_t count =
			rte_ring_sc_dequeue_burst(lane->ring, (void **)burst, WORKER_BURST, NULL);

		if (count == 0)
			continue;
		packets += count;
		receive_note(&worker->receive, count);
		worker_input_handed(link, lane->side, burst, count, clock_now_us(&worker->clock));
	}
	return packets;
}

uint32_t receive_handed(struct worker *worker)
{
	struct worker_link *link;
	uint32_t packets = 0;

	WORKER_FOR_EACH_LINK (worker, link)
		packets += take_handed(link);
	return packets;
}

static uint32_t take_to_send(struct worker_link *link)
{
	uint32_t packets = 0;

	for (uint32_t i = 0; i < link->tx_lane_count; i++) {
		const struct worker_lane *lane = &link->tx_lanes[i];
		void *entries[HANDOFF_BURST];
		uint32_t count =
			rte_ring_sc_dequeue_burst(lane->ring, entries, HANDOFF_BURST, NULL);

		packets += count;
		for (uint32_t k = 0; k < count; k++) {
			bool ours;
			struct rte_mbuf *packet = handoff_untag(entries[k], &ours);

			transmit_append(link, lane->side, packet, ours);
		}
	}
	return packets;
}

uint32_t receive_to_send(struct worker *worker)
{
	struct worker_link *link;
	uint32_t packets = 0;

	WORKER_FOR_EACH_LINK (worker, link)
		packets += take_to_send(link);
	return packets;
}

static void count_long(struct worker_link *link, enum snoop_side from, bool cut)
{
	struct counters *counters = &link->counters;

	if (cut && from == SNOOP_WIRED)
		counters->rx_wired_cut++;
	else if (cut)
		counters->rx_wireless_cut++;
	else if (from == SNOOP_WIRED)
		counters->tx_wireless_too_long++;
	else
		counters->tx_wired_too_long++;
}

__rte_noinline uint32_t receive_drop_long(struct worker_link *link, enum snoop_side from,
					  struct rte_mbuf **packets, uint32_t packet_count)
{
	enum snoop_side to = from == SNOOP_WIRED ? SNOOP_WIRELESS : SNOOP_WIRED;
	uint32_t cut_bytes = link->port[from].carriage->rx_cut_bytes, kept = 0;
	const struct carriage *out = link->port[to].carriage;

	for (uint32_t i = 0; i < packet_count; i++) {
		struct rte_mbuf *packet = packets[i];
		uint32_t bytes = rte_pktmbuf_pkt_len(packet);

		if (bytes < cut_bytes &&
		    carriage_fits(out, rte_pktmbuf_mtod(packet, const uint8_t *), packet->data_len,
				  bytes)) {
			packets[kept++] = packet;
			continue;
		}
		count_long(link, from, bytes >= cut_bytes);
		rte_pktmbuf_free(packet);
	}
	return kept;
}

/* @return how many of the packets are longer than plain_bytes. */
static uint32_t count_received(struct worker_link *link, enum snoop_side from,
			       struct rte_mbuf **packets, uint32_t count, uint32_t plain_bytes)
{
	uint32_t longer = 0;
	uint64_t bytes = 0;

#pragma GCC unroll 4
	for (uint32_t i = 0; i < count; i++) {
		uint32_t length = rte_pktmbuf_pkt_len(packets[i]);

		bytes += length;
		longer += length > plain_bytes;
	}
	if (from == SNOOP_WIRED) {
		link->counters.rx_wired_packets += count;
		link->counters.rx_wired_bytes += bytes;
	} else {
		link->counters.rx_wireless_packets += count;
		link->counters.rx_wireless_bytes += bytes;
	}
	return longer;
}

uint32_t receive_admit(struct worker_link *link, enum snoop_side from,
		       const struct worker_received *received)
{
	uint32_t plain_bytes =
		__atomic_load_n(&link->port[from].carriage->rx_plain_bytes, __ATOMIC_RELAXED);

	if (likely(count_received(link, from, received->packets, received->count, plain_bytes) ==
		   0))
		return received->count;
	return receive_drop_long(link, from, received->packets, received->count);
}
