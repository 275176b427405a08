/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated world: random numbers, event heap, parameters from a seed, run loop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define STEPS_MAX 2000000U
#define DRAIN_US 700000
#define QUIET_US                                                                                   \
	3000000 /* between two connections: nothing of the old one is under way any more           \
		 */

uint32_t sim_random(struct sim_rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15ULL; /* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (uint32_t)((z ^ (z >> 31)) >> 32);
}

bool sim_chance(struct sim_rng *rng, uint32_t ppm)
{
	return ppm && sim_random(rng) % 1000000 < ppm;
}

uint32_t sim_between(struct sim_rng *rng, uint32_t low, uint32_t high)
{
	return low + sim_random(rng) % (high - low + 1);
}

void sim_fail(struct sim *sim, const char *format, ...)
{
	va_list arguments;
	int used;

	if (sim->failed)
		return;
	sim->failed = true;
	used = snprintf(sim->result->why, sizeof(sim->result->why),
			"at %lu us, step %lu, flow %u: ", sim->now_us, sim->result->steps,
			sim->current);
	va_start(arguments, format);
	vsnprintf(sim->result->why + used, sizeof(sim->result->why) - (size_t)used, format,
		  arguments);
	va_end(arguments);
}

void sim_note(const struct sim *sim, const char *what, const struct sim_packet *packet)
{
	if (sim->params->note)
		sim->params->note(sim, what, packet);
}

void sim_trace(const struct sim *sim, const char *what, const struct sim_packet *packet)
{
	const struct wire_view *view = &packet->view;
	bool wired = view->src_port == 80;

	sim_note(sim, what, packet);
	if (!sim->trace)
		return;
	fprintf(stderr, "%10lu %u %-8s flags %02x", sim->now_us, packet->flow, what,
		view->tcp_flags);
	if (wired)
		fprintf(stderr, " data %u-%u%s\n", packet->first, packet->end,
			packet->old_news ? " probe" : "");
	else
		fprintf(stderr, " ack %u window %u", sim_grain(sim, packet->flow, view->ack),
			view->window);
	for (uint8_t i = 0; !wired && i < view->sack_count; i++)
		fprintf(stderr, " [%u-%u]", sim_grain(sim, packet->flow, view->sack[i].start),
			sim_grain(sim, packet->flow, view->sack[i].end));
	if (!wired)
		fprintf(stderr, "\n");
}

static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void sim_push(struct sim *sim, uint64_t at_us, enum sim_place place, struct sim_packet *packet)
{
	struct sim_event event = {at_us, sim->order++, packet, place};
	uint32_t at;

	if (sim->heap_count == sim->heap_size) {
		sim->heap_size = sim->heap_size ? 2 * sim->heap_size : 256;
		sim->heap = realloc(sim->heap, sim->heap_size * sizeof(*sim->heap));
	}
	for (at = sim->heap_count++; at && is_before(&event, &sim->heap[(at - 1) / 2]);
	     at = (at - 1) / 2)
		sim->heap[at] = sim->heap[(at - 1) / 2];
	sim->heap[at] = event;
}

static struct sim_event pop(struct sim *sim)
{
	struct sim_event top = sim->heap[0], last = sim->heap[--sim->heap_count];
	uint32_t at = 0, child;

	while ((child = 2 * at + 1) < sim->heap_count) {
		if (child + 1 < sim->heap_count &&
		    is_before(&sim->heap[child + 1], &sim->heap[child]))
			child++;
		if (!is_before(&sim->heap[child], &last))
			break;
		sim->heap[at] = sim->heap[child];
		at = child;
	}
	sim->heap[at] = last;
	return top;
}

static void arrive(struct sim *sim, const struct sim_event *event)
{
	struct sim_packet *packet = event->packet;

	sim_packet_verify(sim, packet, "arrival");
	switch (event->place) {
	case SIM_BOX_WIRED:
	case SIM_BOX_RADIO:
		sim_box_arrive(sim, event);
		return;
	case SIM_STATION:
		sim_receiver_input(sim, packet->flow, packet);
		break;
	default:
		sim_sender_input(sim, packet->flow, packet);
		break;
	}
	sim_packet_unref(sim, packet);
}

static void start_flow(struct sim *sim, uint32_t flow)
{
	sim_sender_start(sim, flow);
	sim_receiver_start(sim, flow);
	sim->flows[flow].generation++;
}

static uint64_t flow_due_us(const struct sim *sim, uint32_t flow)
{
	const struct sim_flow *entry = &sim->flows[flow];
	uint64_t due_us = min_u64(entry->abort_us, min_u64(entry->forget_us, entry->level_us));

	if (entry->born_us != SNOOP_NEVER)
		return min_u64(due_us, entry->born_us);
	return min_u64(due_us,
		       min_u64(sim_sender_due_us(sim, flow), sim_receiver_due_us(sim, flow)));
}

/* The connection breaks; a new one with the same addresses begins once the network is empty. */
static void abort_flow(struct sim *sim, uint32_t flow)
{
	struct sim_flow *entry = &sim->flows[flow];

	entry->abort_us = SNOOP_NEVER;
	if (entry->done || entry->born_us != SNOOP_NEVER)
		return;
	sim_sender_reset(sim, flow);
	entry->born_us = sim->now_us + QUIET_US;
	if (++entry->aborts < sim->params->aborts)
		entry->abort_us = entry->born_us + sim_between(&sim->rng, 10000, 2000000);
}

static void flow_timers(struct sim *sim, uint32_t flow)
{
	struct sim_flow *entry = &sim->flows[flow];

	sim->current = flow;
	if (sim->now_us >= entry->abort_us)
		abort_flow(sim, flow);
	if (sim->now_us >= entry->forget_us) {
		entry->forget_us = entry->done ? SNOOP_NEVER : sim->now_us + 500000;
		sim_box_forget(sim, flow);
	}
	if (sim->now_us >= entry->level_us) {
		enum snoop_level level = sim_between(&sim->rng, 0, SNOOP_LEVEL_COUNT - 1);

		entry->level_us = entry->done ? SNOOP_NEVER : sim->now_us + 300000;
		if (entry->exists) {
			snoop_flow_set_level(sim->engine, &entry->flow, level);
			if (level != entry->level)
				check_forget(sim, flow);
		}
		entry->level = level;
		if (sim->trace)
			fprintf(stderr, "%10lu %u level %s\n", sim->now_us, flow,
				snoop_level_name(level));
	}
	if (entry->born_us != SNOOP_NEVER) {
		if (sim->now_us >= entry->born_us) {
			entry->born_us = SNOOP_NEVER;
			if (sim->params->handshake == SIM_MIDSTREAM)
				sim_box_forget(sim, flow); /* aged out */
			start_flow(sim, flow);
		}
		return;
	}
	if (sim->now_us >= sim_sender_due_us(sim, flow))
		sim_sender_timer(sim, flow);
	if (sim->now_us >= sim_receiver_due_us(sim, flow))
		sim_receiver_timer(sim, flow);
}

static void step(struct sim *sim)
{
	uint64_t due_us = sim_box_due_us(sim);

	for (uint32_t i = 0; i < sim->params->flows; i++)
		due_us = min_u64(due_us, flow_due_us(sim, i));
	if (sim->heap_count)
		due_us = min_u64(due_us, sim->heap[0].at_us);
	if (due_us >= SNOOP_NEVER - 1) {
		sim_fail(sim, "nothing happens any more");
		return;
	}
	sim->now_us = max_u64(sim->now_us, due_us);
	sim->result->steps++;
	if (sim_box_wakes(sim)) {
		/* The step is over. */
	} else if (sim_box_due_us(sim) <= sim->now_us) {
		sim_box_timers(sim);
	} else if (sim->heap_count && sim->heap[0].at_us <= sim->now_us) {
		struct sim_event event = pop(sim);

		arrive(sim, &event);
	} else {
		for (uint32_t i = 0; i < sim->params->flows; i++)
			if (flow_due_us(sim, i) <= sim->now_us)
				flow_timers(sim, i);
	}
	check_step(sim);
	sim_note(sim, "step", NULL);
}

static void init(struct sim *sim, const struct sim_params *params, struct sim_result *result)
{
	const uint32_t grains = params->grains + 1;

	*sim = (struct sim){.params = params,
			    .result = result,
			    .rng.state = params->seed + 1,
			    .worker_rng.state = params->seed + 2,
			    .worker_stall_us = params->worker_stall_us ? 1000000 : SNOOP_NEVER,
			    .now_us = 1000000,
			    .trace = getenv("SIM_TRACE")};
	sim->pipes[SIM_BOX_WIRED] =
		(struct sim_pipe){.params = &params->to_box, .to = SIM_BOX_WIRED};
	sim->pipes[SIM_STATION] =
		(struct sim_pipe){.params = &params->to_station, .to = SIM_STATION};
	sim->pipes[SIM_BOX_RADIO] =
		(struct sim_pipe){.params = &params->from_station, .to = SIM_BOX_RADIO};
	sim->pipes[SIM_SENDER] = (struct sim_pipe){.params = &params->to_sender, .to = SIM_SENDER};
	sim_box_init(sim);
	for (uint32_t i = 0; i < params->flows; i++) {
		struct sim_flow *entry = &sim->flows[i];

		entry->sender.sent_us = calloc(grains, sizeof(uint64_t));
		entry->sender.state = calloc(grains, 1);
		entry->receiver.have = calloc(grains, 1);
		entry->shadow.copy = calloc(grains, sizeof(struct sim_packet *));
		entry->shadow.sender_retransmitted = calloc(grains, 1);
		entry->shadow.delivered = calloc(grains, 1);
		entry->shadow.withheld_size = params->config.withhold_acks + 1;
		entry->shadow.withheld =
			calloc(entry->shadow.withheld_size, sizeof(struct sim_packet *));
		entry->level = params->level;
		entry->born_us = sim->now_us + i * 10000ULL;
		entry->abort_us = params->aborts
					  ? entry->born_us + sim_between(&sim->rng, 10000, 1500000)
					  : SNOOP_NEVER;
		entry->forget_us = params->forgets
					   ? sim->now_us + sim_between(&sim->rng, 1, 1500000)
					   : SNOOP_NEVER;
		entry->level_us = params->level_changes
					  ? sim->now_us + sim_between(&sim->rng, 1, 1000000)
					  : SNOOP_NEVER;
	}
}

static void destroy(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->params->flows; i++) {
		struct sim_flow *entry = &sim->flows[i];

		free(entry->sender.sent_us);
		free(entry->sender.state);
		free(entry->receiver.have);
		free(entry->shadow.copy);
		free(entry->shadow.sender_retransmitted);
		free(entry->shadow.delivered);
		free(entry->shadow.withheld);
	}
	sim_packets_free(sim);
	free(sim->heap);
	free(sim->waiting);
	free(sim->memory);
}

