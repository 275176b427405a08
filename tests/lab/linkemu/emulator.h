/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINKEMU_EMULATOR_H
#define LINKEMU_EMULATOR_H

#include "direction.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * @file
 * The set of links that one process emulates and the commands that change them. Used from the one
 * thread of the process; the control socket is served between two turns of the packet loop.
 */

#define LINKS_MAX 8
#define LINK_NAME_BYTES 32

enum link_direction {
	DIR_FWD, /* from tap a to tap b */
	DIR_REV, /* from tap b to tap a */
	DIRS
};

struct link {
	char name[LINK_NAME_BYTES];
	struct direction dirs[DIRS];
	struct retransmits retransmits;
};

struct emulator {
	struct link links[LINKS_MAX];
	unsigned int links_count;
	struct frame_pool pool;
	bool realtime;
	uint64_t started_ns;
	uint64_t wakeups;
};

/** @return CLOCK_MONOTONIC in nanoseconds */
uint64_t emulator_now_ns(void);

/**
 * Add a link as `NAME,a=NETNS:TAP,b=NETNS:TAP`, both taps are created. TAP ends in "/offloads"
 * where the host shall leave checksums and segmentation to its card (card.h).
 *
 * @return 0; otherwise a negative errno and one line on stderr
 */
int emulator_add_link(struct emulator *emu, const char *spec);

/** Count losses and retransmits in the forward direction of a link. @return 0 or a negative errno
 */
int emulator_track(struct emulator *emu, const char *link_name);

/** Apply `LINK:DIR:key=value[,key=value...]`, DIR is fwd, rev or both. @return as add_link */
int emulator_set(struct emulator *emu, const char *spec);

/**
 * Execute one control command:
 *   stats | reset | set LINK DIR KEY VALUE | down LINK DIR SECONDS [AFTER_SECONDS] |
 *   stall LINK DIR SECONDS [AFTER_SECONDS]
 * and write the answer, one JSON object, to `out`.
 */
void emulator_command(struct emulator *emu, char *line, FILE *out);

#endif
