/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/datapath/tcp.h>

#include <snoopd/datapath/flows.h>
#include <snoopd/datapath/packet.h>
#include <snoopd/datapath/trace.h>
#include <snoopd/datapath/worker.h>

/* Trust the NIC only when it reports GOOD and the operator enabled it ([ports] checksum = nic; some
 * drivers set the flag unasked). Anything else is verified in software. */
inline bool tcp_must_verify(bool trusts_nic, const struct rte_mbuf *packet,
			    const struct wire_view *view)
{
	uint64_t both = RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK;
	uint64_t good = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;

	if (!trusts_nic)
		return true;
	if (likely((packet->ol_flags & both) == good))
		return false;
	return view->ip_version != 6 ||
	       (packet->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) != RTE_MBUF_F_RX_L4_CKSUM_GOOD;
}

inline void tcp_prefetch_payload(const struct rte_mbuf *packet)
{
	const uint8_t *frame = rte_pktmbuf_mtod(packet, const uint8_t *);

	for (uint32_t at = 2 * RTE_CACHE_LINE_SIZE; at < packet->data_len;
	     at += RTE_CACHE_LINE_SIZE)
		rte_prefetch0(frame + at);
	/* Where a frame does not begin at the border of a line. */
	rte_prefetch0(frame + packet->data_len - 1);
}

