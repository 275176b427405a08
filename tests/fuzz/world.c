/* SPDX-License-Identifier: BSD-3-Clause */
/* The worker's part: packets, flow records, verdicts, time. */
#include <string.h>

#include <snoop/judge/rtt.h>
#include <snoop/store/records.h>

#include "oracle.h"

#define OLD_ACK_BYTES (16u << 20) /* an ACK further back belongs to another connection */
#define SHIELD_COPIES 128u	  /* of one packet of the sender */
#define DUPLICATE_US 2000u	  /* before the first round trip is known */
#define TIMER_CALLS 8u		  /* until a deadline lies in the future */
#define WAIT_CALLS 4000u

struct world *world_open(const struct snoop_config *config)
{
	struct world *world = calloc(1, sizeof(*world));
	size_t bytes = snoop_engine_bytes(config);

	if (!world)
		abort();
	world->memory = aligned_alloc(64, bytes);
	if (!world->memory)
		abort();
	memset(world->memory, 0xa5, bytes);
	world->config = *config;
	world->engine = snoop_engine_init(world->memory, &world->config, &oracle_ops, world,
					  &world->counters, 42);
	world->now_us = 10 * USEC_PER_SEC;
	world->checksum_ok = world->handles = true;
	world_configure(world, config);
	return world;
}

void world_configure(struct world *world, const struct snoop_config *config)
{
	world->config = *config;
	snoop_engine_configure(world->engine, config);
	world->tries_max =
		config->tries_max > world->tries_max ? config->tries_max : world->tries_max;
	world->withhold_acks = config->withhold_acks > world->withhold_acks ? config->withhold_acks
									    : world->withhold_acks;
	world->cache_bytes = max_u64(config->cache_bytes, world->cache_bytes);
}

static void forget_history(struct flow *flow)
{
	flow->heard = false;
	flow->answers = 0;
}

void world_forget(struct world *world, uint32_t index)
{
	struct flow *flow = &world->flows[index];

	if (!flow->exists)
		return;
	world->call = CALL_END;
	world->current = index;
	snoop_flow_close(world->engine, &flow->engine);
	flow->exists = false;
	forget_history(flow);
	oracle_step(world);
}

void world_set_level(struct world *world, uint32_t index, enum snoop_level level)
{
	struct flow *flow = &world->flows[index];

	if (!flow->exists || flow->engine.level == level)
		return;
	world->call = CALL_END;
	world->current = index;
	snoop_flow_set_level(world->engine, &flow->engine, level);
	FUZZ_CHECK(!flow->engine.cached_count, "bytes survive a change of level");
	forget_history(flow);
	oracle_step(world);
}

void world_close(struct world *world)
{
	for (uint32_t i = 0; i < WORLD_FLOWS; i++)
		world_forget(world, i);
	world->call = CALL_END;
	snoop_engine_flush(world->engine);
	for (uint32_t i = 0; i < world->packet_count; i++) {
		FUZZ_CHECK(!world->packets[i]->engine_refs, "packet %u was not given back", i);
		oracle_sealed(world->packets[i]);
		free(world->packets[i]);
	}
	FUZZ_CHECK(!world->counters.cache_segments && !world->counters.cache_bytes &&
			   !world->counters.acks_withheld_now && !world->counters.flows_helped,
		   "gauges at the end");
	free(world->memory);
	free(world);
}

static struct packet *make_packet(struct world *world, uint32_t flow, enum snoop_side from,
				  const struct wire_view *view)
{
	struct packet *packet = calloc(1, sizeof(*packet));

	if (!packet)
		abort();
	packet->number = world->packet_count;
	packet->came_us = world->now_us;
	world->packets[world->packet_count++] = packet;
	memcpy(&packet->view, view, sizeof(*view));
	memcpy(&packet->sealed, view, sizeof(*view));
	packet->flow = flow;
	packet->generation = world->flows[flow].generation;
	packet->from_wired = from == SNOOP_WIRED;
	return packet;
}

static void address(uint32_t flow, enum snoop_side from, struct wire_view *view)
{
	bool wired = from == SNOOP_WIRED;

	view->kind = WIRE_TCP;
	view->ip_version = 4;
	view->src_port = (uint16_t)(wired ? 80 : 5000 + flow);
	view->dst_port = (uint16_t)(wired ? 5000 + flow : 80);
	memcpy(view->src, (uint8_t[]){192, 0, 2, wired ? 1 : (uint8_t)(2 + flow / 2)}, 4);
	memcpy(view->dst, (uint8_t[]){192, 0, 2, wired ? (uint8_t)(2 + flow / 2) : 1}, 4);
	if (flow == 3) {
		view->vlan_count = 1;
		view->vlan[0] = 0x81000005;
	}
}

static uint8_t ecn_of(const struct wire_view *view)
{
	return (uint8_t)(view->ecn | (view->tcp_flags & (WIRE_TCP_ECE | WIRE_TCP_CWR)) |
			 view->tcp_ae << 2);
}

static bool is_old_ack(const struct flow *flow, uint32_t ack)
{
	return flow->heard && seq_lt(ack, flow->ack) && flow->ack - ack <= OLD_ACK_BYTES;
}

