/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Without SACK: when the segments were sent that the station has answered by duplicate ACKs. The
 * rings are the worker's, lent to flows with a hole. If all are in use, one that was not written
 * for long goes; its flow begins a new one, and shields nothing that was sent before that.
 */
#ifndef SNOOP_STORE_ANSWER_RINGS_H
#define SNOOP_STORE_ANSWER_RINGS_H

#include <snoop/store/flow_extra.h>

#define SNOOP_ANSWERS 1024U	/* a power of 2 */
#define SNOOP_ANSWER_RINGS 256U /* at most, 1 MB; one for 8 extras */

struct snoop_answer_ring {
	struct snoop_flow_extra *extra; /* whose it is; NULL = free */
	uint32_t count;			/* answers so far; the newest is the last one */
	uint32_t noted_us;		/* when the newest came, low half of the clock */
	/* Of the holes since the last time that nothing was missing, see judge/answers.h. */
	bool open;	   /* there are any */
	bool unclear;	   /* what came of them cannot be counted */
	uint32_t una;	   /* where they were seen to end last */
	uint32_t here;	   /* answers since then */
	uint32_t answered; /* and all of them */
	uint32_t due;	   /* answers to what is acknowledged since, each segment sent once */
	uint32_t late;	   /* fills that may have been answered with a later segment */
	uint32_t shielded; /* of that, segments of which a shield sent a copy */
	/* When the answered segments should have been sent, low half of the clock. */
	uint32_t sent_us[SNOOP_ANSWERS];
};

/** @return the flow's ring, or NULL. */
static inline struct snoop_answer_ring *answer_ring_of(const struct snoop_engine *engine,
						       const struct snoop_flow_extra *extra)
{
	return extra && extra->answer_ring ? &engine->answer_rings[extra->answer_ring] : NULL;
}
/** @return the flow's ring, made if it has none. Another flow may lose its own for it. */
struct snoop_answer_ring *answer_ring_get(struct snoop_engine *engine,
					  struct snoop_flow_extra *extra, uint64_t now_us);
/** Give the flow's ring back, if it has one. */
void answer_ring_put(struct snoop_engine *engine, struct snoop_flow_extra *extra);

#endif
