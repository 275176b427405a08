/* SPDX-License-Identifier: BSD-3-Clause */
#include "list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text.h"

#define TRIES 3 /* of a page whose worker does not answer */

static int64_t number_of(const json_t *entry, const char *name)
{
	int64_t number = 0;

	text_number(json_object_get(entry, name), &number);
	return number;
}

static const char *name_of(const json_t *entry)
{
	const char *name = json_string_value(json_object_get(entry, "key"));

	if (name == NULL)
		name = json_string_value(json_object_get(entry, "station"));
	return name != NULL ? name : "";
}

static double repairs(const json_t *entry)
{
	return (double)number_of(entry, "repairs_confirmed");
}

static double loss(const json_t *entry)
{
	return text_loss_share(entry);
}

static double rtt(const json_t *entry)
{
	return (double)number_of(entry, "srtt_us");
}

static double bytes(const json_t *entry)
{
	return (double)number_of(entry, "acked_bytes");
}

static double rate(const json_t *entry)
{
	return (double)number_of(entry, "rate_bps");
}

static const struct {
	const char *name;
	double (*value)(const json_t *entry); /* NULL: by name */
} sorts[] = {
	{"key", NULL}, {"repairs", repairs}, {"loss", loss},
	{"rtt", rtt},  {"bytes", bytes},     {"rate", rate},
};

#define SORTS (sizeof(sorts) / sizeof(sorts[0]))

static size_t sort_find(const char *name)
{
	size_t i = 0;

	while (i < SORTS && strcmp(sorts[i].name, name) != 0)
		i++;
	return i;
}

bool list_sort_known(const char *sort)
{
	return sort_find(sort) < SORTS;
}

struct row {
	json_t *entry;
	double value;
};

/* Largest first, then by name, so that equal ones stay where they are. */
static int compare(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	if (a->value != b->value)
		return a->value > b->value ? -1 : 1;
	return strcmp(name_of(a->entry), name_of(b->entry));
}

static json_t *sorted(const json_t *list, const char *sort)
{
	size_t count = json_array_size(list), by = sort_find(sort);
	struct row *rows = calloc(count + 1, sizeof(*rows));
	json_t *result = json_array();

	for (size_t i = 0; rows != NULL && i < count; i++) {
		rows[i].entry = json_array_get(list, i);
		rows[i].value = sorts[by].value != NULL ? sorts[by].value(rows[i].entry) : 0;
	}
	if (rows != NULL)
		qsort(rows, count, sizeof(*rows), compare);
	for (size_t i = 0; rows != NULL && i < count; i++)
		json_array_append(result, rows[i].entry);
	free(rows);
	return result;
}

static bool holds(const json_t *value, const char *text)
{
	const char *string = json_string_value(value);

	return string != NULL && strstr(string, text) != NULL;
}

static bool matches(const json_t *entry, const char *filter)
{
	const char *equals = strchr(filter, '='), *text;
	char name[64], number[24];
	const json_t *value;

	if (equals == NULL)
		return holds(json_object_get(entry, "key"), filter) ||
		       holds(json_object_get(entry, "station"), filter) ||
		       holds(json_object_get(entry, "level"), filter) ||
		       holds(json_object_get(entry, "reason"), filter);
	if ((size_t)(equals - filter) >= sizeof(name))
		return false;
	memcpy(name, filter, (size_t)(equals - filter));
	name[equals - filter] = '\0';
	value = json_object_get(entry, name);
	text = json_string_value(value);
	if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
		text = number;
	}
	return text != NULL && strcmp(text, equals + 1) == 0;
}

void list_arrange(json_t *reply, const char *name, const struct options *options)
{
	json_t *all = json_object_get(reply, name), *kept = json_array(), *order,
	       *cut = json_array();
	size_t index;
	json_t *entry;

	json_array_foreach (all, index, entry)
		if (options->filter == NULL || matches(entry, options->filter))
			json_array_append(kept, entry);
	order = options->sort != NULL ? sorted(kept, options->sort) : json_incref(kept);
	json_array_foreach (order, index, entry)
		if (index >= options->offset && index - options->offset < options->limit)
			json_array_append(cut, entry);
	json_object_set_new(reply, "matched", json_integer((json_int_t)json_array_size(kept)));
	json_object_set_new(reply, name, cut);
	json_decref(order);
	json_decref(kept);
}

/*
 * Add a page's entries to the list. Telemetry of DPDK 22.11 cannot nest a list of dictionaries, so
 * that they come as a dictionary of dictionaries there; later ones may send a list.
 */
