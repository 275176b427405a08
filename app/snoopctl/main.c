/* SPDX-License-Identifier: BSD-3-Clause */
/* snoopctl: the operator's view of a running snoopd. */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "text.h"

#define EXIT_UNREACHABLE 1
#define EXIT_USAGE 2
#define TIMEOUT_MS 5000
/* A table that changes while it is read must not keep us here for ever. */
#define PAGES_MAX 100000

static const char usage[] =
	"usage: snoopctl [--socket PATH | --file-prefix NAME] [--json] stats | flows | config\n"
	"\n"
	"  stats                counters of all workers, with unit and meaning\n"
	"  flows                one line per TCP connection: what is done for it, and why not "
	"more\n"
	"  config               the configuration in effect\n"
	"\n"
	"  --file-prefix NAME   EAL's --file-prefix of snoopd, default rte\n"
	"  --socket PATH        telemetry socket of snoopd, where it is not in the usual place\n"
	"  --json               print JSON\n"
	"  --help               print this\n"
	"\n"
	"exit status: 0 done, 1 snoopd cannot be reached or does not answer, 2 wrong usage\n";

/*
 * Add a page's flows to the list. Telemetry of DPDK 22.11 cannot nest a list of dictionaries, so
 * that they come as a dictionary of dictionaries there; later ones may send a list.
 */
static bool add_flows(json_t *list, const json_t *page)
{
	json_t *flows = json_object_get(page, "flows"), *flow;
	const char *name;

	if (json_is_array(flows))
		return json_array_extend(list, flows) == 0;
	json_object_foreach(flows, name, flow) if (json_array_append(list, flow) != 0) return false;
	return json_is_object(flows);
}

static json_t *ask_flows(struct client *client)
{
	json_t *all = json_object(), *list = json_array(), *page;
	int64_t offset = 0, next, total = 0;
	char command[64];

	for (int pages = 0; offset >= 0 && pages < PAGES_MAX; pages++) {
		snprintf(command, sizeof(command), "/snoop/flows,%" PRId64, offset);
		page = client_ask(client, command);
		if (page == NULL)
			goto fail;
		text_number(json_object_get(page, "total"), &total);
		if (!text_number(json_object_get(page, "next"), &next) || next <= offset)
			next = -1;
		/* The table may have become shorter since the last page. */
		if (!add_flows(list, page) && total > offset) {
			json_decref(page);
			client_refuse(client, command, "holds no flows");
			goto fail;
		}
		offset = next;
		json_decref(page);
	}
	json_object_set_new(all, "total", json_integer(total));
	json_object_set_new(all, "flows", list);
	return all;
fail:
	json_decref(all);
	json_decref(list);
	return NULL;
}

static const struct command {
	const char *name;
	const char *request; /* NULL: paged */
	void (*text)(const json_t *reply, FILE *out);
} commands[] = {
	{"stats", "/snoop/stats", text_stats},
	{"flows", NULL, text_flows},
	{"config", "/snoop/config", text_config},
};

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int run(const struct command *command, const char *path, bool json)
{
	struct client client;
	json_t *reply = NULL;
	int status = EXIT_SUCCESS;

	if (client_open(&client, path, TIMEOUT_MS) == 0)
		reply = command->request != NULL ? client_ask(&client, command->request)
						 : ask_flows(&client);
	if (reply == NULL) {
		fprintf(stderr, "snoopctl: %s\n", client.error);
		client_close(&client);
		return EXIT_UNREACHABLE;
	}
	if (json) {
		json_dumpf(reply, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		command->text(reply, stdout);
	}
	json_decref(reply);
	client_close(&client);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("snoopctl: standard output");
		status = EXIT_UNREACHABLE;
	}
	return status;
}

static int wrong_usage(const char *what, const char *name)
{
	fprintf(stderr, "snoopctl: %s%s%s; see snoopctl --help\n", what, name[0] != '\0' ? " " : "",
		name);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"file-prefix", required_argument, NULL, 'f'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *socket_path = NULL, *prefix = NULL;
	const struct command *command;
	char default_path[512];
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 's':
			socket_path = optarg;
			break;
		case 'f':
			prefix = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc)
		return wrong_usage("no command, allowed: stats, flows, config", "");
	if (optind + 1 < argc)
		return wrong_usage("one command at a time, not also", argv[optind + 1]);
	if (socket_path != NULL && prefix != NULL)
		return wrong_usage("--socket and --file-prefix exclude each other", "");
	command = command_find(argv[optind]);
	if (command == NULL)
		return wrong_usage("commands are stats, flows and config, not", argv[optind]);
	if (socket_path == NULL) {
		if (client_default_path(prefix != NULL ? prefix : "rte", default_path,
					sizeof(default_path)) != 0)
			return wrong_usage("file prefix too long:", prefix);
		socket_path = default_path;
	}
	return run(command, socket_path, json);
}
