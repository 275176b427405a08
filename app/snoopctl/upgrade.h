/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * `snoopctl upgrade`: start another snoopd in the place of the one that runs, with its arguments,
 * environment, output, network namespace and control group, and let it take over.
 */
#ifndef SNOOPCTL_UPGRADE_H
#define SNOOPCTL_UPGRADE_H

#include "client.h"
#include "options.h"

/**
 * Return when the new process forwards, or has ended without; then the old one goes on.
 *
 * @return 0, or -1 with a line in client->error.
 */
int upgrade_run(struct client *client, const struct options *options);

#endif
