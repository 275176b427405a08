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
static void note_backlog(struct worker *worker, struct transmit *output)
{
	if (output->side != SNOOP_WIRELESS)
		return;
	snoop_engine_tx_backlog(worker->engine, worker->now_us);
	if (worker->handoff != NULL && output->lane == NULL)
		__atomic_store_n(&worker->handoff->backlog[worker->index].count,
				 worker->handoff->backlog[worker->index].count + 1,
				 __ATOMIC_RELAXED);
}

static void read_backlog(struct worker *worker, struct transmit *output)
{
	uint64_t count = __atomic_load_n(output->backlog, __ATOMIC_RELAXED);

	if (count != output->backlog_seen)
		note_backlog(worker, output);
	output->backlog_seen = count;
}

static uint16_t send_burst(struct worker *worker, const struct transmit *output,
			   struct rte_mbuf **packets, uint32_t count)
{
	if (worker->send != NULL)
		return worker->send(worker->send_context, output->side, packets, (uint16_t)count);
	return rte_eth_tx_burst(output->port_id, output->queue_id, packets, (uint16_t)count);
}

static struct transmit_sum sum_of(const struct transmit *output, uint32_t from, uint32_t to)
{
	struct transmit_sum sum = {.packets = to - from};

	if (likely(from == 0 && to == output->count)) {
		sum.bytes = output->bytes_all;
		sum.received = to - (uint32_t)__builtin_popcountll(output->ours);
		return sum;
	}
	for (uint32_t i = from; i < to; i++) {
		sum.bytes += output->bytes[i];
		sum.received += !(output->ours >> i & 1);
	}
	return sum;
}

static void count_drop(struct worker *worker, enum snoop_side to, bool ours)
{
	struct counters *counters = &worker->counters;

	if (ours)
		counters->tx_retransmit_drops++;
	else if (to == SNOOP_WIRED)
		counters->tx_wired_drops++;
	else
		counters->tx_wireless_drops++;
}

static void count_sent(struct worker *worker, const struct transmit *output, uint32_t from,
		       uint32_t to)
{
	struct counters *counters = &worker->counters;
	struct transmit_sum sum = sum_of(output, from, to);

	counters->forwarded_packets += sum.received;
	if (output->side == SNOOP_WIRED) {
		counters->tx_wired_packets += sum.packets;
		counters->tx_wired_bytes += sum.bytes;
	} else {
		counters->tx_wireless_packets += sum.packets;
		counters->tx_wireless_bytes += sum.bytes;
	}
}

static void count_retry(struct worker *worker, enum snoop_side to)
{
	if (to == SNOOP_WIRED)
		worker->counters.tx_wired_retries++;
	else
		worker->counters.tx_wireless_retries++;
}

static void drop_all(struct worker *worker, struct transmit *output)
{
	for (uint32_t i = 0; i < output->count; i++) {
		rte_pktmbuf_free(output->packets[i]);
		count_drop(worker, output->side, output->ours >> i & 1);
	}
}

/*
 * The retries are for the whole buffer. Once they are used up, the first packet is dropped and the
 * others get one chance each: a single frame that the driver refuses must not take the rest with
 * it.
 */
static void drain(struct worker *worker, struct transmit *output)
{
	uint32_t retries = worker->config->tx_retries;
	uint32_t sent = 0;

	if (unlikely(__atomic_load_n(&worker->gate[output->side], __ATOMIC_ACQUIRE) != GATE_OPEN)) {
		drop_all(worker, output);
		return;
	}
	if (output->lane != NULL)
		read_backlog(worker, output);
	for (;;) {
		struct rte_mbuf **rest = &output->packets[sent];
		uint32_t count = output->count - sent;
		uint32_t taken = output->lane != NULL ? hand_over(output, rest, sent, count)
						      : send_burst(worker, output, rest, count);

		/* The worker that sends it counts what was handed over. */
		if (output->lane == NULL)
			count_sent(worker, output, sent, sent + taken);
		sent += taken;
		if (sent == output->count)
			return;
		note_backlog(worker, output);
		if (retries > 0) {
			retries--;
			count_retry(worker, output->side);
			worker_relax(worker);
		} else if (taken == 0) {
			rte_pktmbuf_free(output->packets[sent]);
			count_drop(worker, output->side, output->ours >> sent & 1);
			if (++sent == output->count)
				return;
		}
	}
}

void transmit_flush(struct worker *worker, enum snoop_side to)
{
	struct transmit *output = &worker->output[to];

	if (output->count == 0)
		return;
	drain(worker, output);
	output->count = 0;
	output->ours = 0;
	output->bytes_all = 0;
}

static inline void append(struct worker *worker, enum snoop_side to, struct rte_mbuf *packet,
			  bool ours)
{
	struct transmit *output = &worker->output[to];

	if (output->count == TRANSMIT_ROOM)
		transmit_flush(worker, to);
	transmit_put(output, packet, ours);
}

void transmit_append(struct worker *worker, enum snoop_side to, struct rte_mbuf *packet, bool ours)
{
	append(worker, to, packet, ours);
}

/* The engine keeps the packet: the driver gets a copy. Without one, the engine retransmits it
 * later. */
static __rte_noinline void forward_copy(struct worker *worker, enum snoop_side to,
					struct rte_mbuf *packet)
{
	struct rte_mbuf *copy = rte_pktmbuf_copy(packet, worker->pool, 0, UINT32_MAX);

	rte_pktmbuf_free(packet);
	if (copy == NULL)
		count_drop(worker, to, false);
	else
		append(worker, to, copy, false);
}

void transmit_forward(struct worker *worker, enum snoop_side to, struct rte_mbuf *packet)
{
	if (unlikely(worker->output[to].sharing == DRIVER_COPY) && rte_mbuf_refcnt_read(packet) > 1)
		forward_copy(worker, to, packet);
	else
		append(worker, to, packet, false);
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

void transmit_again(struct worker *worker, struct rte_mbuf *packet, enum snoop_cause cause)
{
	if (unlikely(worker->trace != NULL))
		trace_own(worker, SNOOP_WIRELESS, packet, verdict_of(cause));
	if (worker->output[SNOOP_WIRELESS].sharing == DRIVER_COPY) {
		packet = rte_pktmbuf_copy(packet, worker->pool, 0, UINT32_MAX);
		if (packet == NULL) {
			count_drop(worker, SNOOP_WIRELESS, true);
			return;
		}
	} else {
		packet_ref(packet);
	}
	append(worker, SNOOP_WIRELESS, packet, true);
}

void transmit_release(struct worker *worker, struct rte_mbuf *packet)
{
	if (unlikely(worker->trace != NULL))
		trace_own(worker, SNOOP_WIRED, packet, TRACE_RELEASED);
	transmit_forward(worker, SNOOP_WIRED, packet);
}
