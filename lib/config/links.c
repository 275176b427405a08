/* SPDX-License-Identifier: BSD-3-Clause */
#include <config/links.h>

#include <stdlib.h>
#include <string.h>

#include <config/schema.h>

void config_links_free(struct config_links *links)
{
	for (uint32_t i = 0; i < links->count; i++)
		free(links->link[i]);
	memset(links, 0, sizeof(*links));
}

int config_links_find(const struct config_links *links, const char *name)
{
	for (uint32_t i = 0; i < links->count; i++)
		if (strcmp(links->link[i]->link, name) == 0)
			return (int)i;
	return -1;
}

bool config_same(const struct config *a, const struct config *b)
{
	for (int i = 0; i < CONFIG_KEY_COUNT; i++)
		if (!config_key_same(&config_keys[i], a, b))
			return false;
	/* Rules are zeroed before they are filled in, so their bytes can be compared. */
	return strcmp(a->link, b->link) == 0 && a->rule_count == b->rule_count &&
	       memcmp(a->rules, b->rules, a->rule_count * sizeof(a->rules[0])) == 0;
}

bool config_link_served(const struct config *config, uint32_t worker)
{
	return config->worker_mask == 0 ||
	       (worker < CONFIG_WORKERS_MAX && (config->worker_mask >> worker & 1) != 0);
}

uint32_t config_link_workers(const struct config *config, uint32_t workers)
{
	uint32_t served = 0;

	for (uint32_t worker = 0; worker < workers; worker++)
		served += config_link_served(config, worker);
	return served;
}

int config_links_check_workers(const struct config_links *links, uint32_t workers, char *error,
			       size_t error_bytes)
{
	for (uint32_t i = 0; i < links->count; i++) {
		const struct config *config = links->link[i];
		char named[128], there[16];

		if (config->worker_mask == 0 || workers >= CONFIG_WORKERS_MAX ||
		    config->worker_mask >> workers == 0)
			continue;
		config_workers_format(config->worker_mask, named, sizeof(named));
		snprintf(there, sizeof(there), workers > 1 ? "0 to %u" : "0", workers - 1);
		snprintf(error, error_bytes,
			 "%s:%u: [link %s] workers = %s names a worker that is not there, allowed: "
			 "%s; each lcore of the EAL except the first is one",
			 config->file, config->workers_line, config->link, named, there);
		return -1;
	}
	return 0;
}
