/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/control/health.h>

#include <string.h>

void health_init(struct health *health, uint32_t workers, uint64_t now_us)
{
	memset(health, 0, sizeof(*health));
	health->count = workers;
	for (uint32_t i = 0; i < workers; i++) {
		health->worker[i].moved_us = now_us;
		health->worker[i].window_us = now_us;
	}
}

static void measure(struct health_worker *worker, const struct worker_health *now, uint64_t now_us)
{
	uint64_t cycles = now->cycles - worker->cycles;

	if (now_us - worker->window_us < HEALTH_WINDOW_US)
		return;
	/* A worker that did not move for the whole window was not busy. */
	worker->busy_permille =
		cycles == 0 ? 0
			    : (uint32_t)((now->busy_cycles - worker->busy_cycles) * 1000 / cycles);
	/* Both cycles are read at slightly different times. */
	if (worker->busy_permille > 1000)
		worker->busy_permille = 1000;
	worker->window_us = now_us;
	worker->cycles = now->cycles;
	worker->busy_cycles = now->busy_cycles;
}

enum health_event health_look(struct health *health, uint32_t index,
			      const struct worker_health *now, uint64_t now_us)
{
	struct health_worker *worker = &health->worker[index];
	bool stalled = now->stalls != worker->stalls;

	measure(worker, now, now_us);
	worker->stalls = now->stalls;
	if (now->turns != worker->turns) {
		worker->turns = now->turns;
		worker->moved_us = now_us;
		worker->stuck = false;
	} else if (now_us - worker->moved_us > HEALTH_STALL_US && !worker->stuck) {
		worker->stuck = true;
		return HEALTH_STUCK;
	}
	return stalled ? HEALTH_STALLED : HEALTH_STEADY;
}

void health_load(struct health_load *load, const uint64_t bytes[2], uint64_t now_us)
{
	uint64_t length_us = now_us - load->window_us;

	if (length_us < HEALTH_WINDOW_US)
		return;
	for (int side = 0; side < 2; side++) {
		uint64_t bits = (bytes[side] - load->bytes[side]) * 8;
		uint64_t bits_per_s = load->window_us == 0 ? 0 : bits * 1000000 / length_us;

		__atomic_store_n(&load->bits_per_s[side], bits_per_s, __ATOMIC_RELAXED);
		load->bytes[side] = bytes[side];
	}
	load->window_us = now_us;
}

bool health_all_moved(struct health *health)
{
	for (uint32_t i = 0; i < health->count; i++)
		if (health->worker[i].turns == health->worker[i].fed_turns)
			return false;
	for (uint32_t i = 0; i < health->count; i++)
		health->worker[i].fed_turns = health->worker[i].turns;
	return true;
}

uint32_t health_stuck(const struct health *health)
{
	uint32_t stuck = 0;

	for (uint32_t i = 0; i < health->count; i++)
		stuck += health->worker[i].stuck;
	return stuck;
}
