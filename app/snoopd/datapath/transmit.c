/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/transmit.h>

#include <rte_ethdev.h>

#include <snoopd/datapath/worker.h>

struct transmit_sum {
	uint64_t packets;
	uint64_t bytes;
	uint64_t received; /* of the packets, those that are not retransmits of ours */
};

static uint32_t hand_over(const struct transmit *output, struct rte_mbuf **packets, uint32_t first,
			  uint32_t count)
{
	void *entries[TRANSMIT_ROOM];

	for (uint32_t i = 0; i < count; i++)
		entries[i] = handoff_tag(packets[i], output->ours >> (first + i) & 1);
	return rte_ring_sp_enqueue_burst(output->lane, entries, count, NULL);
}

/* A backlog of the port concerns everyone who sends to it, those that send through another worker
 * included. */
static void note_backlog(struct worker_link *link, struct transmit *output)
{
	if (output->side != SNOOP_WIRELESS)
		return;
	snoop_engine_tx_backlog(link->engine, link->worker->now_us);
	if (link->handoff != NULL && output->lane == NULL)
		__atomic_store_n(&link->handoff->backlog[link->rank].count,
				 link->handoff->backlog[link->rank].count + 1, __ATOMIC_RELAXED);
}

static void read_backlog(struct worker_link *link, struct transmit *output)
{
	uint64_t count = __atomic_load_n(output->backlog, __ATOMIC_RELAXED);

	if (count != output->backlog_seen)
		note_backlog(link, output);
	output->backlog_seen = count;
}

static uint16_t send_burst(struct worker_link *link, const struct transmit *output,
			   struct rte_mbuf **packets, uint32_t count)
{
	if (link->worker->send != NULL)
		return link->worker->send(link->send_context, output->side, packets,
					  (uint16_t)count);
	return rte_eth_tx_burst(output->port_id, output->queue_id, packets, (uint16_t)count);
}

/* Those from `from` to `to` are sent; what is behind them is still here. */
static struct transmit_sum sum_of(const struct transmit *output, uint32_t from, uint32_t to)
{
	struct transmit_sum sum = {.packets = to - from, .bytes = output->bytes};

	if (likely(from == 0 && to == output->count)) {
		sum.received = to - (uint32_t)__builtin_popcountll(output->ours);
		return sum;
	}
	for (uint32_t i = from; i < to; i++)
		sum.received += !(output->ours >> i & 1);
	for (uint32_t i = to; i < output->count; i++)
		sum.bytes -= rte_pktmbuf_pkt_len(output->packets[i]);
	return sum;
}

static void count_drop(struct worker_link *link, enum snoop_side to, bool ours)
{
	struct counters *counters = &link->counters;

	if (ours)
		counters->tx_retransmit_drops++;
	else if (to == SNOOP_WIRED)
		counters->tx_wired_drops++;
	else
		counters->tx_wireless_drops++;
}

static void count_sent(struct worker_link *link, struct transmit *output, uint32_t from,
		       uint32_t to)
{
	struct counters *counters = &link->counters;
	struct transmit_sum sum = sum_of(output, from, to);

	output->bytes -= sum.bytes;
	counters->forwarded_packets += sum.received;
	if (output->side == SNOOP_WIRED) {
		counters->tx_wired_packets += sum.packets;
		counters->tx_wired_bytes += sum.bytes;
	} else {
		counters->tx_wireless_packets += sum.packets;
		counters->tx_wireless_bytes += sum.bytes;
	}
}

static void count_retry(struct worker_link *link, enum snoop_side to)
{
	if (to == SNOOP_WIRED)
		link->counters.tx_wired_retries++;
	else
		link->counters.tx_wireless_retries++;
}

static void drop_all(struct worker_link *link, struct transmit *output)
{
	for (uint32_t i = 0; i < output->count; i++) {
		rte_pktmbuf_free(output->packets[i]);
		count_drop(link, output->side, output->ours >> i & 1);
	}
}

/*
 * The retries are for the whole buffer. Once they are used up, the first packet is dropped and the
 * others get one chance each: a single frame that the driver refuses must not take the rest with
 * it.
 */
