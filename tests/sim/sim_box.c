/* SPDX-License-Identifier: BSD-3-Clause */
/* The worker's part: flow records, references, verdicts, timers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define TIMER_CALLS_PER_MS 50U /* and flow */
#define STALL_GAP_US 400000    /* at most, from one stall of the worker to the next */
#define TIMER_CALLS_MAX 3      /* in a row, until its deadline is in the future */

static void op_ref(void *owner, void *handle)
{
	struct sim_packet *packet = handle;

	sim_note(owner, "ref", packet);
	sim_packet_ref(owner, packet);
	packet->engine_refs++;
}

static void op_unref(void *owner, void *handle)
{
	struct sim_packet *packet = handle;

	sim_note(owner, "unref", packet);
	check_drop(owner, packet);
	if (!packet->engine_refs)
		sim_fail(owner, "the engine gives back a packet that it does not hold");
	else
		packet->engine_refs--;
	sim_packet_unref(owner, packet);
}

static void op_retransmit(void *owner, void *handle, enum snoop_cause cause)
{
	struct sim_packet *packet = handle;

	check_retransmit(owner, packet, cause);
	if (packet->dead)
		return;
	sim_trace(owner, "retransmit", packet);
	sim_packet_ref(owner, packet);
	sim_pipe_send(owner, SIM_STATION, packet);
}

static void op_release(void *owner, void *handle)
{
	struct sim *sim = owner;
	struct sim_packet *packet = handle;

	check_release(sim, packet);
	if (packet->dead)
		return;
	sim_trace(sim, "release", packet);
	packet->engine_refs--;
	sim->counters.forwarded_packets++;
	sim_pipe_send(sim, SIM_SENDER, packet);
}

static const struct snoop_ops ops = {
	.ref = op_ref,
	.unref = op_unref,
	.retransmit = op_retransmit,
	.release = op_release,
};

void sim_box_init(struct sim *sim)
{
	size_t bytes = snoop_engine_bytes(&sim->params->config);

	sim->memory = aligned_alloc(64, bytes);
	memset(sim->memory, 0xa5, bytes);
	sim->engine = snoop_engine_init(sim->memory, &sim->params->config, &ops, sim,
					&sim->counters, sim->params->seed * 0x9e3779b97f4a7c15ULL);
}

static struct snoop_packet describe(struct sim *sim, struct sim_packet *packet)
{
	bool shareable = !sim_chance(&sim->rng, sim->params->unshareable_ppm);

	return (struct snoop_packet){
		.view = &packet->view,
		.handle = shareable ? packet : NULL,
		.frame_bytes = packet->frame_bytes,
		.checksum_ok = packet->good,
	};
}

static void forward(struct sim *sim, enum sim_place to, struct sim_packet *packet)
{
	sim->counters.forwarded_packets++;
	packet->forwarded = true;
	sim_pipe_send(sim, to, packet);
}

void sim_box_forget(struct sim *sim, uint32_t flow)
{
	struct sim_flow *entry = &sim->flows[flow];

	if (!entry->exists)
		return;
	sim->current = flow;
	snoop_flow_close(sim->engine, &entry->flow);
	entry->exists = false;
	if (sim->trace)
		fprintf(stderr, "%10lu %u closed\n", sim->now_us, flow);
	check_forget(sim, flow);
}

static void syn(struct sim *sim, struct sim_packet *packet, enum snoop_side from)
{
	struct snoop_packet described = describe(sim, packet);
	struct snoop_key key;

	snoop_key_of(&key, &packet->view, from, 0);
	if (sim_chance(&sim->rng, 500000) && sim->flows[packet->flow].exists) {
		snoop_flow_reset(sim->engine, &sim->flows[packet->flow].flow);
		check_forget(sim, packet->flow);
	} else {
		sim_box_forget(sim, packet->flow);
	}
	snoop_syn(sim->engine, &key, &described, from, sim->now_us);
}

