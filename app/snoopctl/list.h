/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Flows and hosts as lists: read page by page, filtered, sorted, cut.
 */
#ifndef SNOOPCTL_LIST_H
#define SNOOPCTL_LIST_H

#include <stdbool.h>

#include <jansson.h>

#include "client.h"
#include "options.h"

/** key, repairs, loss, rtt, bytes, rate */
bool list_sort_known(const char *sort);

/** @return {"total": in the table, "flows": [...]}, or NULL with a line in client->error. */
json_t *list_flows(struct client *client);

/** The same with "hosts"; records that several workers have of one station are one. */
json_t *list_hosts(struct client *client);

/**
 * Filter, sort and cut reply[name] as the options say; adds "matched", how many passed the filter.
 */
void list_arrange(json_t *reply, const char *name, const struct options *options);

#endif
