/* SPDX-License-Identifier: BSD-3-Clause */
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <counters/counters.h>

#include "view.h"

bool text_number(const json_t *value, int64_t *number)
{
	const char *text;
	char *end;

	if (json_is_integer(value)) {
		*number = json_integer_value(value);
		return true;
	}
	if (!json_is_string(value))
		return false;
	text = json_string_value(value);
	errno = 0;
	*number = strtoll(text, &end, 10);
	return end != text && *end == '\0' && errno == 0;
}

void text_group_digits(int64_t number, char *out, size_t out_bytes)
{
	char digits[32];
	size_t chars = (size_t)snprintf(digits, sizeof(digits), "%" PRId64, number);
	size_t used = 0;

	for (size_t i = 0; i < chars && used + 2 < out_bytes; i++) {
		if (i > 0 && (chars - i) % 3 == 0 && digits[i - 1] != '-')
			out[used++] = ',';
		out[used++] = digits[i];
	}
	out[used] = '\0';
}

/* Any value as text; what is not a number stays as it is. */
static void format_value(const json_t *value, char *out, size_t out_bytes)
{
	int64_t number;
	char *dump;

	if (text_number(value, &number)) {
		text_group_digits(number, out, out_bytes);
	} else if (json_is_string(value)) {
		snprintf(out, out_bytes, "%s", json_string_value(value));
	} else {
		dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		snprintf(out, out_bytes, "%s", dump != NULL ? dump : "-");
		free(dump);
	}
}

static const struct {
	const char *id, *unit, *help;
} counters[] = {
#define COUNTER_TEXT(id, type, unit, help) {#id, #unit, help},
	COUNTERS(COUNTER_TEXT)
#undef COUNTER_TEXT
};

/* A heading stands above the counter; one that no longer exists is left out. */
static const struct {
	const char *first, *heading;
} headings[] = {
	{"rx_wired_packets", "Ports"},
	{"pass_bypass", "Forwarded without help"},
	{"data_segments", "Data and cache"},
	{"acks_seen", "ACKs of the stations"},
	{"radio_losses", "Losses"},
	{"retransmits_scoreboard", "Retransmits"},
	{"acks_withheld", "Withheld ACKs"},
	{"sender_retransmits", "Senders"},
	{"vetoes", "Congestion"},
	{"timeouts", "Timers and stations"},
	{"flows_created", "Flows"},
	{"syn_remembered", "SYN memory"},
	{"turn_overruns", "Workers"},
	{"flows_active", "Now"},
};

static const char *heading_of(const char *id)
{
	for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++)
		if (strcmp(headings[i].first, id) == 0)
			return headings[i].heading;
	return NULL;
}

static bool is_counter(const char *id)
{
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		if (strcmp(counters[i].id, id) == 0)
			return true;
	return false;
}

void text_stats(const json_t *stats, FILE *out)
{
	const char *name, *heading = NULL;
	char text[256], since[VIEW_SINCE_CHARS];
	json_t *value;
	bool first = true, others = false;

	view_since(stats, since);
	if (since[0] != '\0')
		fprintf(out, "%s; gauges (Now) as they are\n\n", since);
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		const char *next = heading_of(counters[i].id);

		heading = next != NULL ? next : heading;
		value = json_object_get(stats, counters[i].id);
		if (value == NULL)
			continue;
		if (heading != NULL)
			fprintf(out, "%s%s\n", first ? "" : "\n", heading);
		heading = NULL;
		first = false;
		format_value(value, text, sizeof(text));
		fprintf(out, "  %-24s %20s %-9s %s\n", counters[i].id, text, counters[i].unit,
			counters[i].help);
	}
	/* Counters that only a newer snoopd has. */
	json_object_foreach((json_t *)(uintptr_t)stats, name, value)
	{
		if (is_counter(name) || view_owns(name))
			continue;
		if (!others)
			fprintf(out, "%sOthers\n", first ? "" : "\n");
		others = true;
		format_value(value, text, sizeof(text));
		fprintf(out, "  %-24s %20s\n", name, text);
	}
}

void text_time(const json_t *value, char *out, size_t out_bytes)
{
	int64_t us;

	if (!text_number(value, &us) || us < 0)
		snprintf(out, out_bytes, "-");
	else if (us < 1000)
		snprintf(out, out_bytes, "%" PRId64 "us", us);
	else if (us < 1000000)
		snprintf(out, out_bytes, "%.1fms", (double)us / 1e3);
	else
		snprintf(out, out_bytes, "%.1fs", (double)us / 1e6);
}

double text_loss_share(const json_t *entry)
{
	int64_t lost, sent;

	if (!text_number(json_object_get(entry, "data_segments"), &sent) &&
	    !text_number(json_object_get(entry, "delivered_segments"), &sent))
		return -1;
	if (!text_number(json_object_get(entry, "radio_losses"), &lost) || sent <= 0)
		return -1;
	return lost < sent ? (double)lost / (double)sent : 1;
}

