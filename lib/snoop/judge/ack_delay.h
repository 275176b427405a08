/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * How long a station delays the ACK of little data (RFC 1122 section 4.2.3.2), learnt for each
 * station, and what an expired tail timer proves where such a delay may have been its cause.
 */
#ifndef SNOOP_JUDGE_ACK_DELAY_H
#define SNOOP_JUDGE_ACK_DELAY_H

#include <snoop/judge/delivery.h>
#include <snoop/store/flow_extra.h>
#include <snoop/store/stations.h>

/* RFC 9293 section 3.7.1: a station that knows no better takes this for full. */
#define MSS_DEFAULT_BYTES 536U
/* An answer that comes sooner than this says nothing: no tail timer is so short. */
#define ACK_DELAY_LOOK_US 10000U

/** Two segments that the station takes for full: by the book it does not delay their ACK. */
static inline uint32_t ack_delay_full_bytes(const struct snoop_flow *flow)
{
	return 2 * (flow->max_payload_bytes > MSS_DEFAULT_BYTES ? flow->max_payload_bytes
								: MSS_DEFAULT_BYTES);
}

/** @return true if no station is known to delay the ACK of as much as is in flight. */
static inline bool ack_delay_is_over(const struct snoop_engine *engine,
				     const struct snoop_flow *flow)
{
	return flow->open_bytes >= ack_delay_full_bytes(flow) &&
	       flow->open_bytes >= engine->ack_hold_max_bytes;
}

/** @return true while the station may wait for more data before it acknowledges what is in flight.
 */
static inline bool ack_delay_applies(const struct snoop_engine *engine,
				     const struct snoop_flow *flow)
{
	if (ack_delay_is_over(engine, flow) || flow->sacked_count)
		return false;
	return flow->open_bytes < ack_delay_full_bytes(flow) ||
	       flow->open_bytes < engine->stations[flow->station].ack_hold_bytes;
}

/**
 * @return true if the same holds of what lies before a hole from upstream, though more than enough
 * lies after it. Without SACK that is still in flight, but was answered when it came.
 */
bool ack_delay_applies_before_hole(const struct snoop_engine *engine,
				   const struct snoop_flow *flow);

/** @return what the tail timer allows for the delay of an ACK that may be delayed. */
static inline uint64_t ack_delay_wait_us(const struct snoop_engine *engine,
					 const struct snoop_flow *flow)
{
	return max_u64(engine->config.delayed_ack_us, engine->stations[flow->station].ack_wait_us);
}

/** @return what the tail timer allows for the delay of the ACK that it waits for. */
static inline uint64_t ack_delay_allowance_us(const struct snoop_engine *engine,
					      const struct snoop_flow *flow)
{
	return ack_delay_applies(engine, flow) ? ack_delay_wait_us(engine, flow) : 0;
}

/** An ACK answers segments that were sent once, see ack_delay_measure(). */
struct ack_answer {
	uint64_t wait_us; /* since the tail timer was started last */
	uint32_t bytes;	  /* in flight before it */
	bool alone;	  /* it acknowledges one segment, and nothing else was in flight */
	bool bare;	  /* no data of the station has brought it: it comes by the delay's timer */
};

/** Learn from an answer that the station gave by itself. Before rtt_sample() sees it. */
void ack_delay_measure(struct snoop_engine *engine, struct snoop_flow *flow,
		       const struct ack_answer *answer, uint64_t now_us);

/** The station has not answered little data for so long, and now more follows that it answers. */
void ack_delay_note_waited(struct snoop_engine *engine, struct snoop_flow *flow, uint64_t wait_us);

/** An ACK has taken segments that were sent once out of the flight. `una` is where it began. */
static inline void ack_delay_note_answer(struct snoop_engine *engine, struct snoop_flow *flow,
					 const struct wire_view *view,
					 const struct delivery *delivery, uint32_t una,
					 uint64_t now_us)
{
	bool alone = delivery->segments == 1 && !flow->open_count;

	if (alone || now_us - flow->progress_us >= ACK_DELAY_LOOK_US)
		ack_delay_measure(engine, flow,
				  &(struct ack_answer){
					  .wait_us = now_us - flow->progress_us,
					  .bytes = flow->snd_max - una,
					  .alone = alone,
					  .bare = !view->payload_bytes,
				  },
				  now_us);
}

/** The tail timer expires over a segment that will be retransmitted. */
void ack_delay_note_timeout(struct snoop_engine *engine, struct snoop_flow *flow,
			    const struct snoop_segment *segment, uint64_t now_us);
/** Without SACK: a duplicate ACK has come. */
void ack_delay_note_duplicate(struct snoop_engine *engine, struct snoop_flow *flow);
/** The flow's station reports duplicates. */
void ack_delay_note_dsack(struct snoop_engine *engine, const struct snoop_flow *flow);
/** The retransmit of a segment, answered before, was a duplicate. */
void ack_delay_note_duplicate_of(struct snoop_flow_extra *extra, struct snoop_outcome *outcome);
/** After the answer to a time-out's retransmit something is answered that was sent once. */
void ack_delay_note_sample(struct snoop_engine *engine, const struct snoop_flow *flow,
			   struct snoop_flow_extra *extra, uint64_t rtt_us);
/**
 * A segment is answered that was retransmitted for no more than a time-out: was it lost? Learn of
 * the station from it, too.
 *
 * @param duplicate  the answer reports it as a duplicate
 * @return true if that is proven. Else nothing may be claimed.
 */
bool ack_delay_proves_loss(struct snoop_engine *engine, struct snoop_flow *flow,
			   const struct snoop_segment *segment, bool duplicate, uint64_t now_us);

#endif
