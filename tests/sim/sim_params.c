/* SPDX-License-Identifier: BSD-3-Clause */
/* What a seed stands for. */
#include "sim.h"

static bool one_in(struct sim_rng *rng, uint32_t times)
{
	return sim_random(rng) % times == 0;
}

static uint32_t pick(struct sim_rng *rng, const uint32_t *values, uint32_t count)
{
	return values[sim_random(rng) % count];
}
#define PICK(rng, ...)                                                                             \
	pick(rng, (const uint32_t[]){__VA_ARGS__},                                                 \
	     (uint32_t)(sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)))

void sim_params_plain(struct sim_params *params, uint64_t seed)
{
	*params = (struct sim_params){
		.seed = seed,
		.to_box = {.bytes_per_ms = 6250, .delay_us = 20000, .queue_bytes = 300000},
		.to_station = {.bytes_per_ms = 25000, .delay_us = 2000, .queue_bytes = 400000},
		.from_station = {.bytes_per_ms = 25000, .delay_us = 2000, .queue_bytes = 400000},
		.to_sender = {.bytes_per_ms = 6250, .delay_us = 20000, .queue_bytes = 300000},
		.flows = 1,
		.level = SNOOP_LEVEL_REPAIR,
		.grains = 2000,
		.grain_bytes = 1448,
		.grains_per_segment = 1,
		.handshake = SIM_WIRED_CLIENT,
		.sack = true,
		.timestamps = true,
		.receiver_bytes = 4U << 20,
		.delayed_ack_us = 40000,
		.ack_every = 2,
		.stations = 1,
		.limit_us = 120000000,
	};
	params->to_box.duplicate_us = params->to_station.duplicate_us =
		params->from_station.duplicate_us = params->to_sender.duplicate_us = 3000;
	snoop_config_defaults(&params->config);
	params->config.cache_segments = 4096;
	params->config.stations = 8;
	params->config.syn_entries = 8;
}

static void random_config(struct snoop_config *config, struct sim_rng *rng)
{
	config->cache_segments = PICK(rng, 1, 4, 30, 300, 2000, 2000, 2000);
	config->cache_bytes = PICK(rng, 3000, 60000, 4000000, 4000000, 4000000);
	config->flow_cache_bytes = PICK(rng, 2000, 40000, 4000000, 4000000, 4000000);
	config->stations = PICK(rng, 1, 2, 8);
	config->syn_entries = PICK(rng, 0, 1, 8);
	config->rto_min_us = PICK(rng, 1000, 5000, 5000, 50000);
	config->tries_max = PICK(rng, 1, 2, 8, 8);
	config->hole_age_max_us = PICK(rng, 20000, 150000, 150000);
	config->allowance_segments = PICK(rng, 0, 3, 3, 20);
	config->withhold_max_us = PICK(rng, 1000, 20000, 60000, 60000);
	config->withhold_acks = PICK(rng, 0, 1, 10, 1024, 1024);
	config->veto_delay_us = PICK(rng, 0, 0, 5000, 1000000);
	config->syn_rate_max = PICK(rng, 1, 1000);
}

static void random_pipes(struct sim_params *params, struct sim_rng *rng)
{
	uint32_t wired_us = PICK(rng, 500, 5000, 20000, 60000);
	uint32_t radio_us = PICK(rng, 200, 2000, 2000, 10000, 50000);
	struct sim_pipe_params *down = &params->to_station, *up = &params->from_station;

	params->to_box.delay_us = params->to_sender.delay_us = wired_us;
	params->to_box.bytes_per_ms = PICK(rng, 1250, 6250, 12500);
	params->to_box.queue_bytes = PICK(rng, 20000, 300000);
	params->to_box.loss_ppm = PICK(rng, 0, 0, 0, 5000, 30000);
	params->to_box.reorder_ppm = PICK(rng, 0, 0, 0, 20000);
	params->to_box.duplicate_ppm = PICK(rng, 0, 0, 0, 10000);
	params->to_box.reorder_us = sim_between(rng, 100, 20000);
	params->to_sender.loss_ppm = PICK(rng, 0, 0, 0, 10000);

	down->delay_us = up->delay_us = radio_us;
	down->bytes_per_ms = PICK(rng, 250, 1250, 6250, 25000);
	down->queue_bytes = PICK(rng, 10000, 50000, 400000);
	down->loss_ppm = PICK(rng, 0, 1000, 10000, 20000, 50000, 100000, 200000, 300000);
	down->burst_mean = PICK(rng, 1, 1, 4, 10);
	down->reorder_ppm = PICK(rng, 0, 0, 0, 20000, 100000);
	down->reorder_us = sim_between(rng, 100, 4 * radio_us);
	down->duplicate_ppm = PICK(rng, 0, 0, 0, 10000);
	up->bytes_per_ms = PICK(rng, 250, 6250);
	up->loss_ppm = PICK(rng, 0, 0, 10000, 100000, 300000);
	up->burst_mean = PICK(rng, 1, 1, 4);
	up->reorder_ppm = PICK(rng, 0, 0, 0, 20000);
	up->reorder_us = sim_between(rng, 100, 4 * radio_us);
	up->duplicate_ppm = PICK(rng, 0, 0, 0, 10000);
}

