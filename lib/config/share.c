/* SPDX-License-Identifier: BSD-3-Clause */
#include <config/keys.h>

/* The keys that one link has and its workers divide. */
static const struct {
	const char *section, *name;
} divided[] = {
	{"flows", "max"},   {"cache", "segments"}, {"cache", "bytes"},
	{"syn", "entries"}, {"syn", "rate_max"},
};

void config_share(const struct config *config, uint32_t workers, struct config *share)
{
	*share = *config;
	for (size_t i = 0; i < sizeof(divided) / sizeof(divided[0]); i++) {
		const struct config_key *key =
			&config_keys[config_key_find(divided[i].section, divided[i].name)];
		uint64_t value = (config_key_value(key, config) + workers - 1) / workers;

		config_key_set(key, share, value < key->min ? key->min : value);
	}
	if (share->protocol.flow_cache_bytes > share->protocol.cache_bytes)
		share->protocol.flow_cache_bytes = share->protocol.cache_bytes;
}
