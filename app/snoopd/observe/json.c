/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/observe/content.h>

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <snoopd/observe/report.h>

#define DEPTH_MAX 6
#define HOST_PAGES_MAX 64 /* pages of up to 64 stations that one answer may ask the workers for */

/* A report as nested JSON objects. */
struct tree {
	json_t *open[DEPTH_MAX];
	int depth;
};

static void tree_open(void *ctx, const char *name)
{
	struct tree *tree = ctx;
	json_t *object = json_object();

	json_object_set_new(tree->open[tree->depth], name, object);
	tree->open[++tree->depth] = object;
}

static void tree_close(void *ctx)
{
	struct tree *tree = ctx;

	tree->depth--;
}

static void tree_number(void *ctx, const char *name, uint64_t value)
{
	struct tree *tree = ctx;

	json_object_set_new(tree->open[tree->depth], name, json_integer((json_int_t)value));
}

static void tree_text(void *ctx, const char *name, const char *value)
{
	struct tree *tree = ctx;

	json_object_set_new(tree->open[tree->depth], name, json_string(value));
}

static struct report tree_report(struct tree *tree, json_t *root)
{
	*tree = (struct tree){.open = {root}};
	return (struct report){tree, tree_open, tree_close, tree_number, tree_text};
}

/* @return the position after the page, 0 = this was the last. */
static uint64_t add_hosts(const struct link *link, uint64_t position, json_t *list, bool *timed_out)
{
	json_t *page = json_object(), *host;
	struct tree tree;
	struct report report = tree_report(&tree, page);
	uint64_t next = 0;
	const char *number;

	if (report_hosts(link, position, &report) == 0) {
		next = (uint64_t)json_integer_value(json_object_get(page, "next"));
		*timed_out |= json_integer_value(json_object_get(page, "timed_out")) != 0;
		json_object_foreach (json_object_get(page, "hosts"), number, host)
			json_array_append(list, host);
	}
	json_decref(page);
	return next;
}

static void add_group(const struct link *link, json_t *root, const char *name,
		      void (*make)(const struct link *, const struct report *))
{
	struct tree tree;
	struct report report = tree_report(&tree, root);

	report.open(report.ctx, name);
	make(link, &report);
	report.close(report.ctx);
}

static void add_link(const struct link *link, json_t *list)
{
	json_t *entry = json_object();
	struct tree tree;
	struct report report = tree_report(&tree, entry);

	report_link(link, &report);
	json_array_append_new(list, entry);
}

int content_json(const struct links *links, const struct link *link, bool openmetrics,
		 struct content *content)
{
	json_t *root = json_object(), *hosts = json_array(), *all = json_array();
	bool timed_out = false;
	uint64_t position = 0;
	char *text;

	json_object_set_new(root, "link", json_string(link->name));
	for (uint32_t i = 0; i < links->count; i++)
		add_link(&links->link[i], all);
	json_object_set_new(root, "links", all);
	add_group(link, root, "status", report_status);
	add_group(link, root, "stats", report_stats);
	add_group(link, root, "histograms", report_histograms);
	/* A worker that does not answer costs half a second of the lock: ask no more. */
	for (int i = 0; i < HOST_PAGES_MAX; i++) {
		position = add_hosts(link, position, hosts, &timed_out);
		if (position == 0 || timed_out)
			break;
	}
	json_object_set_new(root, "hosts", hosts);
	/* Say what is missing: the rest is most worth seeing when a worker is busy. */
	json_object_set_new(root, "missing",
			    json_string(timed_out	? "timed out"
					: position != 0 ? "too many"
							: "none"));
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (text == NULL)
		return -1;
	*content = (struct content){text, strlen(text), "application/json", true};
	return 0;
}

int content_page(const struct links *links, const struct link *chosen, bool openmetrics,
		 struct content *content)
{
	*content = (struct content){(const char *)content_page_html, content_page_html_bytes,
				    "text/html; charset=utf-8", false};
	return 0;
}
