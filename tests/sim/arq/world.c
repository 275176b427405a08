/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "world.h"

void world_init(struct world *world, uint64_t seed)
{
	*world = (struct world){.random = seed * 0x9e3779b97f4a7c15ULL + 1};
	/* Clocks do not start at 0. */
	world->now_ns = NS_PER_S + world_random(world, NS_PER_S);
}

void world_free(struct world *world)
{
	free(world->heap);
}

static bool is_before(const struct event *a, const struct event *b)
{
	return a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->order < b->order);
}

void world_at(struct world *world, uint64_t at_ns, event_fn run, void *context, void *argument)
{
	struct event event = {at_ns, world->order++, run, context, argument};
	uint32_t at = world->count++;

	if (at_ns < world->now_ns)
		event.at_ns = world->now_ns;
	if (world->count > world->room) {
		world->room = world->room * 2 + 64;
		world->heap = realloc(world->heap, world->room * sizeof(*world->heap));
		if (!world->heap)
			abort();
	}
	for (; at && is_before(&event, &world->heap[(at - 1) / 2]); at = (at - 1) / 2)
		world->heap[at] = world->heap[(at - 1) / 2];
	world->heap[at] = event;
}

static struct event pop(struct world *world)
{
	struct event first = world->heap[0], last = world->heap[--world->count];
	uint32_t at = 0;

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= world->count)
			break;
		if (child + 1 < world->count &&
		    is_before(&world->heap[child + 1], &world->heap[child]))
			child++;
		if (!is_before(&world->heap[child], &last))
			break;
		world->heap[at] = world->heap[child];
		at = child;
	}
	world->heap[at] = last;
	return first;
}

bool world_step(struct world *world, uint64_t end_ns)
{
	struct event event;

	if (!world->count || world->heap[0].at_ns >= end_ns)
		return false;
	event = pop(world);
	world->now_ns = event.at_ns;
	event.run(event.context, event.argument);
	return true;
}

uint64_t world_random(struct world *world, uint64_t below)
{
	uint64_t x = world->random += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	x ^= x >> 31;
	return below ? x % below : x;
}

bool world_chance(struct world *world, uint32_t ppm)
{
	return world_random(world, 1000000) < ppm;
}
