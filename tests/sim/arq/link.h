/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Two boxes with a radio between them, and the check of promise J-1 at every frame that one of them
 * forwards to its LAN:
 *
 *     LAN 0 - box 0 - radio (a channel each way) - box 1 - LAN 1
 */
#ifndef SIM_ARQ_LINK_H
#define SIM_ARQ_LINK_H

#include <arq/arq.h>

#include "channel.h"

#define LINK_KEYS 256U
#define FRAME_DATA 40U
#define WHY_BYTES 160U

/* A frame of a LAN. Its data is real as far as a tag may lie in it. */
struct frame {
	uint32_t refs;
	uint32_t bytes, key;
	enum arq_class class;
	uint8_t side;	/* of the LAN that sent it */
	bool preferred; /* by a radio with two queues; unordered frames are so anyway */
	uint8_t data_bytes;
	bool tagged;
	bool unfiltered; /* delivered by an end that did not know the sender's epoch */
	uint32_t delivered;
	uint64_t serial;  /* of its side and key */
	uint64_t born_ns; /* when it came to the box */
	uint64_t left_ns; /* when it left the box's queue */
	struct frame *next;
	/* For whoever simulates hosts. */
	uint32_t flow, kind;
	uint64_t number, stamp_ns;
	uint32_t ranges;
	uint64_t range[2 * 16];
	uint8_t data[FRAME_DATA];
};

enum box_mode {
	BOX_WIRE, /* a plain wire, or a bypass: knows nothing of tags */
	BOX_END,
};

struct link;
struct box {
	struct link *link;
	uint8_t side;
	enum box_mode mode;
	struct arq_config config;
	struct arq *end;
	struct arq_counters counters;
	uint32_t starts; /* of an end */
	uint64_t timer_ns;
	/* The queue in front of numbering, if the box owns it. */
	struct frame *head, **tail;
	uint64_t queued_bytes, queue_drops;
	struct signal *urgent_head, **urgent_tail;
	uint64_t free_ns, kick_ns;
	/* CoDel (RFC 8289) */
	uint64_t above_ns, drop_next_ns;
	uint32_t drop_count, drop_count_before;
	bool dropping;
};

struct link_params {
	uint64_t seed;
	struct channel_params channel[2]; /* by the side that sends */
	struct arq_config config;
	enum box_mode mode;
	/* The box owns the queue: paces to the rate of the radio, and drops by CoDel before it
	 * numbers. */
	bool own_queue;
	uint32_t queue_bytes;	  /* of that queue */
	uint32_t codel_target_us; /* 0: drop tail */
	bool remember;		  /* for link_replay() */
	bool strict;		  /* the radio keeps the order: so must plain frames */
};

struct link {
	struct world world;
	struct link_params params;
	struct box box[2];
	struct channel channel[2];
	void (*deliver)(void *context, uint8_t side, struct frame *frame);
	void *context;
	uint64_t serial[2][LINK_KEYS];	    /* given to the last frame of each key */
	uint64_t last_serial[2][LINK_KEYS]; /* delivered, by the side that sent */
	uint64_t live_frames, delivered;
	uint64_t wrong, strays; /* a LAN got a tagged frame, a control frame */
	uint64_t wrong_ns;	/* when, the last of the former */
	/* The frame that arrives now, and which rule its delivery breaks, unless a counter says so.
	 */
	const struct frame *arriving;
	const char *arriving_breaks;
	uint64_t arriving_last;			       /* last_serial before it */
	struct signal *last_control[2], *last_data[2]; /* for replays: a copy */
	uint64_t sent_bytes[2];
	bool closing;	     /* nothing new may begin */
	bool forged;	     /* somebody forges frames: only references are checked */
	char why[WHY_BYTES]; /* empty: no promise was broken */
};

void link_init(struct link *link, const struct link_params *params,
	       void (*deliver)(void *, uint8_t, struct frame *), void *context);
/** @return false if references are missing or left. Sets why. */
bool link_free(struct link *link);
/** A frame, with one reference. Keys are below LINK_KEYS. */
struct frame *link_frame(struct link *link, uint8_t side, uint32_t key, enum arq_class class,
			 uint32_t bytes);
void link_unref(struct link *link, struct frame *frame);
/** A LAN sends a frame; the reference passes on. */
void link_send(struct link *link, struct frame *frame);
/** The process of a box ends without a word, and starts again under another epoch, or the box is
 * bypassed. */
void link_restart(struct link *link, uint8_t side, enum box_mode mode);
/** Something that was heard on the radio is heard once more; control frames with a changed field
 * and a correct check sum if forged. */
void link_replay(struct link *link, uint8_t side, bool forged);
bool link_is_up(const struct link *link);

#endif
