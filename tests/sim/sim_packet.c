/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that notice misuse, the frames of them, and the pipes that carry them. */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define POISON 0xdd

static uint32_t digest(const struct sim_packet *packet)
{
	const uint8_t *view = (const uint8_t *)&packet->view;
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < sizeof(packet->view); i++)
		hash = (hash ^ view[i]) * 16777619U;
	for (uint32_t i = 0; packet->frame && i < packet->frame_bytes; i++)
		hash = (hash ^ packet->frame[i]) * 16777619U;
	return hash;
}

struct sim_packet *sim_packet_new(struct sim *sim, uint32_t flow, bool from_wired,
				  const struct wire_view *view)
{
	struct sim_packet *packet = calloc(1, sizeof(*packet));
	const uint8_t v4 = sim->params->ipv6 ? 0x20 : 198;
	const uint8_t station = (uint8_t)(2 + flow % sim->params->stations);

	if (sim->packet_count == sim->packet_size) {
		sim->packet_size = sim->packet_size ? 2 * sim->packet_size : 1024;
		sim->packets = realloc(sim->packets, sim->packet_size * sizeof(*sim->packets));
	}
	sim->packets[sim->packet_count++] = packet;
	memcpy(&packet->view, view, sizeof(*view));
	packet->view.ip_version = sim->params->ipv6 ? 6 : 4;
	packet->view.src[0] = packet->view.dst[0] = v4;
	packet->view.src[3] = from_wired ? 1 : station;
	packet->view.dst[3] = from_wired ? station : 1;
	packet->view.src_port = (uint16_t)(from_wired ? 80 : 5000 + flow);
	packet->view.dst_port = (uint16_t)(from_wired ? 5000 + flow : 80);
	packet->flow = flow;
	packet->generation = sim->flows[flow].generation;
	packet->refs = 1;
	packet->good = true;
	return packet;
}

static uint8_t *put(uint8_t *at, uint32_t value, unsigned int bytes)
{
	while (bytes-- > 0)
		*at++ = (uint8_t)(value >> (8 * bytes));
	return at;
}

static uint8_t *put_options(uint8_t *at, const struct wire_view *view)
{
	const uint8_t *start = at;

	if (view->has_mss)
		at = put(at, 0x02040000U | view->mss, 4);
	if (view->has_window_scale)
		at = put(at, 0x01030300U | view->window_scale, 4);
	if (view->sack_permitted)
		at = put(at, 0x01010402U, 4);
	if (view->has_timestamp) {
		at = put(at, 0x0101080aU, 4);
		at = put(at, view->tsval, 4);
		at = put(at, view->tsecr, 4);
	}
	if (view->sack_count) {
		at = put(at, 0x01010500U | (2U + 8U * view->sack_count), 4);
		for (int i = 0; i < view->sack_count; i++) {
			at = put(at, view->sack[i].start, 4);
			at = put(at, view->sack[i].end, 4);
		}
	}
	if (view->has_other_option && at - start <= 36)
		at = put(at, 0xfd040000U, 4);
	return at;
}

