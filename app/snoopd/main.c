/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_config.h>
#include <rte_eal.h>
#include <rte_version.h>

#include <config/links.h>
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

static int print_config(const char *path)
{
	struct config_links links;
	char error[512];
	int status = EXIT_SUCCESS;

	if (config_links_load(&links, path, error, sizeof(error)) != 0) {
		log_error("%s", error);
		return EXIT_USAGE;
	}
	if (config_links_print(&links, stdout) != 0) {
		perror("snoopd: error: --print-config");
		status = EXIT_FAILURE;
	}
	config_links_free(&links);
	return status;
}

/* @return the arguments for the EAL of a standby, or NULL after one line on stderr. */
static char **beside(struct standby *standby, char **argv, int *eal_argc)
{
	const char *refused = late_ports_refused(argv);
	bool pci = true;

	if (refused != NULL) {
		log_error("--standby: %.*s cannot be had before the process that has it ends; "
			  "without --standby a second process can wait for a lock file, see "
			  "deploy.md",
			  (int)strcspn(refused, ","), refused);
		return NULL;
	}
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

/* @return 0, or -1 after one line on stderr: the links are too many for this program. */
static int check_count(const struct config_links *configs)
{
	const char *file = configs->link[0]->file;

	if (2 * configs->count > RTE_MAX_ETHPORTS) {
		log_error("%s has %u links, but this DPDK is built for %u ports, two of each link: "
			  "start another snoopd for the others, or build DPDK with "
			  "-Dmax_ethports=%u",
			  file, configs->count, RTE_MAX_ETHPORTS, 2 * configs->count);
		return -1;
	}
	return 0;
}

static int run(const struct config_links *configs, const struct options *options, char **argv)
{
	/* DPDK never joins its telemetry thread, so the links must outlive this function. */
	static struct links links;
	const struct config *config = configs->link[0];
	static struct standby standby;
	int status, eal_argc = options->eal_argc;

	if (config->log == CONFIG_LOG_SYSLOG)
		log_to_syslog();
	log_set_links(configs->count);
	if (check_count(configs) != 0)
		return EXIT_USAGE;
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
	links_init(&links, configs);
	telemetry_start(&links);
	status = appliance_run(&links, configs, options, &standby);
	rte_eal_cleanup();
	return status;
}

int main(int argc, char **argv)
{
	struct config_links configs;
	struct options options;
	int status = EXIT_SUCCESS;
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
	case OPTIONS_PRINT_CONFIG:
		return print_config(options.config_path);
	default:
		break;
	}
	if (config_links_load(&configs, options.config_path, error, sizeof(error)) != 0) {
		log_error("%s", error);
		return EXIT_USAGE;
	}
	if (options.action == OPTIONS_RUN)
		status = run(&configs, &options, argv);
	else if (check_count(&configs) != 0)
		status = EXIT_USAGE;
	else
		printf("%s: OK\n", options.config_path);
	config_links_free(&configs);
	return status;
}
