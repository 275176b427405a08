/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A deterministic world for two-ended links: a clock in nanoseconds, events in order of time, and
 * random numbers. Everything follows from one seed. Single thread.
 */
#ifndef SIM_ARQ_WORLD_H
#define SIM_ARQ_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_S 1000000000ULL

typedef void (*event_fn)(void *context, void *argument);

struct event {
	uint64_t at_ns, order;
	event_fn run;
	void *context, *argument;
};

struct world {
	uint64_t now_ns, order;
	struct event *heap;
	uint32_t count, room;
	uint64_t random;
};

void world_init(struct world *world, uint64_t seed);
void world_free(struct world *world);
/** Call run(context, argument) at this time; events of one time keep their order. */
void world_at(struct world *world, uint64_t at_ns, event_fn run, void *context, void *argument);
/** Run the next event. @return false if there is none before the end. */
bool world_step(struct world *world, uint64_t end_ns);
/** @return a number below `below`, any number if that is 0. */
uint64_t world_random(struct world *world, uint64_t below);
bool world_chance(struct world *world, uint32_t ppm);

static inline uint64_t world_us(const struct world *world)
{
	return world->now_ns / NS_PER_US;
}

#endif