void sim_params_random(struct sim_params *params, uint64_t seed)
{
	struct sim_rng rng = {.state = seed ^ 0x5eed5eed5eedULL};

	sim_params_plain(params, seed);
	random_config(&params->config, &rng);
	random_pipes(params, &rng);
	params->level = PICK(&rng, SNOOP_LEVEL_BYPASS, SNOOP_LEVEL_OBSERVE, SNOOP_LEVEL_REPAIR,
			     SNOOP_LEVEL_REPAIR, SNOOP_LEVEL_SNOOP, SNOOP_LEVEL_SNOOP,
			     SNOOP_LEVEL_SNOOP, SNOOP_LEVEL_AUTO);
	params->flows = PICK(&rng, 1, 1, 2, SIM_FLOWS_MAX);
	params->grains = sim_between(&rng, 1, 400 / params->flows);
	params->grain_bytes = sim_between(&rng, 1, 1448);
	params->grains_per_segment = one_in(&rng, 3) ? sim_between(&rng, 2, 4) : 1;
	if (params->grains_per_segment > 1 && params->grain_bytes > 365)
		params->grain_bytes = 365;
	params->handshake = PICK(&rng, SIM_MIDSTREAM, SIM_WIRED_CLIENT, SIM_STATION_CLIENT);
	params->sack = !one_in(&rng, 4);
	params->timestamps = !one_in(&rng, 4);
	params->ipv6 = one_in(&rng, 3);
	params->frames = one_in(&rng, 5);
	params->near_wrap = one_in(&rng, 2);
	params->resegment = one_in(&rng, 2);
	params->backlog = one_in(&rng, 2);
	params->odd_acks = one_in(&rng, 3);
	params->receiver_bytes = PICK(&rng, 8000, 64000, 64000, 1000000);
	params->stalls = PICK(&rng, 0, 0, 1, 5);
	params->pauses = PICK(&rng, 0, 0, 3, 20);
	params->delayed_ack_us = PICK(&rng, 0, 40000, 40000, 200000);
	params->aborts = one_in(&rng, 8) ? sim_between(&rng, 1, 3) : 0;
	params->forgets = one_in(&rng, 8);
	params->level_changes = one_in(&rng, 8);
	params->unshareable_ppm = PICK(&rng, 0, 0, 0, 50000);
	params->corrupt_ppm = PICK(&rng, 0, 0, 0, 20000);
	if (one_in(&rng, 8)) {
		params->outage_us = 1000000 + sim_between(&rng, 0, 1000000);
		params->outage_length_us = sim_between(&rng, 100000, 6000000);
	}
	params->limit_us = 900000000;
}

void sim_params_calm(struct sim_params *params, uint64_t seed)
{
	struct sim_rng rng = {.state = seed ^ 0xca11ULL};

	sim_params_random(params, seed);
	params->grains = sim_between(&rng, 100, 1600 / params->flows);
	params->ack_every = PICK(&rng, 2, 2, 2, 2, 8, 40);
	params->split_ack_ppm = PICK(&rng, 0, 0, 200000);
	params->stations = sim_between(&rng, 1, params->flows);
	params->level = PICK(&rng, SNOOP_LEVEL_OBSERVE, SNOOP_LEVEL_REPAIR, SNOOP_LEVEL_SNOOP,
			     SNOOP_LEVEL_AUTO);
	params->to_box.loss_ppm = PICK(&rng, 0, 0, 0, 1000);
	params->to_box.reorder_ppm = PICK(&rng, 0, 0, 0, 1000);
	params->unshareable_ppm = PICK(&rng, 0, 0, 0, 1000);
	params->to_station.loss_ppm = PICK(&rng, 0, 0, 1000, 5000);
	params->to_station.reorder_ppm = PICK(&rng, 0, 0, 0, 1000);
	params->from_station.loss_ppm = PICK(&rng, 0, 0, 0, 10000, 300000);
	params->to_station.queue_bytes = PICK(&rng, 50000, 400000);
	params->config.cache_segments = PICK(&rng, 30, 2000, 2000, 2000);
	params->config.cache_bytes = params->config.flow_cache_bytes = 4000000;
}
