/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <counters/reasons.h>

#include "list.h"

#define LIST 1u	    /* takes --filter, --sort, --limit, --offset */
#define INTERVAL 2u /* takes --interval */
#define CAPTURE 4u  /* takes --flow, --count, --wait */
#define TOTAL 8u    /* takes --total */
#define PROCESS 16u /* is about all links: takes no --link */

#define LINK_CHARS_MAX 64 /* more than snoopd takes */

#define LEVEL_LINE(id, token, help) "  " #token ": " help "\n"
#define LEVEL_LINES SNOOP_LEVELS(LEVEL_LINE)

static const struct command {
	const char *name;
	const char *operand; /* NULL = it takes none */
	unsigned int takes;
	const char *help;
	const char *more; /* of `snoopctl COMMAND --help` */
} commands[] = {
	[COMMAND_STATUS] = {"status", NULL, TOTAL, "one screen: is it up, and does it help", ""},
	[COMMAND_STATS] = {"stats", NULL, TOTAL, "all counters, with unit and meaning", ""},
	[COMMAND_FLOWS] = {"flows", NULL, LIST,
			   "one line per TCP connection: its level, and why it is not helped",
			   "--sort takes key, repairs, loss, rtt or bytes.\n"},
	[COMMAND_FLOW] = {"flow", "KEY", 0, "everything about one connection",
			  "KEY is what flows shows: 10.0.0.1:443 192.168.0.7:5000, the wired side\n"
			  "first, with or without a '>' (quoted) between them.\n"},
	[COMMAND_HOSTS] = {"hosts", NULL, LIST, "one line per wireless station",
			   "--sort takes key, repairs, loss, rtt or bytes.\n"},
	[COMMAND_TOP] =
		{"top", NULL, LIST | INTERVAL | TOTAL, "the busiest connections, live; q quits",
		 "--sort takes repairs, loss, rate or rtt; the keys p, l, b and t change it\n"
		 "while it runs. --json prints one list after one interval.\n"},
	[COMMAND_WORKERS] = {"workers", NULL, 0,
			     "how flows find their workers, and how busy each is", ""},
	[COMMAND_LINKS] = {"links", NULL, PROCESS,
			   "one line per link: ports, load, losses, verdict", ""},
	[COMMAND_CONFIG] = {"config", NULL, 0, "the configuration in effect", ""},
	[COMMAND_MODE] = {"mode", "LEVEL", 0, "set the level of the link, until the next reload",
			  "LEVEL is one of\n" LEVEL_LINES
			  "bypass suspends the rules too: the box is a plain wire.\n"},
	[COMMAND_RELOAD] = {"reload", NULL, PROCESS, "read the configuration file again",
			    "On an error nothing changes. snoopd refuses, by name, to change keys\n"
			    "that it reads at the start only.\n"},
	[COMMAND_LOG_LEVEL] = {"log-level", "LEVEL", PROCESS, "what snoopd logs",
			       "LEVEL is error, warning, notice, info or debug.\n"},
	[COMMAND_RESET_COUNTERS] =
		{"reset-counters", NULL, 0, "let stats, status and top begin from zero",
		 "stats, status and top then show what was counted since, and say so; --total\n"
		 "shows what was counted since the start, --json both. The reset holds for\n"
		 "everybody who uses snoopctl, until the next one. Gauges, single connections,\n"
		 "hosts, workers, the page and Prometheus are not affected.\n"},
	[COMMAND_CAPTURE] =
		{"capture", "FILE", CAPTURE,
		 "what snoopd saw of one connection and did with it, for wireshark",
		 "FILE is pcapng with the first 180 bytes of each frame and a comment. A\n"
		 "later capture ends an earlier one. The connection has to exist, on a\n"
		 "link that is not wholly in bypass. --json prints file and number of\n"
		 "packets.\n"},
	[COMMAND_UPGRADE] =
		{"upgrade", "PROGRAM", PROCESS,
		 "start another snoopd, which takes over without a gap",
		 "PROGRAM [-- ARGUMENTS] is a path; without ARGUMENTS it gets those of the\n"
		 "snoopd that runs, and always its output, environment, network namespace and\n"
		 "control group. If it does not start, the one that runs goes on. See\n"
		 "doc/deploy.md for the drivers that can do it.\n"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char common[] =
	"  --json               print JSON\n"
	"  --link NAME          the link, where snoopd has several\n"
	"  --file-prefix NAME   EAL's --file-prefix of snoopd, default rte\n"
	"  --socket PATH        telemetry socket of snoopd, where it is not in the usual place\n"
	"  --help               print this; with a command, more about it\n";
static const char list_options[] =
	"  --filter TEXT        only entries that contain TEXT, or NAME=VALUE in JSON's names\n"
	"  --sort WHAT          largest first\n"
	"  --limit N            at most N entries\n"
	"  --offset N           without the first N\n";
static const char interval_option[] = "  --interval SECONDS   between two screens, 0.1 to 3600, "
				      "default 1\n";
static const char total_option[] =
	"  --total              since the start of snoopd, not since reset-counters\n";
static const char capture_options[] =
	"  --flow KEY           the connection, as flows shows it, quoted\n"
	"  --count N            packets, 1 to 10000, default 1000\n"
	"  --wait SECONDS       for them at most, 0.1 to 3600, default 60\n";
static const char exit_status[] =
	"exit status: 0 done, 1 snoopd cannot be reached or does not answer, 2 wrong usage,\n"
	"3 snoopd refused, and nothing changed, 4 in effect, but not yet in every worker\n";

static void print_usage(FILE *out)
{
	fputs("usage: snoopctl [OPTION...] COMMAND\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-14s %-6s %s\n", commands[i].name,
			commands[i].operand != NULL ? commands[i].operand : "", commands[i].help);
	fprintf(out, "\n%s\nOf flows, hosts and top:\n%s\nOf stats, status and top:\n%s\n", common,
		list_options, total_option);
	fprintf(out, "Of top:\n%s\nOf capture:\n%s\n%s", interval_option, capture_options,
		exit_status);
}

static void print_command(const struct command *command)
{
	printf("usage: snoopctl [OPTION...] %s%s%s\n\n%s.\n%s\n%s", command->name,
	       command->operand != NULL ? " " : "",
	       command->operand != NULL ? command->operand : "", command->help, command->more,
	       common);
	if (command->takes & LIST)
		fputs(list_options, stdout);
	if (command->takes & INTERVAL)
		fputs(interval_option, stdout);
	if (command->takes & TOTAL)
		fputs(total_option, stdout);
	if (command->takes & CAPTURE)
		fputs(capture_options, stdout);
	printf("\n%s", exit_status);
}

static enum options_result wrong(const char *what, const char *name)
{
	fprintf(stderr, "snoopctl: %s%s%s; see snoopctl --help\n", what, name[0] != '\0' ? " " : "",
		name);
	return OPTIONS_WRONG;
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static bool parse_count(const char *text, size_t *count)
{
	unsigned long long value;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	*count = (size_t)value;
	return *end == '\0' && errno == 0;
}

static bool parse_interval(const char *text, unsigned int *interval_ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds >= 0.1 && seconds <= 3600))
		return false;
	*interval_ms = (unsigned int)(seconds * 1000);
	return true;
}

/* @return false with the words joined as far as they fit. */
static bool join(char *out, size_t out_bytes, char **words, int count)
{
	size_t used = 0;

	out[0] = '\0';
	for (int i = 0; i < count && used < out_bytes; i++)
		used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", i > 0 ? " " : "",
					 words[i]);
	return used < out_bytes;
}

