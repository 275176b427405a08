/* SPDX-License-Identifier: BSD-3-Clause */
#include <config/links.h>
#include <config/schema.h>

void config_share(const struct config *config, uint32_t workers, struct config *share)
{
	uint32_t serving = config_link_workers(config, workers);

	*share = *config;
	for (const struct config_key *key = config_keys; key < config_keys + CONFIG_KEY_COUNT;
	     key++) {
		uint32_t parts = (key->when & CONFIG_OF_PROCESS) != 0 ? workers : serving;
		uint64_t value;

		if ((key->when & CONFIG_DIVIDED) == 0 || parts == 0)
			continue;
		value = (config_key_value(key, config) + parts - 1) / parts;
		config_key_set(key, share, value < key->min ? key->min : value);
	}
	if (share->protocol.flow_cache_bytes > share->protocol.cache_bytes)
		share->protocol.flow_cache_bytes = share->protocol.cache_bytes;
}
