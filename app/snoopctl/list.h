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

#define LIST_LIMIT_MS 60000 /* for a list that somebody waits for */

/**
 * Read the table.
 *
 * @param limit_ms  after that no further page is asked for
 * @return {"total": in the table, "flows": [...]}, with "missing" where that is not all: "timed
 * out" (a worker did not answer) or "took too long"; NULL with a line in client->error.
 */
json_t *list_flows(struct client *client, unsigned int limit_ms);

/** The process, and all its links. @return NULL with a line in client->error. */
json_t *list_links(struct client *client);

/**
 * The status of the link that client->link names, or of the only one; or, where there are several
 * and none is named, list_links(). @return NULL with a line in client->error.
 */
json_t *list_status(struct client *client);

/** The configuration, sections with their keys. @return NULL with a line in client->error. */
json_t *list_config(struct client *client);

/** The same with "hosts"; records that several workers have of one station are one. */
json_t *list_hosts(struct client *client);

/**
 * Filter, sort and cut reply[name] as the options say; adds "matched", how many passed the filter.
 */
void list_arrange(json_t *reply, const char *name, const struct options *options);

#endif
