/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * `snoopctl capture`: what snoopd saw of a flow and did with it, as a pcapng file with a comment
 * per packet (draft-ietf-opsawg-pcapng).
 */
#ifndef SNOOPCTL_CAPTURE_H
#define SNOOPCTL_CAPTURE_H

#include "client.h"
#include "options.h"

/**
 * Capture until the count is reached, the wait is over, or SIGINT or SIGTERM comes; the file has
 * then what came until then.
 *
 * @return 0, or -1 with a line in client->error.
 */
int capture_run(struct client *client, const struct options *options);

#endif
