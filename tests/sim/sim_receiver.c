/* SPDX-License-Identifier: BSD-3-Clause */
/* A small TCP receiver: cumulative and selective ACKs, D-SACK, delayed ACKs, window updates. */
#include "sim.h"

#define WINDOW_SHIFT 7
#define RECENT_MAX 8U
#define RECENT_LINUX 4U	  /* TCP_NUM_SACKS */
#define COMPRESS_AFTER 3U /* TCP_FASTRETRANS_THRESH duplicates go out at once */
#define COMPRESS_ACKS 44U /* net.ipv4.tcp_comp_sack_nr */

static uint16_t window_of(const struct sim *sim, const struct sim_receiver *receiver)
{
	uint32_t buffer = sim->params->receiver_bytes / sim->params->grain_bytes;
	uint32_t unread = receiver->next - receiver->read;
	uint32_t bytes = (unread < buffer ? buffer - unread : 0) * sim->params->grain_bytes;

	/* Rounded up, so that the right edge never goes back. */
	return (uint16_t)((bytes + (1U << WINDOW_SHIFT) - 1) >> WINDOW_SHIFT);
}

static uint32_t run_start(const struct sim_receiver *receiver, uint32_t grain)
{
	while (grain > receiver->next && receiver->have[grain - 1])
		grain--;
	return grain;
}

static uint8_t add_blocks(struct sim *sim, uint32_t flow, struct wire_view *view)
{
	struct sim_receiver *receiver = &sim->flows[flow].receiver;
	uint8_t most = sim->params->timestamps ? 3 : 4, count = 0;
	uint32_t firsts[WIRE_SACK_MAX], end = sim->params->grains + 1;

	if (!sim->params->sack)
		return 0;
	if (sim->params->no_dsack)
		receiver->dsack_end = 0;
	if (receiver->dsack_end) {
		view->sack[0].start = sim_seq(sim, flow, receiver->dsack_first);
		view->sack[0].end = sim_seq(sim, flow, receiver->dsack_end);
		firsts[count++] = UINT32_MAX;
		receiver->dsack_end = 0;
	}
	for (uint32_t i = 0; i < receiver->recents && count < most; i++) {
		uint32_t first = receiver->recent[i], last = first;
		bool known = false;

		if (first < receiver->next)
			continue;
		first = run_start(receiver, first);
		while (last < end && receiver->have[last])
			last++;
		for (uint8_t b = 0; b < count; b++)
			known |= firsts[b] == first;
		if (known)
			continue;
		firsts[count] = first;
		view->sack[count].start = sim_seq(sim, flow, first);
		view->sack[count].end = sim_seq(sim, flow, last);
		count++;
	}
	return count;
}

static void make_odd(struct sim *sim, struct wire_view *view)
{
	switch (sim_between(&sim->rng, 0, 60)) {
	case 0:
		view->payload_bytes = sim_between(&sim->rng, 1, 100);
		break;
	case 1:
		view->tcp_flags |= WIRE_TCP_URG;
		view->urgent = 1;
		break;
	case 2:
		view->has_other_option = view->sack_count < 3;
		break;
	case 3:
		view->tcp_flags |= WIRE_TCP_ECE;
		break;
	case 4:
		view->ecn = WIRE_ECN_ECT1;
		break;
	default:
		break;
	}
}

