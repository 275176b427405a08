/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"

static void serve(void *context, void *argument);

void channel_init(struct channel *channel, struct world *world, const struct channel_params *params,
		  void (*arrive)(void *, struct signal *), void (*destroy)(struct signal *),
		  void *context)
{
	*channel = (struct channel){
		.world = world,
		.params = *params,
		.arrive = arrive,
		.destroy = destroy,
		.context = context,
	};
	for (int i = 0; i < 2; i++)
		channel->tail[i] = &channel->head[i];
}

static struct signal *take(struct channel *channel)
{
	for (int i = 0; i < 2; i++) {
		struct signal *signal = channel->head[i];

		if (!signal)
			continue;
		channel->head[i] = signal->next;
		if (!signal->next)
			channel->tail[i] = &channel->head[i];
		channel->queued_bytes[i] -= signal->bytes;
		return signal;
	}
	return NULL;
}

void channel_free(struct channel *channel)
{
	struct signal *signal;

	while ((signal = take(channel)))
		channel->destroy(signal);
}

void channel_send(struct channel *channel, struct signal *signal)
{
	int queue = channel->params.two_queues && !signal->priority;

	if (channel->queued_bytes[queue] + signal->bytes > channel->params.queue_bytes) {
		channel->dropped++;
		channel->destroy(signal);
		return;
	}
	signal->next = NULL;
	*channel->tail[queue] = signal;
	channel->tail[queue] = &signal->next;
	channel->queued_bytes[queue] += signal->bytes;
	if (!channel->busy)
		serve(channel, NULL);
}

static void arrive(void *context, void *argument)
{
	struct channel *channel = context;

	channel->arrive(channel->context, argument);
}

/* @return an exponential time. */
static uint64_t random_time_ns(struct world *world, double mean_ns)
{
	double uniform = (double)(1 + world_random(world, 1ULL << 52)) / (double)(1ULL << 52);

	return (uint64_t)(-log(uniform) * mean_ns);
}

static bool is_faded(struct channel *channel)
{
	double bad_ns = (double)channel->params.fade_us * NS_PER_US;
	double good_ns = bad_ns * (1000000 - channel->params.loss_ppm) / channel->params.loss_ppm;

	while (channel->flip_ns <= channel->world->now_ns) {
		channel->bad = channel->flip_ns && !channel->bad;
		if (!channel->flip_ns)
			channel->flip_ns = channel->world->now_ns;
		channel->flip_ns +=
			1 + random_time_ns(channel->world, channel->bad ? bad_ns : good_ns);
	}
	return channel->bad;
}

static bool is_lost(struct channel *channel)
{
	const struct channel_params *params = &channel->params;
	uint32_t loss_ppm = params->loss_ppm;

	if (params->outage_every_us &&
	    world_us(channel->world) % params->outage_every_us < params->outage_us)
		return true;
	if (params->fade_us)
		return loss_ppm && is_faded(channel);
	if (params->burst_mean <= 1)
		return world_chance(channel->world, loss_ppm);
	if (channel->bad)
		channel->bad = !world_chance(channel->world, 1000000 / params->burst_mean);
	else if (loss_ppm)
		channel->bad = world_chance(channel->world,
					    (uint32_t)(loss_ppm * 1000000ULL /
						       (1000000 - loss_ppm) / params->burst_mean));
	return channel->bad;
}

static void fly(struct channel *channel, struct signal *signal)
{
	const struct channel_params *params = &channel->params;
	uint64_t at_ns = channel->world->now_ns + params->delay_us * NS_PER_US;

	at_ns += world_random(channel->world, params->jitter_us * NS_PER_US + 1);
	if (!params->jitter_reorders && at_ns < channel->last_arrival_ns)
		at_ns = channel->last_arrival_ns;
	channel->last_arrival_ns = at_ns;
	world_at(channel->world, at_ns, arrive, channel, signal);
}

static void damage(struct channel *channel, struct signal *signal)
{
	uint64_t bit = world_random(channel->world, signal->data_bytes * 8ULL);

	signal->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
}

/* The frame has left the antenna. */
static void leave(void *context, void *argument)
{
	struct channel *channel = context;
	struct signal *signal = argument;
	bool lost = is_lost(channel) || channel->cut;
	bool damaged = world_chance(channel->world, channel->params.corrupt_ppm);

	channel->frames++;
	channel->data_frames += !signal->control;
	channel->wire_bytes += signal->bytes + 24;
	if (damaged && signal->control)
		damage(channel, signal);
	else
		lost |= damaged;
	if (lost) {
		channel->lost++;
		channel->data_lost += !signal->control;
		channel->destroy(signal);
	} else {
		if (world_chance(channel->world, channel->params.duplicate_ppm)) {
			struct signal *copy = malloc(sizeof(*copy));

			if (!copy)
				abort();
			*copy = *signal;
			if (copy->refs)
				++*copy->refs;
			fly(channel, copy);
		}
		fly(channel, signal);
	}
	channel->busy = false;
	serve(channel, NULL);
}

static void serve(void *context, void *argument)
{
	struct channel *channel = context;
	struct signal *signal = take(channel);

	if (!signal)
		return;
	channel->busy = true;
	world_at(channel->world,
		 channel->world->now_ns + channel_time_ns(&channel->params, signal->bytes), leave,
		 channel, signal);
}
