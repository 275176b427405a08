/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A worker changes to another configuration while packets move.
 *
 *	CONFIGURED -> DRAINING -> LEVELLING -> CONFIGURED
 *
 * New flows and all settings follow the new configuration at once. The walk that gives the running
 * flows their levels takes seconds in a large table. A bypass of the whole link must not wait for
 * it, yet packets must not overtake ACKs that are withheld. So it drains first:
 *
 *	DRAINING   the engine withholds no more ACKs and retransmits nothing on a timer; the walk
 *	           goes on. Ends when no ACK is withheld: within the withholding time.
 *	LEVELLING  a bypass of the whole link is in effect: packets skip the flow table. The walk
 *	           goes on. Ends with it.
 *
 * A configuration that helps some flows starts with LEVELLING. Worker lcore only, but
 * reconfigure_start().
 */
#ifndef SNOOPD_RECONFIGURE_H
#define SNOOPD_RECONFIGURE_H

#include <stdbool.h>
#include <stdint.h>

#include <config/config.h>

struct worker_link;

enum reconfigure_state { RECONFIGURE_CONFIGURED, RECONFIGURE_DRAINING, RECONFIGURE_LEVELLING };

/** Control thread, at the worker's creation: its first configuration. */
void reconfigure_start(struct worker_link *link, const struct config *config);

/** Change to another configuration, whose sizes of tables and pool are those of the first one. */
void reconfigure_begin(struct worker_link *link, const struct config *config);

/** A bounded step. @return true when every flow has its level. */
bool reconfigure_step(struct worker_link *link);

#endif