static void send_flags(struct sim *sim, uint32_t flow, uint8_t flags)
{
	struct sim_receiver *receiver = &sim->flows[flow].receiver;
	struct wire_view view = {
		.kind = WIRE_TCP,
		.tcp_flags = flags,
		.seq = receiver->seq,
		.ack = sim_seq(sim, flow, receiver->next),
		.window = window_of(sim, receiver),
		.has_timestamp = sim->params->timestamps,
	};
	struct sim_packet *packet;

	if (view.has_timestamp) {
		view.tsval = (uint32_t)(sim->now_us / 1000);
		view.tsecr = receiver->echo;
	}
	if (flags & WIRE_TCP_SYN) {
		view.seq--;
		view.has_window_scale = true;
		view.window_scale = WINDOW_SHIFT;
		view.sack_permitted = sim->params->sack;
		if (!(flags & WIRE_TCP_ACK))
			view.ack = 0;
	} else if (flags == WIRE_TCP_ACK) {
		view.sack_count = add_blocks(sim, flow, &view);
		if (sim->params->odd_acks)
			make_odd(sim, &view);
	}
	packet = sim_packet_new(sim, flow, false, &view);
	sim_packet_seal(sim, packet);
	sim_pipe_send(sim, SIM_BOX_RADIO, packet);
	receiver->pending = 0;
	receiver->delack_us = SNOOP_NEVER;
	if (receiver->compressed > COMPRESS_AFTER)
		receiver->compressed = COMPRESS_AFTER;
}

/* Linux sends no SACK for each segment after a hole (tcp_compressed_ack_kick()). @return true if
 * this one waits. */
static bool compress(struct sim *sim, struct sim_receiver *receiver)
{
	if (!sim->params->compress_us)
		return false;
	if (receiver->compress_next != receiver->next) {
		receiver->compress_next = receiver->next;
		receiver->compressed = 0;
	}
	if (receiver->compressed < COMPRESS_AFTER) {
		receiver->compressed++;
		return false;
	}
	if (++receiver->compressed > COMPRESS_AFTER + COMPRESS_ACKS) {
		receiver->compressed = COMPRESS_AFTER;
		return false;
	}
	if (receiver->delack_us == SNOOP_NEVER ||
	    receiver->delack_us > sim->now_us + sim->params->compress_us)
		receiver->delack_us = sim->now_us + sim->params->compress_us;
	return true;
}

static void remember(struct sim *sim, struct sim_receiver *receiver, uint32_t grain)
{
	uint32_t most = sim->params->compress_us ? RECENT_LINUX : RECENT_MAX, kept = 0, start;

	if (sim->params->compress_us) { /* one entry for each block */
		start = run_start(receiver, grain);
		for (uint32_t i = 0; i < receiver->recents; i++)
			if (receiver->recent[i] >= receiver->next &&
			    run_start(receiver, receiver->recent[i]) != start)
				receiver->recent[kept++] = receiver->recent[i];
		receiver->recents = kept;
	}
	for (uint32_t at = receiver->recents < most ? receiver->recents++ : most - 1; at > 0; at--)
		receiver->recent[at] = receiver->recent[at - 1];
	receiver->recent[0] = grain;
}

static void take_data(struct sim *sim, uint32_t flow, const struct sim_packet *packet)
{
	struct sim_receiver *receiver = &sim->flows[flow].receiver;
	uint32_t old = receiver->next, duplicate = 0, fresh = 0, highest = sim->params->grains + 1;
	bool now, split;

	for (uint32_t i = packet->first; i < packet->end; i++) {
		if (receiver->have[i]) {
			if (!duplicate++)
				receiver->dsack_first = i;
			receiver->dsack_end = i + 1;
			continue;
		}
		receiver->have[i] = 1;
		fresh++;
	}
	if (!fresh)
		sim->result->useless++;
	split = packet->end < highest && !receiver->have[packet->end];
	while (receiver->next < highest && receiver->have[receiver->next]) {
		receiver->next++;
		if (split && receiver->next < packet->end &&
		    sim_chance(&sim->rng, sim->params->split_ack_ppm))
			send_flags(sim, flow, WIRE_TCP_ACK);
	}
	if (sim->now_us < receiver->stall_us || sim->now_us >= receiver->resume_us)
		receiver->read = receiver->next;
	if (fresh && receiver->next <= packet->first)
		remember(sim, receiver, packet->first);
	/* At once: out of order, a hole filled, a duplicate; else every so many segments. */
	now = duplicate || receiver->next <= packet->first || receiver->next > packet->end ||
	      !sim->params->delayed_ack_us || receiver->next == highest;
	if (receiver->next > old && !now && ++receiver->pending < sim->params->ack_every) {
		receiver->delack_us = sim->now_us + sim->params->delayed_ack_us;
		return;
	}
	if (receiver->next <= packet->first && compress(sim, receiver))
		return;
	send_flags(sim, flow, WIRE_TCP_ACK);
}

