/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoopd/options.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <snoopd/base/log.h>

#define EAL_HINT "; arguments of the EAL go before `--`, see --help"

enum {
	OPTION_CONFIG = 256,
	OPTION_CHECK,
	OPTION_PRINT,
	OPTION_STATS,
	OPTION_IDLE,
	OPTION_STANDBY,
	OPTION_TAKE_OVER,
	OPTION_VERSION
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"check-config", no_argument, NULL, OPTION_CHECK},
	{"print-config", no_argument, NULL, OPTION_PRINT},
	{"stats-file", required_argument, NULL, OPTION_STATS},
	{"exit-when-idle", required_argument, NULL, OPTION_IDLE},
	{"standby", no_argument, NULL, OPTION_STANDBY},
	{"take-over", no_argument, NULL, OPTION_TAKE_OVER},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

void options_help(void)
{
	puts("Usage: snoopd [EAL arguments] -- --config FILE [options]\n"
	     "       snoopd --check-config --config FILE\n"
	     "       snoopd --print-config --config FILE\n"
	     "\n"
	     "A wire between two ports that retransmits TCP segments lost on its wireless side.\n"
	     "\n"
	     "  --config FILE            the configuration; config/snoopd.ini documents it\n"
	     "  --check-config           read it, print OK or what is wrong, touch no port\n"
	     "  --print-config           print the effective configuration in the same format\n"
	     "  --stats-file FILE        write all counters as JSON to FILE at exit\n"
	     "  --standby                if a snoopd of this --file-prefix runs: be ready beside "
	     "it,\n"
	     "                           and forward as soon as it ends, however it ends\n"
	     "  --take-over              the same, but ask it to hand over and end at once\n"
	     "  --help, --version\n"
	     "\n"
	     "For tests:\n"
	     "  --exit-when-idle TIME    stop when no packet was received for TIME (200ms, 2s)\n"
	     "\n"
	     "The EAL needs at least two lcores: the first mostly sleeps, each of the others\n"
	     "forwards the connections that it owns.\n"
	     "Example: snoopd -l 0,1 --no-pci --vdev net_af_packet0,iface=eth1 \\\n"
	     "                --vdev net_af_packet1,iface=eth2 -- --config snoopd.ini\n"
	     "\n"
	     "Exit status: 0 stopped by a signal, or idle, 1 failure at run time, 2 wrong "
	     "arguments\n"
	     "or configuration (nothing was started), 3 a port is not there, or has vanished.");
}

static int parse_duration(const char *text, uint64_t *us)
{
	static const struct {
		const char *unit;
		uint64_t us;
	} units[] = {{"us", 1}, {"ms", 1000}, {"s", 1000000}, {"min", 60000000}};
	char *end;
	unsigned long long value;

	if (*text < '0' || *text > '9')
		return -1;
	value = strtoull(text, &end, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(end, units[i].unit) == 0 && value > 0 && value <= 1000000000ull) {
			*us = value * units[i].us;
			return 0;
		}
	return -1;
}

static int set_action(struct options *options, enum options_action action)
{
	if (options->action != OPTIONS_RUN && options->action != action) {
		log_error("give only one of --check-config, --print-config, --help, --version");
		return -1;
	}
	options->action = action;
	return 0;
}

static int parse_one(struct options *options, int option, char **argv)
{
	switch (option) {
	case OPTION_CONFIG:
		options->config_path = optarg;
		return 0;
	case OPTION_CHECK:
		return set_action(options, OPTIONS_CHECK_CONFIG);
	case OPTION_PRINT:
		return set_action(options, OPTIONS_PRINT_CONFIG);
	case OPTION_STATS:
		options->stats_path = optarg;
		return 0;
	case OPTION_IDLE:
		if (parse_duration(optarg, &options->exit_when_idle_us) == 0)
			return 0;
		log_error("--exit-when-idle %s is not a time like 200ms or 2s", optarg);
		return -1;
	case OPTION_STANDBY:
		options->standby = true;
		return 0;
	case OPTION_TAKE_OVER:
		options->standby = options->takes_over = true;
		return 0;
	case 'h':
		return set_action(options, OPTIONS_HELP);
	case OPTION_VERSION:
		return set_action(options, OPTIONS_VERSION);
	case ':':
		log_error("%s needs a value", argv[optind - 1]);
		return -1;
	default:
		if (optopt > 0 && optopt < OPTION_CONFIG)
			log_error("unknown option -%c" EAL_HINT, optopt);
		else
			log_error("unknown option %s" EAL_HINT, argv[optind - 1]);
		return -1;
	}
}

int options_parse(struct options *options, int argc, char **argv)
{
	int first = 0, option, result = 0;

	memset(options, 0, sizeof(*options));
	options->eal_argc = 1;
	for (int i = 1; i < argc && first == 0; i++)
		if (strcmp(argv[i], "--") == 0) {
			first = i;
			options->eal_argc = i;
		}

	optind = 1;
	opterr = 0;
	while (result == 0 &&
	       (option = getopt_long(argc - first, argv + first, ":h", long_options, NULL)) != -1)
		result = parse_one(options, option, argv + first);
	if (result == 0 && optind < argc - first) {
		log_error("unexpected argument %s, see --help", argv[first + optind]);
		result = -1;
	}
	optind = 1;
	if (result != 0)
		return result;
	if (options->config_path == NULL && options->action != OPTIONS_HELP &&
	    options->action != OPTIONS_VERSION) {
		log_error("--config FILE is missing, see --help");
		return -1;
	}
	return 0;
}
