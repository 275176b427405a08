/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the control thread does while the workers forward: sleep, tick the supervisor, and obey
 * signals (SIGHUP reloads, SIGINT and SIGTERM end it).
 *
 * Who runs here: the control thread. It calls supervisor.h and apply.h.
 */
#ifndef SNOOPD_LOOP_H
#define SNOOPD_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct handover;
struct links;
struct supervisor;

/**
 * Block the signals that loop_run() waits for, and ignore SIGPIPE. Call it before the EAL makes
 * threads, which inherit the mask.
 */
void loop_block_signals(void);

enum loop_end {
	LOOP_STOPPED, /* by a signal, or no packet arrived for a while */
	LOOP_ASKED,   /* a standby asks to take over */
	LOOP_PORT_LOST,
};

/** @param exit_when_idle_us  how long without a packet; 0 = for ever */
enum loop_end loop_run(struct links *links, struct supervisor *supervisor,
		       struct handover *handover, uint64_t exit_when_idle_us);

/** @return a descriptor to poll for the same signals, -1 with errno. */
int loop_open_signals(void);

/** A standby: read the signals. @return whether one of them ends it. */
bool loop_ends_by(int signals);

#endif