static void drain(struct worker_link *link, struct transmit *output)
{
	uint32_t retries = link->config->tx_retries;
	uint32_t sent = 0;

	if (unlikely(__atomic_load_n(&link->gate[output->side], __ATOMIC_ACQUIRE) != GATE_OPEN)) {
		drop_all(link, output);
		return;
	}
	if (output->lane != NULL)
		read_backlog(link, output);
	for (;;) {
		struct rte_mbuf **rest = &output->packets[sent];
		uint32_t count = output->count - sent;
		uint32_t taken = output->lane != NULL ? hand_over(output, rest, sent, count)
						      : send_burst(link, output, rest, count);

		/* The worker that sends it counts what was handed over. */
		if (output->lane == NULL)
			count_sent(link, output, sent, sent + taken);
		sent += taken;
		if (sent == output->count)
			return;
		note_backlog(link, output);
		if (retries > 0) {
			retries--;
			count_retry(link, output->side);
			worker_relax(link->worker);
		} else if (taken == 0) {
			output->bytes -= rte_pktmbuf_pkt_len(output->packets[sent]);
			rte_pktmbuf_free(output->packets[sent]);
			count_drop(link, output->side, output->ours >> sent & 1);
			if (++sent == output->count)
				return;
		}
	}
}

void transmit_flush(struct worker_link *link, enum snoop_side to)
{
	struct transmit *output = &link->output[to];

	if (output->count == 0)
		return;
	drain(link, output);
	output->count = 0;
	output->ours = 0;
	output->bytes = 0;
}

void transmit_flush_link(struct worker_link *link)
{
	transmit_flush(link, SNOOP_WIRED);
	transmit_flush(link, SNOOP_WIRELESS);
	link->worker->unsent &= ~(1ull << link->number);
}

static inline void append(struct worker_link *link, enum snoop_side to, struct rte_mbuf *packet,
			  bool ours)
{
	struct transmit *output = &link->output[to];

	if (output->count == TRANSMIT_ROOM)
		transmit_flush(link, to);
	transmit_put(output, packet, ours);
	link->worker->unsent |= 1ull << link->number;
}

void transmit_append(struct worker_link *link, enum snoop_side to, struct rte_mbuf *packet,
		     bool ours)
{
	append(link, to, packet, ours);
}

/* The engine keeps the packet: the driver gets a copy. Without one, the engine retransmits it
 * later. */
static __rte_noinline void forward_copy(struct worker_link *link, enum snoop_side to,
					struct rte_mbuf *packet)
{
	struct rte_mbuf *copy = rte_pktmbuf_copy(packet, link->worker->pool, 0, UINT32_MAX);

	rte_pktmbuf_free(packet);
	if (copy == NULL)
		count_drop(link, to, false);
	else
		append(link, to, copy, false);
}

void transmit_forward(struct worker_link *link, enum snoop_side to, struct rte_mbuf *packet)
{
	if (unlikely(link->output[to].sharing == DRIVER_COPY) && rte_mbuf_refcnt_read(packet) > 1)
		forward_copy(link, to, packet);
	else
		append(link, to, packet, false);
}

static enum trace_verdict verdict_of(enum snoop_cause cause)
{
	static const enum trace_verdict verdicts[] = {
		[SNOOP_CAUSE_SCOREBOARD] = TRACE_RETRANSMITTED_SCOREBOARD,
		[SNOOP_CAUSE_DUPACK] = TRACE_RETRANSMITTED_DUPACK,
		[SNOOP_CAUSE_TIMEOUT] = TRACE_RETRANSMITTED_TIMEOUT,
		[SNOOP_CAUSE_PROBE] = TRACE_RETRANSMITTED_PROBE,
		[SNOOP_CAUSE_SYN] = TRACE_RETRANSMITTED_SYN,
		[SNOOP_CAUSE_SHIELD] = TRACE_RETRANSMITTED_SHIELD,
	};

	return verdicts[cause];
}

void transmit_again(struct worker_link *link, struct rte_mbuf *packet, enum snoop_cause cause)
{
	if (unlikely(link->trace != NULL))
		trace_own(link, SNOOP_WIRELESS, packet, verdict_of(cause));
	/* The MTU may have become smaller since the packet came. */
	if (unlikely(!carriage_fits(link->port[SNOOP_WIRELESS].carriage,
				    rte_pktmbuf_mtod(packet, const uint8_t *), packet->data_len,
				    rte_pktmbuf_pkt_len(packet)))) {
		count_drop(link, SNOOP_WIRELESS, true);
		return;
	}
	if (link->output[SNOOP_WIRELESS].sharing == DRIVER_COPY) {
		packet = rte_pktmbuf_copy(packet, link->worker->pool, 0, UINT32_MAX);
		if (packet == NULL) {
			count_drop(link, SNOOP_WIRELESS, true);
			return;
		}
	} else {
		packet_ref(packet);
	}
	append(link, SNOOP_WIRELESS, packet, true);
}

void transmit_release(struct worker_link *link, struct rte_mbuf *packet)
{
	if (unlikely(link->trace != NULL))
		trace_own(link, SNOOP_WIRED, packet, TRACE_RELEASED);
	transmit_forward(link, SNOOP_WIRED, packet);
}
