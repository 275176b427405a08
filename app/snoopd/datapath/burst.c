/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/burst.h>

#include <rte_prefetch.h>

#include <flow/hash.h>
#include <snoopd/base/carriage.h>
#include <snoopd/datapath/handoff.h>
#include <snoopd/datapath/passthrough.h>
#include <snoopd/datapath/receive.h>
#include <snoopd/datapath/tcp.h>
#include <snoopd/datapath/worker.h>

/*
 * The stages. Keep the distances small: CPUs drop prefetches when too many are outstanding.
 *
 *	stage     reads               prefetches            ahead of the next stage by
 *	          (frame)             the frame's headers   HEADERS_AHEAD packets
 *	parse()   headers             the bucket            LOOK_UP_BEHIND trains
 *	look_up() bucket              the record            until the burst is parsed
 *	find()    record              what it points to     FIND_AHEAD trains to the engine
 *	fetch()   first segment       the second segment    FETCH_AHEAD trains to the engine
 *	engine    all of that
 *
 * Between fetch() and the engine, fetch_more() prefetches one more segment with every train for
 * ACKs that will look at many.
 */
#define HEADERS_AHEAD 6u
#define LOOK_UP_BEHIND 8u
#define FIND_AHEAD 6u
#define FETCH_AHEAD 3u

#define HEADER_FIRST_BYTE 12 /* that the parser reads: it skips Ethernet's addresses */
#define HEADER_LAST_BYTE 65  /* of a segment with timestamps over IPv4 */

static enum snoop_side other_side(enum snoop_side side)
{
	return side == SNOOP_WIRED ? SNOOP_WIRELESS : SNOOP_WIRED;
}