void sim_box_wired(struct sim *sim, struct sim_packet *packet)
{
	struct sim_flow *entry = &sim->flows[packet->flow];
	struct snoop_packet described = describe(sim, packet);
	uint64_t resets = sim->counters.flows_reset, data = sim->counters.data_segments;

	sim->current = packet->flow;
	if (packet->generation > entry->box_generation)
		entry->box_generation = packet->generation;
	sim->counters.rx_wired_packets++;
	sim_trace(sim, described.handle ? "wired" : "wired-nh", packet);
	if (packet->view.tcp_flags & WIRE_TCP_SYN) {
		syn(sim, packet, SNOOP_WIRED);
		forward(sim, SIM_STATION, packet);
		return;
	}
	snoop_key_of(&entry->key, &packet->view, SNOOP_WIRED, 0);
	if (!entry->exists && packet->view.payload_bytes) {
		snoop_flow_init(sim->engine, &entry->flow, &entry->key, entry->level, sim->now_us);
		entry->exists = true;
	}
	if (entry->exists)
		snoop_flow_data(sim->engine, &entry->flow, &described, sim->now_us);
	else
		snoop_handshake_done(sim->engine, &entry->key, &packet->view, SNOOP_WIRED,
				     sim->now_us);
	if (sim->counters.flows_reset != resets)
		check_forget(sim, packet->flow);
	if (sim->counters.data_segments != data)
		check_deadline(sim, packet->flow);
	check_data(sim, packet);
	forward(sim, SIM_STATION, packet);
}

void sim_box_radio(struct sim *sim, struct sim_packet *packet)
{
	struct sim_flow *entry = &sim->flows[packet->flow];
	struct snoop_packet described = describe(sim, packet);
	enum snoop_verdict verdict;
	const char *forbidden;
	uint64_t resets = sim->counters.flows_reset;

	sim->current = packet->flow;
	sim->counters.rx_wireless_packets++;
	if (packet->view.tcp_flags & WIRE_TCP_SYN) {
		if (packet->generation > entry->box_generation)
			entry->box_generation = packet->generation;
		syn(sim, packet, SNOOP_WIRELESS);
		forward(sim, SIM_SENDER, packet);
		return;
	}
	snoop_key_of(&entry->key, &packet->view, SNOOP_WIRELESS, 0);
	if (!entry->exists) {
		snoop_handshake_done(sim->engine, &entry->key, &packet->view, SNOOP_WIRELESS,
				     sim->now_us);
		forward(sim, SIM_SENDER, packet);
		return;
	}
	forbidden = check_ack(sim, packet);
	verdict = snoop_flow_ack(sim->engine, &entry->flow, &described, sim->now_us);
	sim_trace(sim, verdict == SNOOP_WITHHOLD ? "withhold" : "ack", packet);
	if (verdict == SNOOP_WITHHOLD && !described.handle)
		sim_fail(sim, "a packet without handle was withheld");
	check_verdict(sim, packet, verdict, forbidden);
	if (sim->counters.flows_reset != resets)
		check_forget(sim, packet->flow);
	if (verdict == SNOOP_WITHHOLD)
		packet->engine_refs++;
	else
		forward(sim, SIM_SENDER, packet);
	if (snoop_flow_finished(&entry->flow) && sim_chance(&sim->rng, 300000))
		sim_box_forget(sim, packet->flow);
}

/* @return true while the worker does not run. */
static bool worker_is_away(struct sim *sim)
{
	while (sim->now_us >= sim->worker_stall_us) {
		uint32_t most_us = sim->params->worker_stall_us;

		sim->worker_back_us =
			sim->worker_stall_us + sim_between(&sim->worker_rng, most_us / 10, most_us);
		sim->worker_stall_us =
			sim->worker_back_us +
			sim_between(&sim->worker_rng, STALL_GAP_US / 4, STALL_GAP_US);
	}
	return sim->now_us < sim->worker_back_us;
}

static void box_take(struct sim *sim, const struct sim_event *event)
{
	if (event->place == SIM_BOX_WIRED)
		sim_box_wired(sim, event->packet);
	else
		sim_box_radio(sim, event->packet);
}