void text_loss(const json_t *entry, char *out, size_t out_bytes)
{
	double share = text_loss_share(entry);

	if (share >= 0)
		snprintf(out, out_bytes, "%.2f%%", 100 * share);
	else
		snprintf(out, out_bytes, "-");
}

const char *text_of(const json_t *flow, const char *name)
{
	const char *text = json_string_value(json_object_get(flow, name));

	return text != NULL ? text : "-";
}

void text_count(const json_t *flow, const char *name, char *out, size_t out_bytes)
{
	int64_t number;

	if (text_number(json_object_get(flow, name), &number))
		text_group_digits(number, out, out_bytes);
	else
		snprintf(out, out_bytes, "-");
}

void text_left(const json_t *entry, char *out, size_t out_bytes)
{
	int64_t lost, repaired;

	if (text_number(json_object_get(entry, "radio_losses"), &lost) &&
	    text_number(json_object_get(entry, "repairs_confirmed"), &repaired))
		text_group_digits(lost > repaired ? lost - repaired : 0, out, out_bytes);
	else
		snprintf(out, out_bytes, "-");
}

int text_width(const json_t *list, const char *name)
{
	size_t index, width = strlen("STATION");
	json_t *entry;

	json_array_foreach(list, index, entry) if (strlen(text_of(entry, name)) > width) width =
		strlen(text_of(entry, name));
	return width < 120 ? (int)width : 120;
}

void text_total(const json_t *reply, const char *name, FILE *out)
{
	int64_t total = 0, matched;
	size_t shown = json_array_size(json_object_get(reply, name));

	text_number(json_object_get(reply, "total"), &total);
	if (text_number(json_object_get(reply, "matched"), &matched) && matched != total &&
	    (size_t)matched != shown)
		fprintf(out, "%zu of %" PRId64 " that match, of %" PRId64 " %s\n", shown, matched,
			total, name);
	else
		fprintf(out, "%zu of %" PRId64 " %s\n", shown, total, name);
	if (json_object_get(reply, "missing") != NULL)
		fprintf(out, "the list is incomplete: %s\n", text_of(reply, "missing"));
}

void text_flows(const json_t *reply, FILE *out)
{
	const json_t *flows = json_object_get(reply, "flows");
	char srtt[32], loss[32], repaired[32], left[32];
	int width = text_width(flows, "key");
	size_t index;
	json_t *flow;

	fprintf(out, "%-*s %-8s %-13s %8s %8s %10s %8s\n", width, "KEY", "LEVEL", "REASON", "SRTT",
		"LOSS", "REPAIRED", "LEFT");
	json_array_foreach(flows, index, flow)
	{
		text_time(json_object_get(flow, "srtt_us"), srtt, sizeof(srtt));
		text_loss(flow, loss, sizeof(loss));
		text_count(flow, "repairs_confirmed", repaired, sizeof(repaired));
		text_left(flow, left, sizeof(left));
		fprintf(out, "%-*s %-8s %-13s %8s %8s %10s %8s\n", width, text_of(flow, "key"),
			text_of(flow, "level"), text_of(flow, "reason"), srtt, loss, repaired,
			left);
	}
	text_total(reply, "flows", out);
}

struct config_printer {
	FILE *out;
	char section[128];
	bool any;
};

static void print_config_value(struct config_printer *printer, const char *section, size_t chars,
			       const char *key, const json_t *value)
{
	FILE *out = printer->out;
	char *slash;

	if (chars >= sizeof(printer->section))
		chars = sizeof(printer->section) - 1;
	if (!printer->any || strncmp(printer->section, section, chars) != 0 ||
	    printer->section[chars] != '\0') {
		memcpy(printer->section, section, chars);
		printer->section[chars] = '\0';
		slash = strchr(printer->section, '/');
		if (slash == NULL)
			fprintf(out, "%s[%s]\n", printer->any ? "\n" : "", printer->section);
		else
			fprintf(out, "%s[%.*s %s]\n", printer->any ? "\n" : "",
				(int)(slash - printer->section), printer->section, slash + 1);
		printer->any = true;
	}
	fprintf(out, "%s = ", key);
	if (json_is_string(value))
		fprintf(out, "%s\n", json_string_value(value));
	else if (json_is_integer(value))
		fprintf(out, "%" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
	else
		fprintf(out, "-\n");
}

/*
 * Names are section/key (or section.key, which DPDK's telemetry refuses), or sections that hold
 * their keys. The section of a rule is rule/NAME.
 */
void text_config(const json_t *config, FILE *out)
{
	struct config_printer printer = {.out = out};
	const char *name, *key;
	json_t *value, *nested;

	json_object_foreach((json_t *)(uintptr_t)config, name, value)
	{
		const char *separator = strrchr(name, strchr(name, '/') != NULL ? '/' : '.');

		if (json_is_object(value)) {
			json_object_foreach(value, key, nested)
				print_config_value(&printer, name, strlen(name), key, nested);
			continue;
		}
		print_config_value(&printer, name,
				   separator != NULL ? (size_t)(separator - name) : 0,
				   separator != NULL ? separator + 1 : name, value);
	}
}
