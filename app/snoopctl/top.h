/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The live list of connections on a terminal.
 */
#ifndef SNOOPCTL_TOP_H
#define SNOOPCTL_TOP_H

#include <jansson.h>

#include "client.h"
#include "options.h"

/** Until q. @return 0, or -1 with a line in client->error; the terminal is then as it was. */
int top_run(struct client *client, const struct options *options);

/**
 * One list, with rates over one interval ("rate_bps", of what the stations acknowledged).
 *
 * @return as list_flows(), or NULL with a line in client->error.
 */
json_t *top_once(struct client *client, const struct options *options);

#endif
