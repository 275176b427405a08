/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <snoop/snoop.h>

void snoop_config_defaults(struct snoop_config *config)
{
	*config = (struct snoop_config){
		.cache_segments = 32768,
		.cache_bytes = 64ULL << 20,
		.flow_cache_bytes = 16ULL << 20,
		.stations = 1024,
		.rto_min_us = 5000,
		.rto_max_us = 1000000,
		.rto_initial_us = 100000,
		.delayed_ack_us = 45000,
		.probe_interval_us = 250000,
		.silence_max_us = 60000000,
		.tries_max = 8,
		.hole_age_max_us = 150000,
		.allowance_segments = 3,
		.withhold_max_us = 200000,
		.withhold_acks = 1024,
		.veto_delay_floor_us = 4000,
		.veto_delay_us = 0,
		.veto_prior_ppm = 100000,
		.syn_entries = 1024,
		.syn_tries = 2,
		.syn_rate_max = 1000,
	};
}

static const char *const level_names[SNOOP_LEVEL_COUNT] = {
#define LEVEL_NAME(id, token, help) [SNOOP_LEVEL_##id] = #token,
	SNOOP_LEVELS(LEVEL_NAME)
#undef LEVEL_NAME
};

static const char *const reason_names[SNOOP_REASON_COUNT] = {
#define REASON_NAME(id, token, help) [SNOOP_REASON_##id] = #token,
	SNOOP_REASONS(REASON_NAME)
#undef REASON_NAME
};

const char *snoop_level_name(enum snoop_level level)
{
	return (unsigned int)level < SNOOP_LEVEL_COUNT ? level_names[level] : "?";
}

int snoop_level_parse(const char *name)
{
	for (int i = 0; i < SNOOP_LEVEL_COUNT; i++)
		if (!strcmp(name, level_names[i]))
			return i;
	return -1;
}

const char *snoop_reason_name(enum snoop_reason reason)
{
	return (unsigned int)reason < SNOOP_REASON_COUNT ? reason_names[reason] : "?";
}
