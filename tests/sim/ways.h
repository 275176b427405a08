/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Included ahead of every file of ways.c's two programs, the engine's own among them: one has the
 * engine with its fast paths and counts where they were taken, in the other (WAYS_GENERAL) they are
 * closed.
 */
#ifndef WAYS_H
#define WAYS_H

#include <stdbool.h>
#include <stdint.h>

enum way {
	WAY_NEXT_DATA, /* data_in_order() */
	WAY_DEADLINE,  /* deadline_stands() */
	WAY_NEXT_ACK,  /* ack_in_order() */
	WAY_TAIL,      /* deadline_of_tail_us() */
	WAY_APPEND,    /* segment_link_at_tails() */
	WAY_FIRST,     /* segment_unlink_first() */
	WAY_COUNT,
};

extern uint64_t ways_asked[WAY_COUNT], ways_taken[WAY_COUNT];

#ifdef WAYS_GENERAL
#define SNOOP_FAST_PATH(name, taken) (false && (taken))
#else
#define SNOOP_FAST_PATH(name, taken)                                                               \
	(++ways_asked[WAY_##name] && (taken) && ++ways_taken[WAY_##name])
#endif

#endif