void sim_receiver_input(struct sim *sim, uint32_t flow, struct sim_packet *packet)
{
	struct sim_flow *entry = &sim->flows[flow];
	struct sim_receiver *receiver = &entry->receiver;
	const struct wire_view *view = &packet->view;

	/* What was retransmitted before the box saw the new connection is not the box's fault. */
	if (!packet->good || packet->generation != entry->generation)
		return;
	if (view->tcp_flags & WIRE_TCP_RST)
		return;
	if (view->tcp_flags & WIRE_TCP_SYN) {
		receiver->established = true;
		receiver->connect_us = SNOOP_NEVER;
		send_flags(sim, flow,
			   sim->params->handshake == SIM_STATION_CLIENT
				   ? WIRE_TCP_ACK
				   : WIRE_TCP_SYN | WIRE_TCP_ACK);
		return;
	}
	if (sim->params->timestamps && packet->end && packet->first <= receiver->next)
		receiver->echo = view->tsval;
	if (packet->end) {
		receiver->established = true;
		receiver->connect_us = SNOOP_NEVER;
		take_data(sim, flow, packet);
		if (receiver->next == sim->params->grains + 1 && receiver->fin_us == SNOOP_NEVER)
			receiver->fin_us = sim->now_us + sim_between(&sim->rng, 0, 5000);
	} else if (packet->old_news) {
		send_flags(sim, flow, WIRE_TCP_ACK);
	}
}

uint64_t sim_receiver_due_us(const struct sim *sim, uint32_t flow)
{
	const struct sim_receiver *receiver = &sim->flows[flow].receiver;

	return min_u64(min_u64(receiver->delack_us, receiver->resume_us),
		       min_u64(receiver->connect_us, receiver->fin_us));
}

static void plan_stall(struct sim *sim, struct sim_receiver *receiver)
{
	receiver->stall_us = receiver->resume_us = SNOOP_NEVER;
	if (!receiver->stalls)
		return;
	receiver->stalls--;
	receiver->stall_us = sim->now_us + sim_between(&sim->rng, 0, 300000);
	receiver->resume_us = receiver->stall_us + sim_between(&sim->rng, 1000, 800000);
}

void sim_receiver_timer(struct sim *sim, uint32_t flow)
{
	struct sim_receiver *receiver = &sim->flows[flow].receiver;

	if (sim->now_us >= receiver->connect_us) {
		receiver->connect_us = sim->now_us + 1000000;
		send_flags(sim, flow, WIRE_TCP_SYN);
	}
	if (sim->now_us >= receiver->delack_us)
		send_flags(sim, flow, WIRE_TCP_ACK);
	if (sim->now_us >= receiver->resume_us) {
		bool update = receiver->read != receiver->next;

		receiver->read = receiver->next;
		plan_stall(sim, receiver);
		if (update)
			send_flags(sim, flow, WIRE_TCP_ACK);
	}
	if (sim->now_us >= receiver->fin_us) {
		receiver->fin_us = receiver->fins++ < 3 ? sim->now_us + 300000 : SNOOP_NEVER - 1;
		if (receiver->fins <= 3)
			send_flags(sim, flow, WIRE_TCP_ACK | WIRE_TCP_FIN);
	}
}

void sim_receiver_start(struct sim *sim, uint32_t flow)
{
	struct sim_receiver *receiver = &sim->flows[flow].receiver;

	for (uint32_t i = 0; i <= sim->params->grains; i++)
		receiver->have[i] = 0;
	*receiver = (struct sim_receiver){
		.have = receiver->have,
		.seq = sim_random(&sim->rng),
		.delack_us = SNOOP_NEVER,
		.connect_us =
			sim->params->handshake == SIM_STATION_CLIENT ? sim->now_us : SNOOP_NEVER,
		.fin_us = SNOOP_NEVER,
		.stalls = sim->params->stalls,
	};
	plan_stall(sim, receiver);
}
