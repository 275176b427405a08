/* SPDX-License-Identifier: BSD-3-Clause */
#include <config/schema.h>

void config_share(const struct config *config, uint32_t workers, struct config *share)
{
	*share = *config;
	for (const struct config_key *key = config_keys; key < config_keys + CONFIG_KEY_COUNT;
	     key++) {
		uint64_t value;

		if ((key->when & CONFIG_DIVIDED) == 0)
			continue;
		value = (config_key_value(key, config) + workers - 1) / workers;
		config_key_set(key, share, value < key->min ? key->min : value);
	}
	if (share->protocol.flow_cache_bytes > share->protocol.cache_bytes)
		share->protocol.flow_cache_bytes = share->protocol.cache_bytes;
}
