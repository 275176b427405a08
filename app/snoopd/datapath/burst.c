/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens to a received packet: which ones the engine sees, and what the others are counted
 * as. */
#include <string.h>

#include <rte_prefetch.h>

#include <flow/hash.h>
#include <snoopd/datapath/handoff_tx.h>
#include <snoopd/datapath/worker.h>

#define PREFETCH_AHEAD 6u
#define HEADER_FIRST_BYTE 12 /* that the parser reads; it leaves addresses of Ethernet alone */
#define HEADER_LAST_BYTE 65  /* of a segment with timestamps over IPv4 */

#define BURST_MAX (2u * WORKER_BURST)

/*
 * What arrived at both ports, on its way. Every packet goes through some steps, each of which fetches from memory what the next
 * one reads. A step runs a few trains ahead of the next, so that memory has time; not many, as CPUs drop prefetches when too many
 * are under way.
 */
struct burst {
	uint32_t count;
	uint32_t wired;	  /* of which so many come from the wired side, and first */
	uint32_t changes; /* of the table, as long as places and records are good */

	/* Segments come in trains: those behind the first are not looked up again. */
	uint32_t train_count, wired_train_count;
	uint64_t sacks;	   /* bit i: a packet of train i has SACK blocks */
	uint64_t searches; /* bit i: train i will look at more than the first segments of its flow */
	const struct snoop_key *keys[BURST_MAX];
	uint32_t hashes[BURST_MAX];
	uint32_t places[BURST_MAX];
	struct flow_record *records[BURST_MAX]; /* or NULL */
	uint32_t segments[BURST_MAX];		/* of ACKs, the last one fetched */
	struct rte_mbuf *packets[BURST_MAX];
};
_Static_assert(BURST_MAX <= 64, "one bit per train");

#define LOOK_UP_BEHIND 8u /* trains from the parser to the look-up in its bucket */
#define FIND_AHEAD 6u	  /* trains from the comparison of keys to the engine */
#define FETCH_AHEAD 3u	  /* trains from the second fetch of an ACK to the engine */

static void count_received(struct worker *worker, enum snoop_side from, struct rte_mbuf **packets,
			   uint32_t count)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < count; i++)
		bytes += rte_pktmbuf_pkt_len(packets[i]);
	if (from == SNOOP_WIRED) {
		worker->counters.rx_wired_packets += count;
		worker->counters.rx_wired_bytes += bytes;
	} else {
		worker->counters.rx_wireless_packets += count;
		worker->counters.rx_wireless_bytes += bytes;
	}
}

static void count_pass(struct counters *counters, enum wire_kind kind)
{
	switch (kind) {
#define COUNT_PASS(id, token, help)                                                                \
	case WIRE_##id:                                                                            \
		counters->pass_##token++;                                                          \
		break;
		WIRE_REASONS(COUNT_PASS)
#undef COUNT_PASS
	case WIRE_TCP:
	case WIRE_KIND_COUNT:
		break;
	}
}

/* Only a "good" is taken from the NIC, and only where the operator wants that, as some drivers say
 * it unasked: what the NIC finds bad, or did not look at, is computed here. */