/* @return true if the engine believes what this ACK says. */
static bool counts(const struct world *world, const struct flow *flow, const struct wire_view *view)
{
	return world->checksum_ok && !view->options_malformed && (view->tcp_flags & WIRE_TCP_ACK) &&
	       !(view->tcp_flags & WIRE_TCP_RST) && flow->engine.started && !flow->engine.closed &&
	       flow->engine.level != SNOOP_LEVEL_BYPASS && !is_old_ack(flow, view->ack);
}

static void input_ack(struct world *world, struct packet *packet,
		      const struct snoop_packet *described)
{
	struct flow *flow = flow_now(world);
	const struct wire_view *view = &packet->view;
	bool believed = counts(world, flow, view);
	bool duplicate = flow->heard && flow->ack == view->ack && flow->window == view->window;
	bool heard_before = duplicate && flow->ecn == ecn_of(view);
	uint32_t open = flow->engine.open_count, resets = (uint32_t)world->counters.flows_reset;
	uint64_t credit = min_u64(flow->engine.credit, world->config.allowance_segments);
	enum snoop_verdict verdict;

	world->call = CALL_ACK;
	if (believed) {
		if (flow->heard && flow->ack != view->ack)
			flow->answers = 0;
		flow->heard = true;
		flow->ack = view->ack;
		flow->window = view->window;
		flow->ecn = ecn_of(view);
	}
	verdict = snoop_flow_ack(world->engine, &flow->engine, described, world->now_us);
	/* Packet conservation: as much as arrived, the allowance, one for a duplicate, one for a
	 * probe. */
	FUZZ_CHECK(world->retransmits <= credit + (open - flow->engine.open_count) + 2,
		   "%u retransmits, allowed %lu", world->retransmits,
		   credit + (open - flow->engine.open_count) + 2);
	FUZZ_CHECK(!world->shields, "an ACK shields");
	if (verdict == SNOOP_WITHHOLD) {
		oracle_trace(world, "withhold", packet);
		oracle_withheld(world, packet, described->checksum_ok && described->handle,
				heard_before);
		packet->withheld = true;
		packet->engine_refs++;
		packet->release_by_us = world->now_us + world->config.withhold_max_us;
		flow->withheld[flow->withheld_tail++ % WORLD_WITHHELD] = packet;
	} else {
		FUZZ_CHECK(flow->withheld_head == flow->withheld_tail,
			   "an ACK overtakes withheld ones");
		packet->forwarded = true;
		if (believed && flow->answers && duplicate)
			flow->answers--;
	}
	if (world->counters.flows_reset != resets) {
		/* A new beginning: with this ACK, if there is anything to believe in it. */
		forget_history(flow);
		flow->heard = believed;
	}
}

/* No sender retransmits before the station could answer: the wire has brought the packet twice. */
static bool is_wired_duplicate(struct world *world, const struct packet *packet,
			       const struct packet *older)
{
	uint64_t rtt_us = rtt_min_us(world->engine, &flow_now(world)->engine);

	return packet->view.seq == older->view.seq &&
	       packet->view.payload_bytes == older->view.payload_bytes &&
	       packet->view.tsval == older->view.tsval && !older->retransmits &&
	       world->now_us - older->came_us < (rtt_us ? rtt_us : DUPLICATE_US);
}

/* The sender's own copy of what the engine holds: from now on its ACKs are news to the sender. */
static void note_sender_copies(struct world *world, struct packet *packet)
{
	uint32_t end = packet->view.seq + wire_segment_bytes(&packet->view);

	for (uint32_t i = 0; i + 1 < world->packet_count && end != packet->view.seq; i++) {
		struct packet *older = world->packets[i];

		if (!older->engine_refs || older->flow != packet->flow || !older->from_wired ||
		    seq_geq(older->view.seq, end) ||
		    seq_leq(older->view.seq + wire_segment_bytes(&older->view), packet->view.seq))
			continue;
		older->taken_up |= !is_wired_duplicate(world, packet, older);
		packet->taken_up |= older->taken_up;
	}
}

static void input_data(struct world *world, struct packet *packet,
		       const struct snoop_packet *described)
{
	struct flow *flow = flow_now(world);
	const struct wire_view *view = &packet->view;
	uint32_t resets = (uint32_t)world->counters.flows_reset;
	uint32_t end = view->seq + wire_segment_bytes(view);

	world->call = CALL_DATA;
	if (flow->heard && world->checksum_ok && !view->options_malformed && !flow->engine.closed &&
	    seq_leq(end, flow->ack) && flow->ack - end <= 1u << 30 &&
	    (view->payload_bytes || seq_lt(view->seq, flow->ack)) && flow->answers < UINT8_MAX)
		flow->answers++;
	if (world->checksum_ok && !view->options_malformed)
		note_sender_copies(world, packet);
	snoop_flow_data(world->engine, &flow->engine, described, world->now_us);
	FUZZ_CHECK(!world->retransmits && world->shields <= SHIELD_COPIES,
		   "%u retransmits, %u shields", world->retransmits, world->shields);
	packet->forwarded = true;
	if (world->counters.flows_reset != resets) {
		forget_history(flow);
		packet->taken_up = false; /* the first of a new beginning */
	}
}

