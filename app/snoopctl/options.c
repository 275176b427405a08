/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"

#define LIST 1u	    /* takes --filter, --sort, --limit, --offset */
#define INTERVAL 2u /* takes --interval */
#define CAPTURE 4u  /* takes --flow, --count, --wait */

static const struct command {
	const char *name;
	const char *operand; /* NULL = it takes none */
	unsigned int takes;
	const char *help;
	const char *more; /* of `snoopctl COMMAND --help` */
} commands[] = {
	[COMMAND_STATUS] = {"status", NULL, 0, "one screen: is it up, does it help", ""},
	[COMMAND_STATS] = {"stats", NULL, 0, "counters of all workers, with unit and meaning", ""},
	[COMMAND_FLOWS] = {"flows", NULL, LIST,
			   "one line per TCP connection: what is done for it, and why not more",
			   "--sort takes key, repairs, loss, rtt or bytes.\n"},
	[COMMAND_FLOW] = {"flow", "KEY", 0, "everything about one connection",
			  "KEY is what flows shows: 10.0.0.1:443 192.168.0.7:5000, the wired side "
			  "first, with or\nwithout a '>' (quoted) between them.\n"},
	[COMMAND_HOSTS] = {"hosts", NULL, LIST, "one line per wireless station",
			   "--sort takes key, repairs, loss, rtt or bytes.\n"},
	[COMMAND_TOP] =
		{"top", NULL, LIST | INTERVAL, "the busiest connections, live; q quits",
		 "--sort takes repairs, loss, rate or rtt; the keys p, l, b and t change it "
		 "while it runs.\nWith --json one list is printed after one interval.\n"},
	[COMMAND_WORKERS] = {"workers", NULL, 0,
			     "how flows find their workers, and how busy each is", ""},
	[COMMAND_CONFIG] = {"config", NULL, 0, "the configuration in effect", ""},
	[COMMAND_MODE] =
		{"mode", "LEVEL", 0, "another level for the link, until the next reload",
		 "LEVEL is bypass, observe, repair, snoop or auto. In bypass the rules are "
		 "suspended too:\nthe box is a plain wire.\n"},
	[COMMAND_RELOAD] = {"reload", NULL, 0, "read the configuration file again",
			    "On an error nothing changes. Keys that are read at the start only are "
			    "refused by name.\n"},
	[COMMAND_LOG_LEVEL] = {"log-level", "LEVEL", 0, "what snoopd logs",
			       "LEVEL is error, warning, notice, info or debug.\n"},
	[COMMAND_CAPTURE] = {"capture", "FILE", CAPTURE,
			     "what was seen of one connection and done with it, for wireshark",
			     "The file is pcapng: the heads of the frames, 180 bytes each, with a "
			     "comment each. One capture\nat a time; a later one ends it. The "
			     "connection has to exist, and not to be in bypass as a\nwhole link. "
			     "With --json file and number of packets are printed as JSON.\n"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char common[] =
	"  --json               print JSON\n"
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
		fprintf(out, "  %-9s %-10s %s\n", commands[i].name,
			commands[i].operand != NULL ? commands[i].operand : "", commands[i].help);
	fprintf(out, "\n%s\nOf flows, hosts and top:\n%s\nOf top:\n%s\nOf capture:\n%s\n%s", common,
		list_options, interval_option, capture_options, exit_status);
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
	GIVEN_VERSION
};

static const struct option long_options[] = {
	{"socket", required_argument, NULL, 's'},
	{"file-prefix", required_argument, NULL, 'f'},
	{"json", no_argument, NULL, 'j'},
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
	{NULL, 0, NULL, 0},
};

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
	case 'j':
		options->json = true;
		return OPTIONS_RUN;
	case GIVEN_VERSION:
		puts("snoopctl " SNOOPD_VERSION);
		return OPTIONS_DONE;
	case GIVEN_FILTER:
		options->filter = optarg;
		*takes |= LIST;
		return OPTIONS_RUN;
	case GIVEN_SORT:
		options->sort = optarg;
		*takes |= LIST;
		return list_sort_known(optarg)
			       ? OPTIONS_RUN
			       : wrong("--sort takes key, repairs, loss, rtt, bytes or "
				       "rate, not",
				       optarg);
	case GIVEN_LIMIT:
		*takes |= LIST;
		return parse_count(optarg, &options->limit)
			       ? OPTIONS_RUN
			       : wrong("--limit takes a count, not", optarg);
	case GIVEN_OFFSET:
		*takes |= LIST;
		return parse_count(optarg, &options->offset)
			       ? OPTIONS_RUN
			       : wrong("--offset takes a count, not", optarg);
	case GIVEN_INTERVAL:
		*takes |= INTERVAL;
		return parse_interval(optarg, &options->interval_ms)
			       ? OPTIONS_RUN
			       : wrong("--interval takes 0.1 to 3600 seconds, not", optarg);
	case GIVEN_FLOW:
		*takes |= CAPTURE;
		options->flow = optarg;
		return strlen(optarg) < sizeof(options->operand)
			       ? OPTIONS_RUN
			       : wrong("too long:", "--flow");
	case GIVEN_COUNT:
		*takes |= CAPTURE;
		return parse_count(optarg, &options->count) && options->count >= 1 &&
				       options->count <= 10000
			       ? OPTIONS_RUN
			       : wrong("--count takes 1 to 10000 packets, not", optarg);
	case GIVEN_WAIT:
		*takes |= CAPTURE;
		return parse_interval(optarg, &options->wait_ms)
			       ? OPTIONS_RUN
			       : wrong("--wait takes 0.1 to 3600 seconds, not", optarg);
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
	if (!join(options->operand, sizeof(options->operand), word + 1, words - 1))
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