enum given {
	GIVEN_FILTER = 256,
	GIVEN_SORT,
	GIVEN_LIMIT,
	GIVEN_OFFSET,
	GIVEN_INTERVAL,
	GIVEN_FLOW,
	GIVEN_COUNT,
	GIVEN_WAIT,
	GIVEN_TOTAL,
	GIVEN_VERSION
};

static const struct option long_options[] = {
	{"socket", required_argument, NULL, 's'},
	{"file-prefix", required_argument, NULL, 'f'},
	{"json", no_argument, NULL, 'j'},
	{"link", required_argument, NULL, 'l'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, GIVEN_VERSION},
	{"filter", required_argument, NULL, GIVEN_FILTER},
	{"sort", required_argument, NULL, GIVEN_SORT},
	{"limit", required_argument, NULL, GIVEN_LIMIT},
	{"offset", required_argument, NULL, GIVEN_OFFSET},
	{"interval", required_argument, NULL, GIVEN_INTERVAL},
	{"flow", required_argument, NULL, GIVEN_FLOW},
	{"count", required_argument, NULL, GIVEN_COUNT},
	{"wait", required_argument, NULL, GIVEN_WAIT},
	{"total", no_argument, NULL, GIVEN_TOTAL},
	{NULL, 0, NULL, 0},
};

/* An option that selects what a list shows. */
static enum options_result parse_list_option(struct options *options, int option)
{
	switch (option) {
	case GIVEN_FILTER:
		options->filter = optarg;
		return OPTIONS_RUN;
	case GIVEN_SORT:
		options->sort = optarg;
		if (list_sort_known(optarg))
			return OPTIONS_RUN;
		return wrong("--sort takes key, repairs, loss, rtt, bytes or rate, not", optarg);
	case GIVEN_LIMIT:
		if (parse_count(optarg, &options->limit))
			return OPTIONS_RUN;
		return wrong("--limit takes a count, not", optarg);
	default:
		if (parse_count(optarg, &options->offset))
			return OPTIONS_RUN;
		return wrong("--offset takes a count, not", optarg);
	}
}