static bool all_done(const struct sim *sim)
{
	for (uint32_t i = 0; i < sim->params->flows; i++)
		if (!sim->flows[i].done)
			return false;
	return true;
}

bool sim_run(const struct sim_params *params, struct sim_result *result)
{
	struct sim sim;
	bool failed;

	*result = (struct sim_result){0};
	init(&sim, params, result);
	while (!sim.failed && !(all_done(&sim) && sim.now_us > result->done_us + DRAIN_US)) {
		if (all_done(&sim) && !sim.heap_count && sim_box_due_us(&sim) == SNOOP_NEVER)
			break;
		step(&sim);
		if (sim.now_us - 1000000 > params->limit_us && !all_done(&sim))
			sim_fail(&sim, "not complete after %lu ms: %u of %u grains",
				 params->limit_us / 1000, sim.flows[0].sender.una,
				 sim.flows[0].sender.end);
		if (result->steps > STEPS_MAX)
			sim_fail(&sim, "too many steps");
	}
	if (!sim.failed)
		sim_box_finish(&sim);
	while (sim.heap_count && !sim.failed)
		sim_packet_unref(&sim, pop(&sim).packet);
	for (uint32_t i = 0; i < sim.packet_count && !sim.failed; i++)
		if (sim.packets[i]->refs)
			sim_fail(&sim, "leak: packet %u", i);
	result->done_us -= result->done_us ? 1000000 : 0;
	result->counters = sim.counters;
	failed = sim.failed;
	destroy(&sim);
	return !failed;
}
