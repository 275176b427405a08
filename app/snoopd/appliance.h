/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The appliance as a whole: bring everything up in order, run until told to stop, take it down in
 * reverse, and check that every packet buffer came back.
 *
 * Who runs here: the control thread (the EAL's main lcore), alone until the workers are launched
 * and again after they have stopped. It may call every room of app/snoopd.
 */
#ifndef SNOOPD_APPLIANCE_H
#define SNOOPD_APPLIANCE_H

#include <config/links.h>
#include <snoopd/options.h>

struct links;
struct standby;

/**
 * Run until a signal, or until nothing was received for options->exit_when_idle_us.
 *
 * @param links    after links_init(); outlive the process, as the telemetry thread may look at them
 * @param configs  of the links, in the same order; outlive the run
 * @param standby  after standby_join(): it may be one
 * @return the exit status: EXIT_SUCCESS, EXIT_FAILURE at run time, or EXIT_USAGE if the
 * configuration does not fit the ports or the lcores (nothing was started).
 */
int appliance_run(struct links *links, const struct config_links *configs,
		  const struct options *options, struct standby *standby);

#endif
