/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/telemetry_report.h>

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