static bool add_entries(json_t *list, const json_t *page, const char *name)
{
	json_t *entries = json_object_get(page, name), *entry;
	const char *number;

	if (json_is_array(entries))
		return json_array_extend(list, entries) == 0;
	json_object_foreach (entries, number, entry)
		if (json_array_append(list, entry) != 0)
			return false;
	return json_is_object(entries);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* What a page says of itself; anything beside that and its entries is kept. */
static const char *const of_page[] = {"offset", "next", "timed_out"};

static json_t *read_pages(struct client *client, const char *name, unsigned int limit_ms)
{
	json_t *all = json_object(), *list = json_array(), *page;
	int64_t offset = 0, next, total = 0;
	uint64_t end_ms = now_ms() + limit_ms;
	char command[64], missing[64];
	const char *lacks = NULL;
	int tries = 0;

	while (offset >= 0) {
		if (now_ms() > end_ms) {
			lacks = "took too long";
			break;
		}
		snprintf(command, sizeof(command), "/snoop/%s,%" PRId64, name, offset);
		page = client_ask(client, command);
		if (page == NULL)
			goto fail;
		text_number(json_object_get(page, "total"), &total);
		if (!text_number(json_object_get(page, "next"), &next) || next <= offset)
			next = -1;
		json_object_update_missing(all, page);
		/* The table may have become shorter since the last page. */
		if (!add_entries(list, page, name) && total > offset) {
			json_decref(page);
			snprintf(missing, sizeof(missing), "holds no %s", name);
			client_refuse(client, command, missing);
			goto fail;
		}
		/* A worker that is busy for a moment: once more; then go on with the next one. */
		if (number_of(page, "timed_out") == 0) {
			tries = 0;
			offset = next;
		} else if (++tries == TRIES) {
			lacks = "timed out";
			tries = 0;
			offset = next;
		}
		json_decref(page);
	}
	for (size_t i = 0; i < sizeof(of_page) / sizeof(of_page[0]); i++)
		json_object_del(all, of_page[i]);
	json_object_set_new(all, "total", json_integer(total));
	if (lacks != NULL)
		json_object_set_new(all, "missing", json_string(lacks));
	json_object_set_new(all, name, list);
	return all;
fail:
	json_decref(all);
	json_decref(list);
	return NULL;
}

json_t *list_flows(struct client *client, unsigned int limit_ms)
{
	return read_pages(client, "flows", limit_ms);
}

json_t *list_links(struct client *client)
{
	return read_pages(client, "links", LIST_LIMIT_MS);
}

/* A refusal may be that of a name: then show all links, if there are several. */
json_t *list_status(struct client *client)
{
	json_t *status = client_ask(client, "/snoop/status"), *links;
	char why[sizeof(client->error)];

	if (status != NULL || !client->refused || client->link != NULL)
		return status;
	memcpy(why, client->error, sizeof(why));
	links = list_links(client);
	if (links != NULL && number_of(links, "total") > 1)
		return links;
	json_decref(links);
	client->refused = true;
	memcpy(client->error, why, sizeof(why));
	return NULL;
}

static void add_sections(json_t *all, json_t *page)
{
	const char *name;
	json_t *section, *known;

	json_object_foreach (page, name, section) {
		known = json_object_get(all, name);
		if (known != NULL && json_is_object(section))
			json_object_update(known, section);
		else
			json_object_set(all, name, section);
	}
}

json_t *list_config(struct client *client)
{
	json_t *all = json_object(), *page;
	int64_t position = 0, next;
	char command[64] = "/snoop/config";

	do {
		page = client_ask(client, command);
		if (page == NULL) {
			json_decref(all);
			return NULL;
		}
		next = number_of(page, "next");
		json_object_del(page, "next");
		add_sections(all, page);
		json_decref(page);
		snprintf(command, sizeof(command), "/snoop/config,%" PRId64, next);
		if (next <= position)
			return all;
		position = next;
	} while (true);
}

/* Counts of one station add up; times are those of the worker that heard it last. */
static void merge(json_t *into, json_t *other)
{
	static const char *const counts[] = {
		"flows",	"acked_bytes",	     "delivered_segments",
		"radio_losses", "repairs_confirmed", "given_up",
		"vetoes",
	};
	int64_t idle = INT64_MAX, other_idle = INT64_MAX;
	json_t *sums = json_object();

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_set_new(
			sums, counts[i],
			json_integer(number_of(into, counts[i]) + number_of(other, counts[i])));
	text_number(json_object_get(into, "idle_us"), &idle);
	text_number(json_object_get(other, "idle_us"), &other_idle);
	if (other_idle < idle)
		json_object_update(into, other);
	json_object_update(into, sums);
	json_decref(sums);
}

json_t *list_hosts(struct client *client)
{
	json_t *reply = read_pages(client, "hosts", LIST_LIMIT_MS), *by_name, *entry, *known,
	       *merged;
	size_t index;
	const char *name, *vlan;
	char full[128];

	if (reply == NULL)
		return NULL;
	by_name = json_object();
	json_array_foreach (json_object_get(reply, "hosts"), index, entry) {
		vlan = json_string_value(json_object_get(entry, "vlan"));
		snprintf(full, sizeof(full), "%s %s", name_of(entry), vlan != NULL ? vlan : "");
		known = json_object_get(by_name, full);
		if (known != NULL)
			merge(known, entry);
		else
			json_object_set(by_name, full, entry);
	}
	merged = json_array();
	json_object_foreach (by_name, name, entry)
		json_array_append(merged, entry);
	json_object_set_new(reply, "hosts", merged);
	json_object_set_new(reply, "total", json_integer((json_int_t)json_array_size(merged)));
	json_decref(by_name);
	return reply;
}