/* TCP that the parser understood, counted by the worker that received it. */
static inline void count_tcp(struct worker_link *link, enum snoop_side from, uint32_t count)
{
	if (from == SNOOP_WIRED)
		link->counters.tcp_wired_packets += count;
	else
		link->counters.tcp_wireless_packets += count;
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

/* Count, and drop what the other port cannot carry whole. @return how many packets are left. */
static uint32_t admit(struct worker_link *link, enum snoop_side from,
		      const struct worker_received *received)
{
	uint32_t plain_bytes =
		__atomic_load_n(&link->port[from].carriage->rx_plain_bytes, __ATOMIC_RELAXED);

	if (likely(count_received(link, from, received->packets, received->count, plain_bytes) ==
		   0))
		return received->count;
	return receive_drop_long(link, from, received->packets, received->count);
}

/* One line of a buffer of ours, see POOL_PRIVATE_BYTES. */
static inline void prefetch_header(const struct rte_mbuf *packet)
{
	rte_prefetch0(rte_pktmbuf_mtod_offset(packet, const void *, HEADER_FIRST_BYTE));
	rte_prefetch0(rte_pktmbuf_mtod_offset(packet, const void *, HEADER_LAST_BYTE));
}

static __rte_cold __rte_noinline uint64_t hash_for_owner(const struct worker *worker,
							 const struct snoop_key *key)
{
	return flow_hash_untagged(key, worker->secret);
}

static inline uint32_t owner_of(const struct worker_link *link, const struct snoop_key *key,
				uint64_t hash)
{
	if (unlikely(flow_key_is_tagged(key)))
		hash = hash_for_owner(link->worker, key);
	return handoff_owner(hash, link->workers);
}

static inline void look_up(const struct worker *worker, struct burst *burst, uint32_t train)
{
	burst->places[train] =
		flow_table_find_begin(&worker->table, burst->keys[train], burst->hashes[train]);
}

/*
 * Begin a train with the slot's packet.
 *
 * @return false where the packet belongs to another worker, and waits to be handed over.
 */
static __rte_always_inline bool begin_train(struct worker *worker, struct worker_link *link,
					    struct burst *burst, uint32_t train,
					    struct burst_slot *slot, struct rte_mbuf *packet,
					    bool spread, bool handed)
{
	if (handed) {
		slot->hash = packet->hash.rss;
	} else {
		uint64_t hash = flow_hash(&slot->key, worker->secret);

		if (spread &&
		    handoff_stage(link, packet, owner_of(link, &slot->key, hash), (uint32_t)hash))
			return false;
		slot->hash = (uint32_t)hash;
	}
	flow_table_prefetch_bucket(&worker->table, slot->hash);
	burst->keys[train] = &slot->key;
	burst->hashes[train] = slot->hash;
	if (train >= LOOK_UP_BEHIND)
		look_up(worker, burst, train - LOOK_UP_BEHIND);
	return true;
}

static __rte_always_inline void make_key(struct burst_slot *slot, enum snoop_side from,
					 const struct worker_link *link)
{
	snoop_key_untagged(&slot->key, &slot->view, from, (uint8_t)link->number);
	if (unlikely(slot->view.vlan_count > 0) && link->config->flow_vlan != CONFIG_VLAN_IGNORE)
		snoop_key_add_tags(&slot->key, &slot->view);
}

/*
 * Append packets to the burst. TCP that belongs to another worker is handed over; everything else
 * stays with the worker that received it.
 *
 * @param handed  the packets come from another worker, with their hashes
 */
static __rte_always_inline void parse(struct worker *worker, struct worker_link *link,
				      struct burst *burst, enum snoop_side from,
				      struct rte_mbuf **packets, uint32_t count, bool handed)
{
	bool spread = link->spreads && !handed;
	bool trusts_nic = link->config->checksum == CONFIG_CHECKSUM_NIC;
	struct burst_slot *slot = &worker->slots[burst->count];
	uint32_t first_train = burst->train_count, trains = first_train, kept = burst->count;
	uint32_t others = 0;

	for (uint32_t i = 0; i < RTE_MIN(HEADERS_AHEAD, count); i++)
		prefetch_header(packets[i]);
	for (uint32_t i = 0; i < count; i++) {
		struct rte_mbuf *packet = packets[i];

		if (i + HEADERS_AHEAD < count)
			prefetch_header(packets[i + HEADERS_AHEAD]);
		wire_parse(rte_pktmbuf_mtod(packet, const uint8_t *), packet->data_len,
			   rte_pktmbuf_pkt_len(packet), &slot->view);
		if (slot->view.kind != WIRE_TCP) {
			slot->verify = false;
			others++;
			burst->packets[kept++] = packet;
			slot++;
			continue;
		}
		slot->verify = tcp_must_verify(trusts_nic, packet, &slot->view);
		make_key(slot, from, link);
		if (trains > first_train && flow_key_equal(&slot->key, burst->keys[trains - 1]))
			slot->hash = burst->hashes[trains - 1];
		else if (begin_train(worker, link, burst, trains, slot, packet, spread, handed))
			trains++;
		else
			continue;
		slot->train = trains - 1;
		if (from == SNOOP_WIRELESS)
			burst->sacks |= (uint64_t)(slot->view.sack_count > 0) << slot->train;
		burst->packets[kept++] = packet;
		slot++;
	}
	if (!handed)
		count_tcp(link, from, count - others);
	if (spread)
		handoff_send_staged(link, from);
	burst->train_count = trains;
	burst->count = kept;
	if (from == SNOOP_WIRED) {
		burst->wired_train_count = trains;
		burst->wired = kept;
	}
}

static inline bool is_data(const struct burst *burst, uint32_t train)
{
	return train < burst->wired_train_count;
}

static inline void find(const struct worker *worker, const struct worker_link *link,
			struct burst *burst, uint32_t train)
{
	struct flow_record *record = flow_table_find_end(
		&worker->table, burst->keys[train], burst->hashes[train], burst->places[train]);
	bool sacks = burst->sacks >> train & 1;

	burst->records[train] = record;
	if (record == NULL)
		return;
	if (is_data(burst, train))
		snoop_data_prefetch(link->engine, &record->flow);
	else
		burst->searches |= (uint64_t)snoop_ack_prefetch(link->engine, &record->flow, sacks)
				   << train;
}

static inline void fetch(const struct worker_link *link, struct burst *burst, uint32_t train)
{
	if (!is_data(burst, train) && burst->records[train] != NULL)
		burst->segments[train] =
			snoop_ack_prefetch_next(link->engine, &burst->records[train]->flow);
}

static inline void fetch_more(const struct worker_link *link, struct burst *burst, uint32_t train)
{
	uint64_t searches = burst->searches >> train & ((1u << FETCH_AHEAD) - 1);

	for (; unlikely(searches != 0); searches &= searches - 1) {
		uint32_t *segment = &burst->segments[train + (uint32_t)__builtin_ctzll(searches)];

		*segment = snoop_ack_prefetch_more(link->engine, *segment);
	}
}

/* The burst is parsed: fill the pipeline. */
static void fill_pipeline(const struct worker *worker, const struct worker_link *link,
			  struct burst *burst)
{
	uint32_t behind = RTE_MIN(burst->train_count, LOOK_UP_BEHIND);

	for (uint32_t i = burst->train_count - behind; i < burst->train_count; i++)
		look_up(worker, burst, i);
	for (uint32_t i = 0; i < RTE_MIN(FIND_AHEAD, burst->train_count); i++)
		find(worker, link, burst, i);
	for (uint32_t i = 0; i < RTE_MIN(FETCH_AHEAD, burst->train_count); i++)
		fetch(link, burst, i);
}

/* The engine comes to the first packet of a train: every other stage moves on by a train. */
static inline void advance_pipeline(const struct worker *worker, const struct worker_link *link,
				    struct burst *burst, uint32_t train)
{
	if (train + FIND_AHEAD < burst->train_count)
		find(worker, link, burst, train + FIND_AHEAD);
	fetch_more(link, burst, train);
	if (train + FETCH_AHEAD < burst->train_count)
		fetch(link, burst, train + FETCH_AHEAD);
}

/* Packets first to end - 1, which are of one side. */
static __rte_always_inline void run_side(struct worker *worker, struct worker_link *link,
					 struct burst *burst, enum snoop_side from, uint32_t first,
					 uint32_t end, bool traces)
{
	/* A hint: where the lists change places meanwhile, it fetches from the other one. */
	struct packet_dropped *dropped = &worker->dropped[worker->dropping ^ 1];
	enum snoop_side to = other_side(from);
	uint32_t train = UINT32_MAX;

	for (uint32_t i = first; i < end; i++) {
		struct burst_slot *slot = &worker->slots[i];
		struct rte_mbuf *packet = burst->packets[i];

		packet_fetch_dropped(dropped);
		if (i + 1 < burst->count && worker->slots[i + 1].verify)
			tcp_prefetch_payload(burst->packets[i + 1]);
		if (slot->view.kind != WIRE_TCP) {
			passthrough_count(&link->counters, slot->view.kind);
		} else {
			/* An earlier packet may have made or ended the flow. */
			if (unlikely(worker->table.changes != burst->changes)) {
				slot->record =
					flow_table_find(&worker->table, &slot->key, slot->hash);
			} else {
				if (slot->train != train)
					advance_pipeline(worker, link, burst, slot->train);
				train = slot->train;
				slot->record = burst->records[train];
			}
			packet = traces ? tcp_input_traced(worker, link, from, slot, packet)
					: tcp_input(worker, link, from, slot, packet);
		}
		if (packet != NULL && !transmit_try_forward(&link->output[to], packet))
			transmit_forward(link, to, packet);
	}
}

/* Compiled twice: without a trace, testing for one costs a branch per burst. */
static __rte_always_inline void run_burst(struct worker *worker, struct worker_link *link,
					  struct burst *burst, bool traces)
{
	fill_pipeline(worker, link, burst);
	run_side(worker, link, burst, SNOOP_WIRED, 0, burst->wired, traces);
	run_side(worker, link, burst, SNOOP_WIRELESS, burst->wired, burst->count, traces);
}

static void end_burst(struct worker *worker, struct worker_link *link, struct burst *burst)
{
	if (link->bypass) {
		passthrough_unseen(link, SNOOP_WIRELESS, burst->packets, burst->wired);
		passthrough_unseen(link, SNOOP_WIRED, &burst->packets[burst->wired],
				   burst->count - burst->wired);
		return;
	}
	if (likely(link->trace == NULL)) {
		run_burst(worker, link, burst, false);
	} else {
		run_burst(worker, link, burst, true);
		trace_publish(link);
	}
}

static inline void start_burst(const struct worker *worker, struct burst *burst)
{
	burst->count = burst->wired = 0;
	burst->train_count = burst->wired_train_count = 0;
	burst->sacks = burst->searches = 0;
	burst->changes = worker->table.changes;
}

/* Where workers hand packets over, they do so in bypass too: otherwise packets of a flow would
 * overtake each other when bypass begins. In an outage none arrives. */
static inline bool passes_unseen(const struct worker_link *link, bool handed)
{
	return link->outage || (link->bypass && (handed || !link->spreads));
}

/* When a packet arrived is not known, only when its queue was last looked through. */
static inline void begin_input(struct worker *worker, const struct worker_link *link,
			       uint64_t now_us)
{
	worker->now_us = now_us;
	worker->unsent |= 1ull << link->number;
	snoop_engine_waited(link->engine, now_us - worker->receive.settled_us);
}

void worker_input(struct worker_link *link, const struct worker_received received[2],
		  uint64_t now_us)
{
	const struct worker_received *wired = &received[SNOOP_WIRED];
	const struct worker_received *wireless = &received[SNOOP_WIRELESS];
	const uint32_t count[2] = {
		[SNOOP_WIRED] = admit(link, SNOOP_WIRED, wired),
		[SNOOP_WIRELESS] = admit(link, SNOOP_WIRELESS, wireless),
	};
	uint32_t most = RTE_MAX(count[SNOOP_WIRED], count[SNOOP_WIRELESS]);
	struct worker *worker = link->worker;
	struct burst burst;

	begin_input(worker, link, now_us);
	if (passes_unseen(link, false)) {
		passthrough_unseen(link, SNOOP_WIRELESS, wired->packets, count[SNOOP_WIRED]);
		passthrough_unseen(link, SNOOP_WIRED, wireless->packets, count[SNOOP_WIRELESS]);
		return;
	}
	for (uint32_t done = 0; done < most; done += WORKER_BURST) {
		start_burst(worker, &burst);
		if (done < count[SNOOP_WIRED])
			parse(worker, link, &burst, SNOOP_WIRED, &wired->packets[done],
			      RTE_MIN(WORKER_BURST, count[SNOOP_WIRED] - done), false);
		if (done < count[SNOOP_WIRELESS])
			parse(worker, link, &burst, SNOOP_WIRELESS, &wireless->packets[done],
			      RTE_MIN(WORKER_BURST, count[SNOOP_WIRELESS] - done), false);
		end_burst(worker, link, &burst);
	}
}

void worker_input_handed(struct worker_link *link, enum snoop_side from, struct rte_mbuf **packets,
			 uint32_t count, uint64_t now_us)
{
	struct worker *worker = link->worker;
	struct burst burst;

	begin_input(worker, link, now_us);
	if (passes_unseen(link, true)) {
		passthrough_unseen(link, other_side(from), packets, count);
		return;
	}
	for (uint32_t done = 0; done < count; done += WORKER_BURST) {
		start_burst(worker, &burst);
		parse(worker, link, &burst, from, &packets[done],
		      RTE_MIN(WORKER_BURST, count - done), true);
		end_burst(worker, link, &burst);
	}
}
