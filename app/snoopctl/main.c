/* SPDX-License-Identifier: BSD-3-Clause */
/* snoopctl: the operator's view of a running snoopd. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture.h"
#include "client.h"
#include "list.h"
#include "options.h"
#include "text.h"
#include "top.h"
#include "upgrade.h"
#include "view.h"

#define TIMEOUT_MS 5000
#define CONFIGURE_TIMEOUT_MS 15000 /* the whole flow table is walked before the answer */

static json_t *ask_about(struct client *client, const char *command, const char *operand)
{
	char full[320];

	snprintf(full, sizeof(full), "%s,%s", command, operand);
	return client_ask(client, full);
}

static json_t *ask(struct client *client, const struct options *options)
{
	switch (options->command) {
	case COMMAND_STATUS:
		return list_status(client);
	case COMMAND_STATS:
		return client_ask(client, "/snoop/stats");
	case COMMAND_FLOWS:
		return list_flows(client, LIST_LIMIT_MS);
	case COMMAND_FLOW:
		return ask_about(client, "/snoop/flow", options->operand);
	case COMMAND_HOSTS:
		return list_hosts(client);
	case COMMAND_TOP:
		return top_once(client, options);
	case COMMAND_WORKERS:
		return client_ask(client, "/snoop/workers");
	case COMMAND_LINKS:
		return list_links(client);
	case COMMAND_CONFIG:
		return list_config(client);
	case COMMAND_MODE:
		return ask_about(client, "/snoop/mode", options->operand);
	case COMMAND_RELOAD:
		return client_ask(client, "/snoop/reload");
	case COMMAND_LOG_LEVEL:
		return ask_about(client, "/snoop/log_level", options->operand);
	case COMMAND_RESET_COUNTERS:
		return client_ask(client, "/snoop/reset_counters");
	case COMMAND_CAPTURE:
	case COMMAND_UPGRADE:
		break; /* see run() */
	}
	return NULL;
}

static void print(const json_t *reply, const struct options *options)
{
	static void (*const texts[])(const json_t *reply, FILE *out) = {
		[COMMAND_STATUS] = text_status,	      [COMMAND_STATS] = text_stats,
		[COMMAND_FLOWS] = text_flows,	      [COMMAND_FLOW] = text_flow,
		[COMMAND_HOSTS] = text_hosts,	      [COMMAND_TOP] = text_flows,
		[COMMAND_WORKERS] = text_workers,     [COMMAND_LINKS] = text_links,
		[COMMAND_CONFIG] = text_config,	      [COMMAND_MODE] = text_done,
		[COMMAND_RELOAD] = text_done,	      [COMMAND_LOG_LEVEL] = text_done,
		[COMMAND_RESET_COUNTERS] = text_done,
	};
	json_t *view;

	if (options->json) {
		json_dumpf(reply, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		view = view_new(reply, options->total);
		texts[options->command](view, stdout);
		json_decref(view);
	}
}

/* Say what is in effect, but not yet in every worker. */
static int complain(const json_t *reply, const struct options *options)
{
	const char *partly = json_string_value(json_object_get(reply, "partly"));

	if (partly == NULL)
		return EXIT_SUCCESS;
	if (!options->json)
		fprintf(stderr, "snoopctl: %s\n", partly);
	return EXIT_PARTLY;
}

static int run(const struct options *options, const char *path)
{
	bool configures = options->command == COMMAND_MODE || options->command == COMMAND_RELOAD;
	struct client client;
	json_t *reply = NULL;
	int failed = client_open(&client, path, configures ? CONFIGURE_TIMEOUT_MS : TIMEOUT_MS);
	int status;

	client.link = options->link;
	if (failed == 0 && options->command == COMMAND_TOP && !options->json) {
		failed = top_run(&client, options);
	} else if (failed == 0 && options->command == COMMAND_CAPTURE) {
		failed = capture_run(&client, options);
	} else if (failed == 0 && options->command == COMMAND_UPGRADE) {
		failed = upgrade_run(&client, options);
	} else if (failed == 0) {
		reply = ask(&client, options);
		failed = reply == NULL;
	}
	if (failed) {
		fprintf(stderr, "snoopctl: %s\n", client.error);
		status = client.refused ? EXIT_REFUSED : EXIT_UNREACHABLE;
		client_close(&client);
		return status;
	}
	if (options->command == COMMAND_FLOWS || options->command == COMMAND_TOP)
		list_arrange(reply, "flows", options);
	if (options->command == COMMAND_HOSTS)
		list_arrange(reply, "hosts", options);
	status = complain(reply, options);
	if (reply != NULL && (status == EXIT_SUCCESS || options->json))
		print(reply, options);
	json_decref(reply);
	client_close(&client);
	return status;
}

int main(int argc, char **argv)
{
	struct options options;
	char default_path[512];
	const char *path;
	int status;

	switch (options_parse(&options, argc, argv)) {
	case OPTIONS_WRONG:
		return EXIT_USAGE;
	case OPTIONS_DONE:
		status = EXIT_SUCCESS;
		break;
	default:
		path = options.socket_path;
		if (path == NULL) {
			const char *prefix =
				options.file_prefix != NULL ? options.file_prefix : "rte";

			if (client_default_path(prefix, default_path, sizeof(default_path)) != 0) {
				fprintf(stderr, "snoopctl: file prefix too long: %s\n", prefix);
				return EXIT_USAGE;
			}
			path = default_path;
		}
		status = run(&options, path);
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("snoopctl: standard output");
		return EXIT_UNREACHABLE;
	}
	return status;
}
