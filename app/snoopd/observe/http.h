/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * HTTP, where [metrics] listen says: `/` the live page, `/snoop.json` its data, `/metrics` for
 * Prometheus. GET and HEAD only; nothing can be changed from here.
 *
 * The HTTP thread, on the control thread's CPU, never on a worker's. It reads counters and asks the
 * workers for stations as telemetry does, with the link's lock.
 */
#ifndef SNOOPD_HTTP_H
#define SNOOPD_HTTP_H

#include <config/config.h>

struct http_server;
struct links;

/**
 * Start. Control thread, after it was pinned.
 *
 * @param server  receives the server, NULL where the configuration has it off
 * @param link    what the pages are about; outlives the server
 * @return 0, or -1 after one line on stderr.
 */
int http_server_start(struct http_server **server, const struct config *config,
		      struct links *links);

/** Returns when no answer is under way. NULL is allowed. */
void http_server_stop(struct http_server *server);

#endif