static enum options_result parse_capture_option(struct options *options, int option)
{
	switch (option) {
	case GIVEN_FLOW:
		options->flow = optarg;
		if (strlen(optarg) < sizeof(options->operand))
			return OPTIONS_RUN;
		return wrong("too long:", "--flow");
	case GIVEN_COUNT:
		if (parse_count(optarg, &options->count) && options->count >= 1 &&
		    options->count <= 10000)
			return OPTIONS_RUN;
		return wrong("--count takes 1 to 10000 packets, not", optarg);
	default:
		if (parse_interval(optarg, &options->wait_ms))
			return OPTIONS_RUN;
		return wrong("--wait takes 0.1 to 3600 seconds, not", optarg);
	}
}

/* What getopt found, and which options beyond the common ones were among it. */
static enum options_result parse_one(struct options *options, int option, unsigned int *takes)
{
	switch (option) {
	case 's':
		options->socket_path = optarg;
		return OPTIONS_RUN;
	case 'f':
		options->file_prefix = optarg;
		return OPTIONS_RUN;
	case 'l':
		options->link = optarg;
		if (optarg[0] != '\0' && strlen(optarg) < LINK_CHARS_MAX &&
		    strpbrk(optarg, " ,") == NULL)
			return OPTIONS_RUN;
		return wrong("no name of a link:", optarg);
	case 'j':
		options->json = true;
		return OPTIONS_RUN;
	case GIVEN_VERSION:
		puts("snoopctl " SNOOPD_VERSION);
		return OPTIONS_DONE;
	case GIVEN_TOTAL:
		*takes |= TOTAL;
		options->total = true;
		return OPTIONS_RUN;
	case GIVEN_INTERVAL:
		*takes |= INTERVAL;
		if (parse_interval(optarg, &options->interval_ms))
			return OPTIONS_RUN;
		return wrong("--interval takes 0.1 to 3600 seconds, not", optarg);
	case GIVEN_FILTER:
	case GIVEN_SORT:
	case GIVEN_LIMIT:
	case GIVEN_OFFSET:
		*takes |= LIST;
		return parse_list_option(options, option);
	case GIVEN_FLOW:
	case GIVEN_COUNT:
	case GIVEN_WAIT:
		*takes |= CAPTURE;
		return parse_capture_option(options, option);
	default:
		return OPTIONS_WRONG; /* getopt said what */
	}
}

static enum options_result check(struct options *options, unsigned int takes, int words,
				 char **word)
{
	const struct command *command;

	if (words == 0)
		return wrong("no command", "");
	command = find(word[0]);
	if (command == NULL)
		return wrong("no such command:", word[0]);
	options->command = (enum command_id)(command - commands);
	if (command->operand == NULL && words > 1)
		return wrong("one command at a time, not also", word[1]);
	if (command->operand != NULL && words == 1)
		return wrong(command->name, command->operand);
	if (takes & ~command->takes)
		return wrong("not an option of", command->name);
	if (options->link != NULL && (command->takes & PROCESS))
		return wrong("--link is not for", command->name);
	options->words = word + 1;
	options->word_count = words - 1;
	if (options->command != COMMAND_UPGRADE &&
	    !join(options->operand, sizeof(options->operand), word + 1, words - 1))
		return wrong("too long:", command->operand);
	if (options->command == COMMAND_CAPTURE && options->flow == NULL)
		return wrong("capture takes", "--flow KEY");
	if (options->sort != NULL && strcmp(options->sort, "rate") == 0 &&
	    options->command != COMMAND_TOP)
		return wrong("--sort rate is for top, not", command->name);
	if (options->socket_path != NULL && options->file_prefix != NULL)
		return wrong("--socket and --file-prefix exclude each other", "");
	return OPTIONS_RUN;
}

enum options_result options_parse(struct options *options, int argc, char **argv)
{
	enum options_result result = OPTIONS_RUN;
	unsigned int takes = 0;
	bool help = false;
	int option;

	*options = (struct options){
		.limit = SIZE_MAX, .interval_ms = 1000, .count = 1000, .wait_ms = 60000};
	while (result == OPTIONS_RUN &&
	       (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (option == 'h')
			help = true;
		else
			result = parse_one(options, option, &takes);
	}
	if (result != OPTIONS_RUN)
		return result;
	if (help && optind < argc && find(argv[optind]) != NULL)
		print_command(find(argv[optind]));
	else if (help)
		print_usage(stdout);
	return help ? OPTIONS_DONE : check(options, takes, argc - optind, argv + optind);
}
