/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/telemetry_config.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include <snoopd/base/compat.h>

/* One dictionary per section, because the library takes 256 entries in one. */
struct config_answer {
	struct rte_tel_data *data;
	struct rte_tel_data *section;
	char name[64];
	size_t bytes;	   /* of the reply so far, roughly */
	uint64_t position; /* keys that earlier pages have had */
	uint64_t key;	   /* number of the one that comes next */
	uint64_t next;	   /* first that no longer fits, 0 = all do */
};

#define CONFIG_REPLY_BYTES 12000 /* of the 16 KiB that a reply may have */

static void close_section(struct config_answer *answer)
{
	if (answer->section != NULL)
		rte_tel_data_add_dict_container(answer->data, answer->name, answer->section, 0);
	answer->section = NULL;
}

/* The library takes neither blanks nor dots in a name. */
static void legal_name(char *out, size_t out_bytes, const char *text)
{
	snprintf(out, out_bytes, "%s", text);
	for (; *out != '\0'; out++)
		if (!isalnum((unsigned char)*out) && *out != '_')
			*out = *out == ' ' ? '/' : '_';
}

static void add_config(void *context, const char *section, const char *key, const char *value)
{
	struct config_answer *answer = context;
	char name[sizeof(answer->name)], key_name[64];
	uint64_t number = answer->key++;

	if (number < answer->position || answer->next != 0)
		return;
	if (answer->bytes > CONFIG_REPLY_BYTES) {
		answer->next = number;
		return;
	}
	legal_name(name, sizeof(name), section);
	legal_name(key_name, sizeof(key_name), key);
	if (answer->section == NULL || strcmp(name, answer->name) != 0) {
		close_section(answer);
		answer->section = rte_tel_data_alloc();
		if (answer->section != NULL)
			rte_tel_data_start_dict(answer->section);
		snprintf(answer->name, sizeof(answer->name), "%s", name);
		answer->bytes += strlen(name) + 8;
	}
	answer->bytes += strlen(key_name) + strlen(value) + 8;
	if (answer->section != NULL)
		rte_tel_data_add_dict_string(answer->section, key_name, value);
}

void telemetry_config_fill(const struct config *config, uint64_t position,
			   struct rte_tel_data *data)
{
	struct config_answer answer = {.data = data, .position = position};

	rte_tel_data_start_dict(data);
	config_each(config, add_config, &answer);
	close_section(&answer);
	if (answer.next != 0)
		compat_tel_dict_uint(data, "next", answer.next);
}