static __rte_noinline bool chain_ok(const struct rte_mbuf *packet, const struct wire_view *view)
{
	uint32_t skip = view->l4_offset, left = wire_l4_bytes(view), done = 0, sum;

	if (!wire_ip_checksum_ok(rte_pktmbuf_mtod(packet, const uint8_t *), view))
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

static inline bool checksum_ok(const struct rte_mbuf *packet, const struct wire_view *view)
{
	return likely(packet->nb_segs == 1)
		       ? wire_tcp_checksum_ok(rte_pktmbuf_mtod(packet, const uint8_t *),
					      packet->data_len, view)
		       : chain_ok(packet, view);
}

static __rte_cold __rte_noinline void count_invalid(struct worker_link *link, enum snoop_side from,
						    const struct rte_mbuf *packet,
						    const struct wire_view *view)
{
	const uint8_t *frame = rte_pktmbuf_mtod(packet, const uint8_t *);
	bool unfinished = wire_tcp_checksum_unfinished(frame, view);

	if (from == SNOOP_WIRED) {
		link->counters.checksum_wired_invalid++;
		link->counters.checksum_wired_unfinished += unfinished;
	} else {
		link->counters.checksum_wireless_invalid++;
		link->counters.checksum_wireless_unfinished += unfinished;
	}
}

/* Verify what the NIC did not. */
static inline bool is_valid(struct worker_link *link, enum snoop_side from,
			    const struct burst_slot *slot, const struct rte_mbuf *packet)
{
	if (likely(!slot->verify || checksum_ok(packet, &slot->view)))
		return true;
	count_invalid(link, from, packet, &slot->view);
	return false;
}

static void syn_input(struct worker_link *link, enum snoop_side from, const struct burst_slot *slot,
		      const struct rte_mbuf *mbuf, struct snoop_packet *packet)
{
	enum snoop_level level = config_level_for(link->config, &slot->key);

	/* A new connection: no byte of the old one may reach it. */
	if (slot->record != NULL) {
		link->counters.flows_reset++;
		flows_remove(link->worker, slot->record);
	}
	if (level == SNOOP_LEVEL_BYPASS) {
		snoop_syn_forget(link->engine, &slot->key);
		return;
	}
	if (level == SNOOP_LEVEL_OBSERVE)
		packet->handle = NULL; /* learnt from, never retransmitted */
	packet->checksum_ok = is_valid(link, from, slot, mbuf);
	link->counters.pass_bad_checksum += !packet->checksum_ok;
	snoop_syn(link->engine, &slot->key, packet, from, link->worker->now_us);
}

/* TCP that no flow has. Its payload is not read for the checksum, unless that looks unfinished:
 * nothing is decided by such a packet. */
static void count_without_flow(struct worker_link *link, enum snoop_side from,
			       const struct burst_slot *slot, const struct rte_mbuf *packet)
{
	const struct wire_view *view = &slot->view;
	const struct worker *worker = link->worker;
	struct flow_record *record = NULL;

	if (wire_tcp_checksum_unfinished(rte_pktmbuf_mtod(packet, const uint8_t *), view))
		(void)is_valid(link, from, slot, packet);
	if (from == SNOOP_WIRELESS && (view->tcp_flags & WIRE_TCP_ACK))
		record = flow_other_vlan_find(&worker->other_vlan, &worker->table, &slot->key,
					      view->ack, worker->secret);
	if (likely(record == NULL)) {
		link->counters.pass_no_flow++;
		return;
	}
	record->other_vlan = true;
	link->counters.pass_other_vlan++;
}

/* The packet belongs to no flow. @return the record of a flow that begins with it, or NULL. */
static __rte_noinline struct flow_record *begin_flow(struct worker_link *link, enum snoop_side from,
						     const struct burst_slot *slot,
						     const struct rte_mbuf *packet)
{
	const struct wire_view *view = &slot->view;

	if (view->options_malformed) {
		link->counters.pass_bad_options++;
		return NULL;
	}
	if (from == SNOOP_WIRED && view->payload_bytes > 0 && !(view->tcp_flags & WIRE_TCP_RST))
		return flows_create(link, &slot->key, slot->hash);
	snoop_handshake_done(link->engine, &slot->key, view, from, link->worker->now_us);
	count_without_flow(link, from, slot, packet);
	return NULL;
}

__rte_always_inline struct rte_mbuf *tcp_input(struct worker *worker, struct worker_link *link,
					       enum snoop_side from, struct burst_slot *slot,
					       struct rte_mbuf *mbuf)
{
	struct snoop_packet packet = {
		.view = &slot->view,
		.frame_bytes = rte_pktmbuf_pkt_len(mbuf),
	};
	enum snoop_verdict verdict = SNOOP_FORWARD;
	struct flow_record *record;

	if (slot->view.tcp_flags & WIRE_TCP_SYN) {
		mbuf = packet_keep(worker, mbuf, &packet.handle);
		syn_input(link, from, slot, mbuf, &packet);
		return mbuf;
	}
	record = likely(slot->record != NULL) ? slot->record : begin_flow(link, from, slot, mbuf);
	if (record == NULL)
		return mbuf;
	if (record->flow.level == SNOOP_LEVEL_BYPASS) {
		snoop_flow_seen(&record->flow, &slot->view, from, worker->now_us);
		link->counters.pass_bypass++;
		return mbuf;
	}
	if (likely(record->flow.level != SNOOP_LEVEL_OBSERVE)) /* which keeps none */
		mbuf = packet_keep(worker, mbuf, &packet.handle);
	packet.checksum_ok = is_valid(link, from, slot, mbuf);
	if (from == SNOOP_WIRED) {
		snoop_flow_data(link->engine, &record->flow, &packet, worker->now_us);
	} else {
		verdict = snoop_flow_ack(link->engine, &record->flow, &packet, worker->now_us);
	}
	flow_timer_update(&worker->timers, record, worker->now_us);
	return verdict == SNOOP_FORWARD ? mbuf : NULL;
}

__rte_cold __rte_noinline struct rte_mbuf *
tcp_input_traced(struct worker *worker, struct worker_link *link, enum snoop_side from,
		 struct burst_slot *slot, struct rte_mbuf *mbuf)
{
	enum snoop_side to = from == SNOOP_WIRED ? SNOOP_WIRELESS : SNOOP_WIRED;
	struct trace_before before = trace_before(link);
	struct trace_packet *traced = trace_begin(link, &slot->key, to, mbuf);

	mbuf = tcp_input(worker, link, from, slot, mbuf);
	if (traced != NULL)
		trace_end(link, traced, &before, mbuf == NULL);
	return mbuf;
}
