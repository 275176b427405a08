/* SPDX-License-Identifier: BSD-3-Clause */
#include "top.h"

#include <inttypes.h>
#include <ncurses.h>
#include <string.h>
#include <time.h>

#include "list.h"
#include "text.h"
#include "view.h"

/* Per screen: of a table that takes longer only the first part is shown. */
#define READ_LIMIT_MS 2000
#define FAILURES_MAX 3 /* in a row */

/* What the flows had acknowledged at the last reading that counts, and their rates then, by key. */
struct rates {
	json_t *bytes, *rates;
	double read_s;
};

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void keep_rates(const struct rates *rates, const json_t *reply)
{
	size_t index;
	json_t *flow;

	json_array_foreach(json_object_get(reply, "flows"), index, flow)
	{
		json_t *rate = json_object_get(rates->rates, text_of(flow, "key"));

		json_object_set_new(flow, "rate_bps", json_integer(json_integer_value(rate)));
	}
}

/* A key press redraws the screen at any time, and a rate over a moment would be noise. */
static void rate_flows(struct rates *rates, const json_t *reply, unsigned int interval_ms)
{
	double read_s = now_s(), elapsed_s = read_s - rates->read_s;
	json_t *bytes, *flow, *before;
	int64_t acked, was;
	size_t index;

	if (rates->bytes != NULL && elapsed_s * 1000 < (double)interval_ms / 2) {
		keep_rates(rates, reply);
		return;
	}
	bytes = json_object();
	json_decref(rates->rates);
	rates->rates = json_object();

	json_array_foreach(json_object_get(reply, "flows"), index, flow)
	{
		const char *key = text_of(flow, "key");

		if (!text_number(json_object_get(flow, "acked_bytes"), &acked))
			continue;
		json_object_set_new(bytes, key, json_integer(acked));
		before = json_object_get(rates->bytes, key);
		was = json_integer_value(before);
		json_object_set_new(
			flow, "rate_bps",
			json_integer(before != NULL && acked > was && elapsed_s > 0
					     ? (json_int_t)(8.0 * (double)(acked - was) / elapsed_s)
					     : 0));
		json_object_set(rates->rates, key, json_object_get(flow, "rate_bps"));
	}
	json_decref(rates->bytes);
	rates->bytes = bytes;
	rates->read_s = read_s;
}

json_t *top_once(struct client *client, const struct options *options)
{
	const struct timespec nap = {options->interval_ms / 1000,
				     (long)(options->interval_ms % 1000) * 1000000};
	struct rates rates = {0};
	json_t *reply = list_flows(client, LIST_LIMIT_MS);

	if (reply == NULL)
		return NULL;
	rate_flows(&rates, reply, options->interval_ms);
	json_decref(reply);
	nanosleep(&nap, NULL);
	reply = list_flows(client, LIST_LIMIT_MS);
	if (reply != NULL)
		rate_flows(&rates, reply, options->interval_ms);
	json_decref(rates.bytes);
	json_decref(rates.rates);
	return reply;
}

static void print_head(const json_t *status, const json_t *reply, const struct options *options)
{
	const char *missing = json_string_value(json_object_get(reply, "missing"));
	char losses[32], repaired[32], left[32], p50[32], since[VIEW_SINCE_CHARS];

	view_since(status, since);
	text_count(status, "radio_losses", losses, sizeof(losses));
	text_count(status, "repaired", repaired, sizeof(repaired));
	text_count(status, "left", left, sizeof(left));
	text_time(json_object_get(status, "wireless_rtt_p50_us"), p50, sizeof(p50));
	mvprintw(0, 0, "mode %s  losses %s  repaired %s  left %s  wireless RTT %s  %s",
		 text_of(status, "mode"), losses, repaired, left, p50, since);
	mvprintw(1, 0, "by %s;  p repairs  l loss  b rate  t RTT  q quit%s%s", options->sort,
		 missing != NULL ? "  incomplete: " : "", missing != NULL ? missing : "");
}

static void print_flow(int row, const json_t *flow, int width)
{
	char srtt[32], loss[32], repaired[32], left[32];
	int64_t rate_bps = 0;

	text_time(json_object_get(flow, "srtt_us"), srtt, sizeof(srtt));
	text_loss(flow, loss, sizeof(loss));
	text_count(flow, "repairs_confirmed", repaired, sizeof(repaired));
	text_left(flow, left, sizeof(left));
	text_number(json_object_get(flow, "rate_bps"), &rate_bps);
	mvprintw(row, 0, "%-*.*s %9.2f %8s %8s %10s %8s %-8s %s", width, width,
		 text_of(flow, "key"), (double)rate_bps / 1e6, srtt, loss, repaired, left,
		 text_of(flow, "level"), text_of(flow, "reason"));
}

static void draw(const json_t *status, const json_t *reply, const struct options *options)
{
	const json_t *flows = json_object_get(reply, "flows");
	int width = text_width(flows, "key"), row = 3;
	size_t index;
	json_t *flow;

	if (width > COLS / 2)
		width = COLS / 2;
	erase();
	print_head(status, reply, options);
	attron(A_REVERSE);
	mvprintw(2, 0, "%-*.*s %9s %8s %8s %10s %8s %-8s %s", width, width, "KEY", "MBIT/S", "SRTT",
		 "LOSS", "REPAIRED", "LEFT", "LEVEL", "REASON");
	attroff(A_REVERSE);
	json_array_foreach(flows, index, flow)
	{
		if (row >= LINES)
			break;
		print_flow(row++, flow, width);
	}
	refresh();
}

/* Read and show. @return -1 with a line in client->error. */
static int turn(struct client *client, struct rates *rates, const struct options *options)
{
	json_t *status = client_ask(client, "/snoop/status"), *reply, *view;

	if (status == NULL)
		return -1;
	reply = list_flows(client, READ_LIMIT_MS);
	if (reply != NULL) {
		rate_flows(rates, reply, options->interval_ms);
		list_arrange(reply, "flows", options);
		view = view_new(status, options->total);
		draw(view, reply, options);
		json_decref(view);
	}
	json_decref(status);
	json_decref(reply);
	return reply != NULL ? 0 : -1;
}

/* @return false to quit. */
static bool handle_key(int key, struct options *options)
{
	static const struct {
		int key;
		const char *sort;
	} keys[] = {{'p', "repairs"}, {'l', "loss"}, {'b', "rate"}, {'t', "rtt"}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].key == key)
			options->sort = keys[i].sort;
	return key != 'q' && key != 'Q';
}

int top_run(struct client *client, const struct options *given)
{
	struct options options = *given;
	struct rates rates = {0};
	int result, failures = 0;
	SCREEN *screen;

	if (options.sort == NULL)
		options.sort = "repairs";
	screen = newterm(NULL, stdout, stdin);
	if (screen == NULL) {
		snprintf(client->error, sizeof(client->error),
			 "top needs a terminal: set TERM, or use --json");
		return -1;
	}
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	timeout((int)options.interval_ms);
	/* A resize wakes getch(), and the next screen has the new size. */
	do {
		result = turn(client, &rates, &options);
		failures = result == 0 ? 0 : failures + 1;
		/* snoopd may be busy with a reload. Connect again, or its late answer would pass
		 * for the answer to the next question. */
		if (failures > 0 && failures < FAILURES_MAX)
			result = client_reopen(client);
	} while (result == 0 && handle_key(getch(), &options));
	endwin();
	delscreen(screen);
	json_decref(rates.bytes);
	json_decref(rates.rates);
	return result;
}
