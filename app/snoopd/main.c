/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_version.h>

#include <config/config.h>
#include <snoopd/appliance.h>
#include <snoopd/base/log.h>
#include <snoopd/bringup/late_ports.h>
#include <snoopd/bringup/privileges.h>
#include <snoopd/bringup/rundir.h>
#include <snoopd/control/link.h>
#include <snoopd/control/loop.h>
#include <snoopd/control/standby.h>
#include <snoopd/observe/telemetry.h>
#include <snoopd/options.h>

static int print_config(const struct config *config)
{
	if (config_print(config, stdout) == 0 && fflush(stdout) == 0)
		return EXIT_SUCCESS;
	perror("snoopd: error: --print-config");
	return EXIT_FAILURE;
}

/* @return the arguments for the EAL of a standby, or NULL after one line on stderr. */
static char **beside(struct standby *standby, char **argv, int *eal_argc)
{
	bool pci = true;

	for (int i = 0; i < *eal_argc; i++)
		pci &= strcmp(argv[i], "--no-pci") != 0;
	if (pci) {
		log_error("--standby: PCI devices cannot be had beside the process that has them; "
			  "with virtual devices alone give the EAL --no-pci");
		return NULL;
	}
	argv = rundir_beside(argv, eal_argc);
	if (argv == NULL) {
		log_error("--standby: no memory, or the file prefix is too long");
		return NULL;
	}
	standby->late = late_ports_needed(argv);
	if (standby->late)
		*eal_argc = late_ports_take_out(argv);
	return *eal_argc >= 0 ? argv : NULL;
}

static int run(const struct config *config, const struct options *options, char **argv)
{
	/* DPDK never joins its telemetry thread, so the link must outlive this function. */
	static struct link link;
	struct standby standby;
	int status, eal_argc = options->eal_argc;

	if (config->log == CONFIG_LOG_SYSLOG)
		log_to_syslog();
	loop_block_signals();
	argv[eal_argc] = NULL;
	if (privileges_find(config) != 0 ||
	    standby_join(&standby, rundir_prefix(argv), options->standby, options->takes_over) != 0)
		return EXIT_USAGE;
	if (standby.connection >= 0) {
		argv = beside(&standby, argv, &eal_argc);
		if (argv == NULL)
			return EXIT_USAGE;
	}
	if (privileges_prepare(argv) != 0)
		return EXIT_USAGE;
	if (rte_eal_init(eal_argc, argv) < 0) {
		log_error("the EAL does not start, see its messages above");
		return EXIT_FAILURE;
	}
	link_init(&link);
	telemetry_start(&link);
	status = appliance_run(&link, config, options, &standby);
	rte_eal_cleanup();
	return status;
}

int main(int argc, char **argv)
{
	static struct config config;
	struct options options;
	char error[512];

	if (options_parse(&options, argc, argv) != 0)
		return EXIT_USAGE;
	switch (options.action) {
	case OPTIONS_HELP:
		options_help();
		return EXIT_SUCCESS;
	case OPTIONS_VERSION:
		printf("snoopd %s, %s\n", SNOOPD_VERSION, rte_version());
		return EXIT_SUCCESS;
	default:
		break;
	}
	if (config_load(&config, options.config_path, error, sizeof(error)) != 0) {
		log_error("%s", error);
		return EXIT_USAGE;
	}
	switch (options.action) {
	case OPTIONS_CHECK_CONFIG:
		printf("%s: OK\n", options.config_path);
		return EXIT_SUCCESS;
	case OPTIONS_PRINT_CONFIG:
		return print_config(&config);
	default:
		return run(&config, &options, argv);
	}
}