void sim_box_arrive(struct sim *sim, const struct sim_event *event)
{
	if (!worker_is_away(sim)) {
		box_take(sim, event);
		return;
	}
	if (sim->waiting_count == sim->waiting_size) {
		sim->waiting_size = sim->waiting_size ? 2 * sim->waiting_size : 64;
		sim->waiting = realloc(sim->waiting, sim->waiting_size * sizeof(*sim->waiting));
	}
	sim->waiting[sim->waiting_count++] = *event;
}

bool sim_box_wakes(struct sim *sim)
{
	if (!sim->waiting_count || worker_is_away(sim))
		return false;
	for (uint32_t i = 0; i < sim->waiting_count; i++)
		box_take(sim, &sim->waiting[i]);
	sim->waiting_count = 0;
	return true;
}

uint64_t sim_box_due_us(const struct sim *sim)
{
	uint64_t due_us = snoop_engine_deadline_us(sim->engine);

	if (sim->waiting_count)
		return sim->worker_back_us;

	for (uint32_t i = 0; i < sim->params->flows; i++)
		if (sim->flows[i].exists)
			due_us = min_u64(due_us, snoop_flow_deadline_us(&sim->flows[i].flow));
	return max_u64(due_us, sim->worker_back_us);
}

static void count_call(struct sim *sim)
{
	if (sim->timer_ms != sim->now_us / 1000) {
		sim->timer_ms = sim->now_us / 1000;
		sim->timer_calls = 0;
	}
	if (++sim->timer_calls > TIMER_CALLS_PER_MS * (sim->params->flows + 1))
		sim_fail(sim, "timers spin: %u calls in one millisecond", sim->timer_calls);
}

void sim_box_timers(struct sim *sim)
{
	uint32_t calls = 0, most;

	sim->current = SIM_FLOWS_MAX;
	while (snoop_engine_deadline_us(sim->engine) <= sim->now_us && !sim->failed) {
		count_call(sim);
		/* What a closed flow left is freed in portions. */
		if (++calls >
		    TIMER_CALLS_MAX + sim->params->config.cache_segments / SEGMENT_PORTION_MIN)
			sim_fail(sim, "the engine's deadline stays in the past");
		snoop_engine_timer(sim->engine, sim->now_us);
	}
	for (uint32_t i = 0; i < sim->params->flows; i++) {
		struct sim_flow *entry = &sim->flows[i];

		sim->current = i;
		/* What a large ACK covers is taken out in portions, too. */
		most = TIMER_CALLS_MAX + entry->flow.cached_count / SEGMENT_PORTION_MIN;
		for (calls = 0; entry->exists && !sim->failed &&
				snoop_flow_deadline_us(&entry->flow) <= sim->now_us;
		     calls++) {
			count_call(sim);
			if (calls == most)
				sim_fail(sim, "the flow's deadline stays in the past");
			check_timer(sim, i);
			if (sim->trace)
				fprintf(stderr, "%10lu %u timer\n", sim->now_us, i);
			snoop_flow_timer(sim->engine, &entry->flow, sim->now_us);
		}
	}
}

void sim_box_finish(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->params->flows; i++)
		sim_box_forget(sim, i);
	sim->current = SIM_FLOWS_MAX;
	snoop_engine_flush(sim->engine);
	for (uint32_t i = 0; i < sim->packet_count; i++)
		if (sim->packets[i]->engine_refs)
			sim_fail(sim, "leak: the engine keeps %u references of packet %u",
				 sim->packets[i]->engine_refs, i);
	if (sim->counters.cache_segments || sim->counters.cache_bytes ||
	    sim->counters.acks_withheld_now || sim->counters.flows_helped)
		sim_fail(sim,
			 "gauges are not 0 at the end: %lu segments, %lu bytes, %lu ACKs, %lu "
			 "helped",
			 sim->counters.cache_segments, sim->counters.cache_bytes,
			 sim->counters.acks_withheld_now, sim->counters.flows_helped);
}