static void build(struct sim_packet *packet)
{
	const struct wire_view *view = &packet->view;
	uint8_t options[64] = {0}, *at;
	uint32_t option_bytes = (uint32_t)(put_options(options, view) - options);
	uint32_t ip_bytes = view->ip_version == 6 ? 40 : 20;
	uint32_t l4_bytes = 20 + option_bytes + view->payload_bytes, sum;
	struct wire_view parsed;

	packet->frame_bytes = 14 + ip_bytes + l4_bytes;
	packet->frame = calloc(1, packet->frame_bytes);
	at = put(packet->frame + 12, view->ip_version == 6 ? 0x86dd : 0x0800, 2);
	if (view->ip_version == 6) {
		at = put(at, 0x60000000U | (uint32_t)view->ecn << 20, 4);
		at = put(at, l4_bytes << 16 | 0x0640, 4);
		memcpy(at, view->src, 16);
		memcpy(at + 16, view->dst, 16);
		at += 32;
	} else {
		at = put(at, 0x45000000U | (uint32_t)view->ecn << 16 | (20 + l4_bytes), 4);
		at = put(at, 0x4000, 4);
		at = put(at, 0x40060000U, 4);
		memcpy(at, view->src, 4);
		memcpy(at + 4, view->dst, 4);
		at += 8;
		sum = wire_sum_add(0, packet->frame + 14, 20, false) ^ 0xffffU;
		memcpy(packet->frame + 24, &(uint16_t){(uint16_t)sum}, 2);
	}
	at = put(at, (uint32_t)view->src_port << 16 | view->dst_port, 4);
	at = put(at, view->seq, 4);
	at = put(at, view->ack, 4);
	at = put(at, (5 + option_bytes / 4) << 28 | (uint32_t)view->tcp_flags << 16 | view->window,
		 4);
	at = put(at, view->urgent, 4);
	memcpy(at, options, option_bytes);
	at += option_bytes;
	for (uint32_t i = 0; i < view->payload_bytes; i++)
		*at++ = (uint8_t)(view->seq + i);
	wire_parse(packet->frame, packet->frame_bytes, packet->frame_bytes, &parsed);
	at = packet->frame + parsed.l4_offset;
	sum = wire_sum_add(wire_sum_pseudo(&parsed), at, l4_bytes, false) ^ 0xffffU;
	if (packet->good)
		memcpy(at + 16, &(uint16_t){(uint16_t)sum}, 2);
	else
		at[16] = (uint8_t)~sum;
	packet->view = parsed;
}

void sim_packet_seal(struct sim *sim, struct sim_packet *packet)
{
	struct wire_view *view = &packet->view;
	uint32_t headers = 54;

	packet->frame_bytes = headers + (view->has_timestamp ? 12 : 0) + view->payload_bytes;
	view->ip_total_bytes = packet->frame_bytes - 14;
	if (sim->params->frames) {
		struct wire_view meant = *view;

		build(packet);
		if (view->kind != WIRE_TCP || view->seq != meant.seq || view->ack != meant.ack ||
		    view->payload_bytes != meant.payload_bytes || view->window != meant.window ||
		    view->sack_count != meant.sack_count || view->options_malformed ||
		    view->tcp_flags != meant.tcp_flags || view->ecn != meant.ecn)
			sim_fail(sim, "a frame was parsed into something else");
		if (wire_tcp_checksum_ok(packet->frame, packet->frame_bytes, view) != packet->good)
			sim_fail(sim, "checksum verdict is not %d", packet->good);
	}
	packet->checksum = digest(packet);
}

void sim_packet_verify(struct sim *sim, struct sim_packet *packet, const char *where)
{
	if (packet->dead)
		sim_fail(sim, "%s: use of a freed packet", where);
	else if (digest(packet) != packet->checksum)
		sim_fail(sim, "%s: a packet was changed", where);
}

void sim_packet_ref(struct sim *sim, struct sim_packet *packet)
{
	if (packet->dead || !packet->refs)
		sim_fail(sim, "reference to a freed packet");
	packet->refs++;
}

void sim_packet_unref(struct sim *sim, struct sim_packet *packet)
{
	if (packet->dead || !packet->refs) {
		sim_fail(sim, "double drop");
		return;
	}
	if (--packet->refs)
		return;
	sim_packet_verify(sim, packet, "free");
	packet->dead = true;
	free(packet->frame);
	packet->frame = NULL;
	memset(&packet->view, POISON, sizeof(packet->view));
}

void sim_packets_free(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->packet_count; i++) {
		free(sim->packets[i]->frame);
		free(sim->packets[i]);
	}
	free(sim->packets);
}

static bool is_lost(struct sim *sim, struct sim_pipe *pipe)
{
	const struct sim_pipe_params *params = pipe->params;
	uint32_t mean = params->burst_mean;

	if (pipe->to != SIM_BOX_WIRED && pipe->to != SIM_SENDER &&
	    sim->now_us - sim->params->outage_us < sim->params->outage_length_us)
		return true;
	if (!params->loss_ppm)
		return false;
	if (mean <= 1)
		return sim_chance(&sim->rng, params->loss_ppm);
	/* Everything is lost in the bad state: the mean run and the share give both transitions. */
	if (pipe->bad)
		pipe->bad = !sim_chance(&sim->rng, 1000000 / mean);
	else
		pipe->bad = sim_chance(&sim->rng, (uint32_t)((uint64_t)params->loss_ppm * 1000000 /
							     (1000000 - params->loss_ppm) / mean));
	return pipe->bad;
}