static inline bool nic_says_good(const struct worker *worker, const struct rte_mbuf *packet,
				 const struct wire_view *view)
{
	uint64_t ip = packet->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;

	return worker->config->checksum == CONFIG_CHECKSUM_NIC &&
	       (packet->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD &&
	       (ip == RTE_MBUF_F_RX_IP_CKSUM_GOOD || view->ip_version == 6);
}

static __rte_noinline bool checksum_ok(const struct rte_mbuf *packet, const struct wire_view *view)
{
	const uint8_t *frame = rte_pktmbuf_mtod(packet, const uint8_t *);
	uint32_t skip = view->l4_offset, left = wire_l4_bytes(view), done = 0, sum;

	if (likely(packet->nb_segs == 1))
		return wire_tcp_checksum_ok(frame, packet->data_len, view);
	if (!wire_ip_checksum_ok(frame, view))
		return false;
	sum = wire_sum_pseudo(view);
	for (const struct rte_mbuf *segment = packet; segment != NULL && left > 0;
	     segment = segment->next) {
		uint32_t from = RTE_MIN(skip, (uint32_t)segment->data_len);
		uint32_t bytes = RTE_MIN(left, segment->data_len - from);

		sum = wire_sum_add(sum, rte_pktmbuf_mtod_offset(segment, const uint8_t *, from),
				   bytes, done & 1);
		skip -= from;
		done += bytes;
		left -= bytes;
	}
	return left == 0 && wire_sum_ok(sum);
}

static inline bool is_ours(const struct worker *worker, const struct rte_mbuf *segment)
{
	return segment->pool == worker->pool && RTE_MBUF_DIRECT(segment) &&
	       rte_mbuf_refcnt_read(segment) == 1;
}

/* Ours to keep: from our pool, nobody else's reference, nothing attached, and within the cache's
 * share. */
static bool can_keep(const struct worker *worker, const struct rte_mbuf *packet)
{
	if (packet->nb_segs > worker->segments_per_frame)
		return false;
	for (const struct rte_mbuf *segment = packet; segment != NULL; segment = segment->next)
		if (!is_ours(worker, segment))
			return false;
	return true;
}

static __rte_noinline struct rte_mbuf *copy_to_keep(struct worker *worker, struct rte_mbuf *packet,
						    void **handle)
{
	struct rte_mbuf *copy;

	*handle = packet;
	if (can_keep(worker, packet))
		return packet;
	copy = rte_pktmbuf_copy(packet, worker->pool, 0, UINT32_MAX);
	if (copy == NULL || copy->nb_segs > worker->segments_per_frame) {
		rte_pktmbuf_free(copy);
		*handle = NULL;
		return packet;
	}
	rte_pktmbuf_free(packet);
	*handle = copy;
	return copy;
}

/* @return the packet, or a copy of it that can be kept; *handle says whether it can. */
static inline struct rte_mbuf *make_keepable(struct worker *worker, struct rte_mbuf *packet,
					     void **handle)
{
	*handle = packet;
	/* Most have one buffer: the pointer to a next one is in a cache line of its own. */
	if (likely(packet->nb_segs == 1 && is_ours(worker, packet)))
		return packet;
	return copy_to_keep(worker, packet, handle);
}

static struct flow_record *create_flow(struct worker *worker, const struct worker_slot *slot)
{
	struct flow_record *record = flow_table_add(&worker->table, &slot->key, slot->hash);
	enum snoop_level level = config_level_for(worker->config, &slot->key);

	if (record == NULL) {
		worker->counters.pass_table_full++;
		return NULL;
	}
	record->squeezed = worker->pressed && level != SNOOP_LEVEL_BYPASS;
	if (unlikely(record->squeezed)) {
		level = SNOOP_LEVEL_BYPASS;
		worker->counters.flows_squeezed++;
	}
	snoop_flow_init(worker->engine, &record->flow, &slot->key, level, worker->now_us);
	worker->counters.flows_active = worker->table.count;
	return record;
}

static void syn_input(struct worker *worker, enum snoop_side from, const struct worker_slot *slot,
		      const struct rte_mbuf *mbuf, struct snoop_packet *packet)
{
	enum snoop_level level = config_level_for(worker->config, &slot->key);

	/* A new connection: no byte of the old one may reach it. */
	if (slot->record != NULL) {
		worker->counters.flows_reset++;
		worker_remove_flow(worker, slot->record);
	}
	if (level == SNOOP_LEVEL_BYPASS) {
		snoop_syn_forget(worker->engine, &slot->key);
		return;
	}
	if (level == SNOOP_LEVEL_OBSERVE)
		packet->handle = NULL; /* learnt from, never retransmitted */
	packet->checksum_ok = !slot->verify || checksum_ok(mbuf, packet->view);
	snoop_syn(worker->engine, &slot->key, packet, from, worker->now_us);
}

/* The packet belongs to no flow. @return the record of its own where it is the first data of one. */
static __rte_noinline struct flow_record *make_flow(struct worker *worker, enum snoop_side from,
						    const struct worker_slot *slot)
{
	const struct wire_view *view = &slot->view;

	if (view->options_malformed) {
		worker->counters.pass_bad_options++;
		return NULL;
	}
	if (from == SNOOP_WIRED && view->payload_bytes > 0 && !(view->tcp_flags & WIRE_TCP_RST))
		return create_flow(worker, slot);
	snoop_handshake_done(worker->engine, &slot->key, view, from, worker->now_us);
	worker->counters.pass_no_flow++;
	return NULL;
}

/* @return the packet to forward, or NULL if the engine withholds it. */
static __rte_always_inline struct rte_mbuf *tcp_input(struct worker *worker, enum snoop_side from,
						      struct worker_slot *slot,
						      struct rte_mbuf *mbuf)
{
	struct snoop_packet packet = {
		.view = &slot->view,
		.frame_bytes = rte_pktmbuf_pkt_len(mbuf),
	};
	enum snoop_verdict verdict = SNOOP_FORWARD;
	struct flow_record *record;

	if (slot->view.tcp_flags & WIRE_TCP_SYN) {
		mbuf = make_keepable(worker, mbuf, &packet.handle);
		syn_input(worker, from, slot, mbuf, &packet);
		return mbuf;
	}
	record = likely(slot->record != NULL) ? slot->record : make_flow(worker, from, slot);
	if (record == NULL)
		return mbuf;
	if (record->flow.level == SNOOP_LEVEL_BYPASS) {
		snoop_flow_seen(&record->flow, worker->now_us);
		worker->counters.pass_bypass++;
		return mbuf;
	}
	if (likely(record->flow.level != SNOOP_LEVEL_OBSERVE)) /* which keeps none */
		mbuf = make_keepable(worker, mbuf, &packet.handle);
	packet.checksum_ok = !slot->verify || checksum_ok(mbuf, &slot->view);
	if (from == SNOOP_WIRED) {
		snoop_flow_data(worker->engine, &record->flow, &packet, worker->now_us);
	} else {
		verdict = snoop_flow_ack(worker->engine, &record->flow, &packet, worker->now_us);
	}
	flow_timer_update(&worker->timers, record, worker->now_us);
	return verdict == SNOOP_FORWARD ? mbuf : NULL;
}

/* One line of a buffer of ours, see POOL_PRIVATE_BYTES. */
static inline void prefetch_header(const struct rte_mbuf *packet)
{
	rte_prefetch0(rte_pktmbuf_mtod_offset(packet, const void *, HEADER_FIRST_BYTE));
	rte_prefetch0(rte_pktmbuf_mtod_offset(packet, const void *, HEADER_LAST_BYTE));
}

static inline void look_up(const struct worker *worker, struct burst *burst, uint32_t train)
{
	burst->places[train] =
		flow_table_find_begin(&worker->table, burst->keys[train], burst->hashes[train]);
}

static enum snoop_side other_side(enum snoop_side side)
{
	return side == SNOOP_WIRED ? SNOOP_WIRELESS : SNOOP_WIRED;
}

/*
 * Fill slots of the burst behind those that it has. What belongs to another worker is handed over; everything but TCP stays
 * with who received it.
 *
 * @param handed  the packets come from another worker, with their hashes
 */
static void parse(struct worker *worker, struct burst *burst, enum snoop_side from,
		  struct rte_mbuf **packets, uint32_t count, bool handed)
{
	bool spread = worker->spreads && !handed;
	struct worker_slot *slot = &worker->slots[burst->count];
	uint32_t first_train = burst->train_count, trains = first_train, kept = burst->count;

	for (uint32_t i = 0; i < RTE_MIN(PREFETCH_AHEAD, count); i++)
		prefetch_header(packets[i]);
	for (uint32_t i = 0; i < count; i++) {
		struct rte_mbuf *packet = packets[i];

		if (i + PREFETCH_AHEAD < count)
			prefetch_header(packets[i + PREFETCH_AHEAD]);
		wire_parse(rte_pktmbuf_mtod(packet, const uint8_t *), packet->data_len,
			   rte_pktmbuf_pkt_len(packet), &slot->view);
		if (slot->view.kind != WIRE_TCP) {
			slot->verify = false;
			burst->packets[kept++] = packet;
			slot++;
			continue;
		}
		slot->verify = !nic_says_good(worker, packet, &slot->view);
		snoop_key_of(&slot->key, &slot->view, from);
		if (trains > first_train && flow_key_equal(&slot->key, burst->keys[trains - 1])) {
			slot->hash = burst->hashes[trains - 1];
		} else {
			if (handed) {
				slot->hash = packet->hash.rss;
			} else {
				uint64_t hash = flow_hash(&slot->key, worker->secret);

				if (spread && handoff_tx_stage(worker, packet, hash))
					continue;
				slot->hash = (uint32_t)hash;
			}
			flow_table_prefetch_bucket(&worker->table, slot->hash);
			burst->keys[trains] = &slot->key;
			burst->hashes[trains++] = slot->hash;
			if (trains > LOOK_UP_BEHIND)
				look_up(worker, burst, trains - 1 - LOOK_UP_BEHIND);
		}
		slot->train = trains - 1;
		burst->sacks |= (uint64_t)(slot->view.sack_count > 0) << slot->train;
		burst->packets[kept++] = packet;
		slot++;
	}
	if (spread)
		handoff_tx_send(worker, from);
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

/* The record has been fetched: what it points to. */
static inline void find(const struct worker *worker, struct burst *burst, uint32_t train)
{
	struct flow_record *record = flow_table_find_end(&worker->table, burst->keys[train],
							 burst->hashes[train], burst->places[train]);

	burst->records[train] = record;
	if (record == NULL)
		return;
	if (is_data(burst, train))
		snoop_data_prefetch(worker->engine, &record->flow);
	else
		burst->searches |=
			(uint64_t)snoop_ack_prefetch(worker->engine, &record->flow, burst->sacks >> train & 1)
			<< train;
}

static inline void fetch(const struct worker *worker, struct burst *burst, uint32_t train)
{
	if (!is_data(burst, train) && burst->records[train] != NULL)
		burst->segments[train] =
			snoop_ack_prefetch_next(worker->engine, &burst->records[train]->flow);
}

/* ACKs before which something was lost: a segment more with every step, up to the train that the engine comes to. */
static inline void fetch_more(const struct worker *worker, struct burst *burst, uint32_t train)
{
	uint64_t searches = burst->searches >> train & ((1u << FETCH_AHEAD) - 1);

	for (; unlikely(searches != 0); searches &= searches - 1) {
		uint32_t *segment = &burst->segments[train + (uint32_t)__builtin_ctzll(searches)];

		*segment = snoop_ack_prefetch_more(worker->engine, *segment);
	}
}

/* The engine comes to the first packet. */
static void begin(const struct worker *worker, struct burst *burst)
{
	uint32_t behind = RTE_MIN(burst->train_count, LOOK_UP_BEHIND);

	for (uint32_t i = burst->train_count - behind; i < burst->train_count; i++)
		look_up(worker, burst, i);
	for (uint32_t i = 0; i < RTE_MIN(FIND_AHEAD, burst->train_count); i++)
		find(worker, burst, i);
	for (uint32_t i = 0; i < RTE_MIN(FETCH_AHEAD, burst->train_count); i++)
		fetch(worker, burst, i);
}

/* The engine comes to the first packet of a train: others make a step. */
static inline void advance(const struct worker *worker, struct burst *burst, uint32_t train)
{
	if (train + FIND_AHEAD < burst->train_count)
		find(worker, burst, train + FIND_AHEAD);
	fetch_more(worker, burst, train);
	if (train + FETCH_AHEAD < burst->train_count)
		fetch(worker, burst, train + FETCH_AHEAD);
}

/* The bytes that checksum_ok() will read, while the packet before is being worked on. */
static void prefetch_payload(const struct rte_mbuf *packet)
{
	const uint8_t *frame = rte_pktmbuf_mtod(packet, const uint8_t *);

	for (uint32_t at = 2 * RTE_CACHE_LINE_SIZE; at < packet->data_len; at += RTE_CACHE_LINE_SIZE)
		rte_prefetch0(frame + at);
	rte_prefetch0(frame + packet->data_len - 1); /* where a frame does not begin at the border of a line */
}

static void pass_by(struct worker *worker, enum snoop_side to, struct rte_mbuf **packets,
		    uint32_t count)
{
	worker->counters.pass_bypass += count;
	for (uint32_t i = 0; i < count; i++)
		if (!transmit_try_forward(&worker->output[to], packets[i]))
			transmit_forward(worker, to, packets[i]);
}

static __rte_cold __rte_noinline struct rte_mbuf *tcp_input_captured(struct worker *worker, enum snoop_side from,
					   struct worker_slot *slot, struct rte_mbuf *packet)
{
	struct trace_before before = trace_before(worker);
	struct trace_packet *captured = trace_begin(
		worker, &slot->key, other_side(from), packet);

	packet = tcp_input(worker, from, slot, packet);
	if (captured != NULL)
		trace_end(worker, captured, &before, packet == NULL);
	return packet;
}

/* Compiled twice: without a capture its test costs one branch per burst. */
static __rte_always_inline void handle(struct worker *worker, struct burst *burst, bool captures)
{
	uint32_t train = UINT32_MAX;

	begin(worker, burst);
	for (uint32_t i = 0; i < burst->count; i++) {
		struct worker_slot *slot = &worker->slots[i];
		struct rte_mbuf *packet = burst->packets[i];
		enum snoop_side from = i < burst->wired ? SNOOP_WIRED : SNOOP_WIRELESS;
		enum snoop_side to = other_side(from);

		transmit_fetch_dropped(&worker->dropped[worker->dropping ^ 1]);
		if (i + 1 < burst->count && worker->slots[i + 1].verify)
			prefetch_payload(burst->packets[i + 1]);
		if (slot->view.kind != WIRE_TCP) {
			count_pass(&worker->counters, slot->view.kind);
		} else {
			/* An earlier packet may have made or ended the flow. */
			if (unlikely(worker->table.changes != burst->changes)) {
				slot->record = flow_table_find(&worker->table, &slot->key, slot->hash);
			} else {
				if (slot->train != train)
					advance(worker, burst, slot->train);
				train = slot->train;
				slot->record = burst->records[train];
			}
			packet = captures ? tcp_input_captured(worker, from, slot, packet)
					  : tcp_input(worker, from, slot, packet);
		}
		if (packet != NULL && !transmit_try_forward(&worker->output[to], packet))
			transmit_forward(worker, to, packet);
	}
}

static void handle_burst(struct worker *worker, struct burst *burst)
{
	if (worker->bypass) {
		pass_by(worker, SNOOP_WIRELESS, burst->packets, burst->wired);
		pass_by(worker, SNOOP_WIRED, &burst->packets[burst->wired], burst->count - burst->wired);
		return;
	}
	if (likely(worker->trace == NULL)) {
		handle(worker, burst, false);
	} else {
		handle(worker, burst, true);
		trace_publish(worker);
	}
}

static inline void start_burst(const struct worker *worker, struct burst *burst)
{
	burst->count = burst->wired = 0;
	burst->train_count = burst->wired_train_count = 0;
	burst->sacks = burst->searches = 0;
	burst->changes = worker->table.changes;
}

/* In bypass too flows keep their workers where these hand over, or packets would overtake each other when it begins. */
static inline bool passes_unseen(const struct worker *worker, bool handed)
{
	return worker->bypass && (handed || !worker->spreads);
}

void worker_input(struct worker *worker, const struct worker_received received[2], uint64_t now_us)
{
	const struct worker_received *wired = &received[SNOOP_WIRED];
	const struct worker_received *wireless = &received[SNOOP_WIRELESS];
	uint32_t longest = RTE_MAX(wired->count, wireless->count);
	struct burst burst;

	worker->now_us = now_us;
	count_received(worker, SNOOP_WIRED, wired->packets, wired->count);
	count_received(worker, SNOOP_WIRELESS, wireless->packets, wireless->count);
	if (passes_unseen(worker, false)) {
		pass_by(worker, SNOOP_WIRELESS, wired->packets, wired->count);
		pass_by(worker, SNOOP_WIRED, wireless->packets, wireless->count);
		return;
	}
	for (uint32_t done = 0; done < longest; done += WORKER_BURST) {
		start_burst(worker, &burst);
		for (int side = 0; side < 2; side++)
			if (done < received[side].count)
				parse(worker, &burst, (enum snoop_side)side,
				      &received[side].packets[done],
				      RTE_MIN(WORKER_BURST, received[side].count - done), false);
		handle_burst(worker, &burst);
	}
}

void worker_input_handed(struct worker *worker, enum snoop_side from, struct rte_mbuf **packets,
			 uint32_t count, uint64_t now_us)
{
	struct burst burst;

	worker->now_us = now_us;
	if (passes_unseen(worker, true)) {
		pass_by(worker, other_side(from), packets, count);
		return;
	}
	for (uint32_t done = 0; done < count; done += WORKER_BURST) {
		start_burst(worker, &burst);
		parse(worker, &burst, from, &packets[done], RTE_MIN(WORKER_BURST, count - done),
		      true);
		handle_burst(worker, &burst);
	}
}