void world_input(struct world *world, uint32_t index, enum snoop_side from, struct wire_view *view,
		 enum snoop_level level)
{
	struct flow *flow = &world->flows[index];
	struct snoop_packet described = {.frame_bytes = 66 + view->payload_bytes,
					 .checksum_ok = world->checksum_ok};
	struct packet *packet;

	if (world->packet_count == WORLD_PACKETS)
		return;
	if (!(view->tcp_flags & (WIRE_TCP_SYN | WIRE_TCP_RST | WIRE_TCP_ACK)))
		view->tcp_flags |= WIRE_TCP_ACK; /* else the parser does not call it TCP */
	address(index, from, view);
	snoop_key_of(&flow->key, view, from, 0);
	if (view->tcp_flags & WIRE_TCP_SYN) {
		world_forget(world, index);
		flow->generation++;
	}
	packet = make_packet(world, index, from, view);
	described.view = &packet->view;
	described.handle = world->handles ? packet : NULL;
	oracle_trace(world, from == SNOOP_WIRED ? "wired" : "radio", packet);
	world->current = index;
	world->retransmits = world->shields = 0;
	world->call = CALL_NONE;
	if (!flow->exists && from == SNOOP_WIRED && view->payload_bytes &&
	    !view->options_malformed && !(view->tcp_flags & (WIRE_TCP_SYN | WIRE_TCP_RST))) {
		snoop_flow_init(world->engine, &flow->engine, &flow->key, level, world->now_us);
		flow->exists = true;
	}
	if (flow->exists && from == SNOOP_WIRED) {
		snoop_data_prefetch(world->engine, &flow->engine);
	} else if (flow->exists) {
		snoop_ack_prefetch(world->engine, &flow->engine, view->sack_count > 0);
		snoop_ack_prefetch_more(world->engine,
					snoop_ack_prefetch_next(world->engine, &flow->engine));
	}
	if (view->tcp_flags & WIRE_TCP_SYN)
		snoop_syn(world->engine, &flow->key, &described, from, world->now_us);
	else if (!flow->exists)
		snoop_handshake_done(world->engine, &flow->key, view, from, world->now_us);
	else if (from == SNOOP_WIRED)
		input_data(world, packet, &described);
	else
		input_ack(world, packet, &described);
	packet->forwarded |= !packet->withheld;
	oracle_step(world);
}

/* ---- Time ---- */

static void serve_flow(struct world *world, uint32_t index)
{
	struct flow *flow = &world->flows[index];
	/* What a large ACK covers is taken out in portions, too. */
	uint32_t calls_max =
		TIMER_CALLS + (flow->exists ? flow->engine.cached_count / SEGMENT_PORTION_MIN : 0);

	world->current = index;
	for (uint32_t calls = 0;
	     flow->exists && snoop_flow_deadline_us(&flow->engine) <= world->now_us; calls++) {
		uint64_t credit = flow->engine.credit;

		FUZZ_CHECK(calls < calls_max, "the flow's deadline stays in the past");
		world->call = CALL_TIMER;
		world->retransmits = world->shields = 0;
		snoop_flow_timer(world->engine, &flow->engine, world->now_us);
		FUZZ_CHECK(world->retransmits <= credit + 1 && !world->shields, "%u retransmits",
			   world->retransmits);
		oracle_step(world);
	}
}

/* What closed flows left is freed in portions, one for each call: until then the engine wants to be
 * called again at once. */
static void serve_engine(struct world *world)
{
	uint32_t calls_max = world->engine->segment_count / SEGMENT_PORTION_MIN + TIMER_CALLS;

	world->call = CALL_SYN_TIMER;
	for (uint32_t calls = 0;
	     calls == 0 || snoop_engine_deadline_us(world->engine) <= world->now_us; calls++) {
		FUZZ_CHECK(calls < calls_max, "the engine's deadline stays in the past");
		snoop_engine_timer(world->engine, world->now_us);
		oracle_step(world);
	}
}

static void serve(struct world *world)
{
	serve_engine(world);
	for (uint32_t i = 0; i < WORLD_FLOWS; i++)
		serve_flow(world, i);
	oracle_step(world);
	oracle_overdue(world);
}

static uint64_t next_deadline_us(const struct world *world)
{
	uint64_t next_us = snoop_engine_deadline_us(world->engine);

	for (uint32_t i = 0; i < WORLD_FLOWS; i++)
		if (world->flows[i].exists)
			next_us = min_u64(next_us, snoop_flow_deadline_us(&world->flows[i].engine));
	return next_us;
}

void world_wait(struct world *world, uint64_t us, bool late)
{
	uint64_t end_us = world->now_us + us;

	for (uint32_t calls = 0; !late && next_deadline_us(world) <= end_us && calls < WAIT_CALLS;
	     calls++) {
		world->now_us = max_u64(world->now_us, next_deadline_us(world));
		serve(world);
	}
	world->now_us = end_us;
	serve(world);
}
