/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

#define KEYS 24U
#define FRAMES 1500U

struct traffic {
	struct link *link;
	uint32_t left;
	uint32_t load_percent, burst;
	uint32_t keys;
	uint8_t side;
	enum random_kind kind;
};

static uint32_t one_of(struct world *world, const uint32_t *values, uint32_t count)
{
	return values[world_random(world, count)];
}
#define ONE_OF(world, ...)                                                                         \
	one_of(world, (const uint32_t[]){__VA_ARGS__},                                             \
	       sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void draw_channel(struct world *world, struct channel_params *params)
{
	*params = (struct channel_params){
		.rate_bps = ONE_OF(world, 250000, 2000000, 20000000, 100000000, 1000000000),
		.delay_us = ONE_OF(world, 50, 500, 2500, 10000, 275000),
		.queue_bytes = ONE_OF(world, 20000, 200000, 2000000),
		.loss_ppm = ONE_OF(world, 0, 1000, 10000, 50000, 100000, 300000),
		.burst_mean = ONE_OF(world, 1, 1, 4, 20),
		.jitter_us = ONE_OF(world, 0, 0, 500, 5000),
		.jitter_reorders = world_chance(world, 400000),
		.two_queues = world_chance(world, 300000),
		.duplicate_ppm = ONE_OF(world, 0, 0, 1000, 50000),
		.corrupt_ppm = ONE_OF(world, 0, 0, 1000, 20000),
		.outage_every_us = ONE_OF(world, 0, 0, 300000, 1000000),
		.outage_us = ONE_OF(world, 5000, 20000, 60000, 200000),
	};
}

static void draw_config(struct world *world, struct arq_config *config)
{
	arq_config_defaults(config);
	config->window_frames = ONE_OF(world, 64, 256, 1024, 8192);
	config->withheld_frames = ONE_OF(world, 1, 20, 1000, 8192);
	config->withheld_bytes = ONE_OF(world, 5000, 1000000);
	config->store_bytes = ONE_OF(world, 20000, 1000000, 16000000);
	config->twin_us = ONE_OF(world, 0, 3000);
	config->tolerance_max_us = ONE_OF(world, 0, 20000);
	config->probe = world_chance(world, 800000);
}

static void draw(struct world *world, struct link_params *params)
{
	bool alike = world_chance(world, 500000);

	draw_config(world, &params->config);
	draw_channel(world, &params->channel[0]);
	draw_channel(world, &params->channel[1]);
	if (alike)
		params->channel[1] = params->channel[0];
	params->own_queue = world_chance(world, 400000);
	params->queue_bytes = ONE_OF(world, 20000, 500000);
	params->codel_target_us = ONE_OF(world, 0, 5000);
	params->mode = BOX_END;
	params->remember = true;
	params->strict = true;
	for (int i = 0; i < 2; i++)
		params->strict &= !params->channel[i].jitter_reorders &&
				  !params->channel[i].two_queues &&
				  !params->channel[i].duplicate_ppm;
}

static void send_one(struct traffic *traffic)
{
	struct world *world = &traffic->link->world;
	uint32_t key = (uint32_t)world_random(world, traffic->keys);
	enum arq_class class = key % 8 == 7   ? ARQ_UNTOUCHED
			       : key % 8 == 6 ? ARQ_UNORDERED
					      : ARQ_ORDERED;
	uint32_t bytes = ONE_OF(world, 60, 100, 600, 1514, 1522);

	traffic->left--;
	link_send(traffic->link, link_frame(traffic->link, traffic->side, key, class, bytes));
}

/* @return the mean time between bursts. */
static uint64_t gap_ns(const struct traffic *traffic)
{
	const struct channel_params *params = &traffic->link->channel[traffic->side].params;
	uint64_t mean_bytes = (60 + 100 + 600 + 1514 + 1522) / 5;

	return channel_time_ns(params, (uint32_t)mean_bytes) * (1 + traffic->burst) / 2 * 100 /
	       traffic->load_percent;
}

static void send_burst(void *context, void *argument)
{
	struct traffic *traffic = context;
	struct world *world = &traffic->link->world;
	uint64_t burst = 1 + world_random(world, traffic->burst);

	while (burst-- && traffic->left)
		send_one(traffic);
	if (traffic->left)
		world_at(world, world->now_ns + world_random(world, 2 * gap_ns(traffic) + 1),
			 send_burst, traffic, NULL);
}

static void fault(void *context, void *argument)
{
	struct traffic *traffic = context;
	struct link *link = traffic->link;
	struct world *world = &link->world;
	uint8_t side = (uint8_t)world_random(world, 2);
	struct box *box = &link->box[side];

	if (!traffic->left || link->closing)
		return;
	/* A box that restarted knows of no copy. */
	if (traffic->kind != RANDOM_RESTART) {
		link_replay(link, side, traffic->kind == RANDOM_ATTACK);
	} else if (world_chance(world, 20000)) {
		if (box->mode == BOX_WIRE)
			link_restart(link, side, BOX_END);
		else if (world_chance(world, 300000))
			arq_leave(box->end, world_us(world));
		else
			link_restart(link, side, world_chance(world, 500000) ? BOX_WIRE : BOX_END);
	}
	world_at(world, world->now_ns + world_random(world, 20 * NS_PER_MS), fault, traffic, NULL);
}

static void add_up(struct link *link, struct random_result *result)
{
	for (int i = 0; i < 2; i++) {
		const struct arq_counters *counters = &link->box[i].counters;

		result->tagged += counters->sent_tagged;
		result->given_up += counters->given_up;
		result->retransmits += counters->retransmits;
		result->withheld += counters->withheld;
		result->late_originals += counters->late_originals;
		result->duplicates += counters->duplicates;
		result->lost_on_radio += link->channel[i].data_lost;
		for (uint32_t key = 0; key < LINK_KEYS; key++)
			result->sent += link->serial[i][key];
		/* Amplification: a share of what was sent, and what was in hand. */
		if (counters->retransmit_bytes >
		    (uint64_t)ARQ_BUCKET_MIN_BYTES * link->box[i].starts + link->sent_bytes[i] / 4)
			strcpy(link->why, "more was retransmitted than allowed");
	}
	result->delivered = link->delivered;
	result->wrong = link->wrong;
}

bool random_run(uint64_t seed, enum random_kind kind, struct random_result *result)
{
	struct link *link = malloc(sizeof(*link));
	struct link_params params = {.seed = seed};
	struct traffic traffic[2];
	struct world draws;
	uint64_t end_ns;
	bool good;

	if (!link)
		abort();
	*result = (struct random_result){.why = ""};
	world_init(&draws, seed + 1000003 * kind);
	draw(&draws, &params);
	link_init(link, &params, NULL, NULL);
	link->forged = kind == RANDOM_ATTACK;
	for (uint8_t i = 0; i < 2; i++) {
		traffic[i] = (struct traffic){
			.link = link,
			.left = (uint32_t)world_random(&draws, FRAMES),
			.burst = ONE_OF(&draws, 1, 1, 8, 60),
			.load_percent = ONE_OF(&draws, 1, 10, 50, 90, 150),
			.keys = ONE_OF(&draws, 1, 3, KEYS),
			.side = i,
			.kind = kind,
		};
		world_at(&link->world, link->world.now_ns + 3 * NS_PER_S, send_burst, &traffic[i],
			 NULL);
	}
	world_at(&link->world, link->world.now_ns + 3 * NS_PER_S, fault, &traffic[0], NULL);
	end_ns = link->world.now_ns + 300 * NS_PER_S;
	while (!link->why[0] && world_step(&link->world, end_ns))
		if (!traffic[0].left && !traffic[1].left &&
		    end_ns > link->world.now_ns + 3 * NS_PER_S)
			end_ns = link->world.now_ns + 2 * NS_PER_S;
	add_up(link, result);
	world_free(&draws);
	good = link_free(link);
	memcpy(result->why, link->why, sizeof(result->why));
	free(link);
	return good;
}
