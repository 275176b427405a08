/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/telemetry_report.h>

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include <snoopd/control/apply.h>

#include <stdio.h>

#include <snoopd/base/compat.h>

static void tree_open(void *ctx, const char *name)
{
	struct telemetry_report *tree = ctx;
	struct rte_tel_data *data;

	tree->depth++;
	data = tree->open[tree->depth] = rte_tel_data_alloc();
	if (data == NULL)
		return;
	rte_tel_data_start_dict(data);
	snprintf(tree->names[tree->depth], sizeof(tree->names[0]), "%s", name);
}

static void tree_close(void *ctx)
{
	struct telemetry_report *tree = ctx;
	int depth = tree->depth--;

	if (tree->open[depth] != NULL && tree->open[depth - 1] != NULL)
		rte_tel_data_add_dict_container(tree->open[depth - 1], tree->names[depth],
						tree->open[depth], 0);
}

static void tree_number(void *ctx, const char *name, uint64_t value)
{
	struct telemetry_report *tree = ctx;

	if (tree->open[tree->depth] != NULL)
		compat_tel_dict_uint(tree->open[tree->depth], name, value);
}

static void tree_text(void *ctx, const char *name, const char *value)
{
	struct telemetry_report *tree = ctx;

	if (tree->open[tree->depth] != NULL)
		rte_tel_data_add_dict_string(tree->open[tree->depth], name, value);
}

struct report telemetry_report_begin(struct telemetry_report *tree, struct rte_tel_data *data)
{
	*tree = (struct telemetry_report){.open = {data}};
	rte_tel_data_start_dict(data);
	return (struct report){tree, tree_open, tree_close, tree_number, tree_text};
}

/* One line instead of an object: the command was understood, and is refused. */
int telemetry_refuse(struct rte_tel_data *data, const char *format, ...)
{
	char line[APPLY_LINE_CHARS];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	return rte_tel_data_string(data, line);
}

int telemetry_refuse_not_running(struct rte_tel_data *data)
{
	return telemetry_refuse(data, "snoopd is starting or stopping: try again");
}

int telemetry_done(int result, const char *line, struct rte_tel_data *data)
{
	if (result != 0 && result != -EINPROGRESS)
		return telemetry_refuse(data, "%s", line);
	rte_tel_data_start_dict(data);
	/* Cut at 127 characters. */
	rte_tel_data_add_dict_string(data, result == 0 ? "done" : "partly", line);
	return 0;
}

/* ---- The configuration ---- */

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