static struct sim_packet *copy_of(struct sim *sim, const struct sim_packet *packet)
{
	struct sim_packet *copy =
		sim_packet_new(sim, packet->flow, packet->view.src_port == 80, &packet->view);

	copy->first = packet->first;
	copy->end = packet->end;
	copy->good = packet->good;
	copy->old_news = packet->old_news;
	copy->generation = packet->generation;
	sim_packet_seal(sim, copy);
	return copy;
}

/* @return true if the station has no copy of the segment, and none is under way to it. */
static bool is_missed(const struct sim *sim, const struct sim_packet *packet)
{
	if (sim->flows[packet->flow].receiver.have[packet->first])
		return false;
	for (uint32_t i = 0; i < sim->heap_count; i++) {
		const struct sim_event *event = &sim->heap[i];

		if (event->place == SIM_STATION && event->packet->flow == packet->flow &&
		    event->packet->first <= packet->first && event->packet->end > packet->first)
			return false;
	}
	return true;
}

static void count_data(struct sim *sim, enum sim_place to, const struct sim_packet *packet,
		       bool lost)
{
	if (!packet->view.payload_bytes)
		return;
	if (to == SIM_STATION) {
		sim->result->radio_data += !lost;
		sim->result->radio_lost += lost;
		sim->result->radio_missed += lost && is_missed(sim, packet);
	} else if (to == SIM_BOX_WIRED) {
		sim->result->wired_data += !lost;
		sim->result->wired_lost += lost;
	}
}

/* @return when the packet arrives, if it is not lost. */
static uint64_t arrival_us(struct sim *sim, struct sim_pipe *pipe)
{
	const struct sim_pipe_params *params = pipe->params;
	uint64_t at_us = pipe->free_us + params->delay_us;

	if (params->step_us && sim->now_us >= params->step_at_us)
		at_us += params->step_us;
	if (params->jitter_us)
		at_us += sim_between(&sim->rng, 0, params->jitter_us);
	if (params->stall_every_us && at_us % params->stall_every_us < params->stall_us)
		at_us += params->stall_us - at_us % params->stall_every_us;
	return pipe->last_us = at_us > pipe->last_us ? at_us : pipe->last_us;
}

/* Takes over the caller's reference. */
void sim_pipe_send(struct sim *sim, enum sim_place to, struct sim_packet *packet)
{
	struct sim_pipe *pipe = &sim->pipes[to];
	const struct sim_pipe_params *params = pipe->params;
	uint64_t start_us = pipe->free_us > sim->now_us ? pipe->free_us : sim->now_us;
	uint64_t at_us;

	if ((start_us - sim->now_us) * params->bytes_per_ms / 1000 > params->queue_bytes) {
		sim->result->queue_drops++;
		sim->result->radio_drops += to == SIM_STATION;
		count_data(sim, to, packet, true);
		if (to == SIM_STATION && sim->params->backlog)
			snoop_engine_tx_backlog(sim->engine, sim->now_us);
		sim_packet_unref(sim, packet);
		return;
	}
	pipe->free_us = start_us + packet->frame_bytes * 1000ULL / params->bytes_per_ms + 1;
	at_us = arrival_us(sim, pipe);
	count_data(sim, to, packet, false);
	if (is_lost(sim, pipe)) {
		count_data(sim, to, packet, true);
		sim_packet_unref(sim, packet);
		return;
	}
	if (sim_chance(&sim->rng, params->reorder_ppm))
		at_us += sim_between(&sim->rng, 1, params->reorder_us + 1);
	if (sim_chance(&sim->rng, params->duplicate_ppm)) {
		uint64_t copy_us = at_us + sim_between(&sim->rng, 0, params->duplicate_us);

		/* The box receives two buffers, the hosts do not care. */
		if (to == SIM_BOX_WIRED || to == SIM_BOX_RADIO) {
			sim_push(sim, copy_us, to, copy_of(sim, packet));
		} else {
			sim_packet_ref(sim, packet);
			sim_push(sim, copy_us, to, packet);
		}
	}
	sim_push(sim, at_us, to, packet);
}
