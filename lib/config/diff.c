/* SPDX-License-Identifier: BSD-3-Clause */
#include <config/schema.h>

#include <string.h>

int config_start_changes(const struct config *running, const struct config *fresh, char *names,
			 size_t names_bytes)
{
	char was[128], is[128];
	int changes = 0;

	names[0] = '\0';
	for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_key *key = &config_keys[i];

		config_key_format(key, running, was, sizeof(was));
		config_key_format(key, fresh, is, sizeof(is));
		if ((key->when & CONFIG_AT_START) == 0 || strcmp(was, is) == 0)
			continue;
		config_append(names, names_bytes, changes++ == 0 ? "[" : ", [");
		config_append(names, names_bytes, key->section);
		config_append(names, names_bytes, "] ");
		config_append(names, names_bytes, key->name);
	}
	return changes;
}
