/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Radio loss or queue overflow? A loss that the sender does not hear of is a promise that it was
 * not congestion.
 */
#ifndef SNOOP_JUDGE_CONGESTION_H
#define SNOOP_JUDGE_CONGESTION_H

#include <snoop/store/segments.h>

/** Note new data of a sender without SACK: how much of the wired path does it fill? */
void congestion_wired_data(struct snoop_engine *engine, struct snoop_flow *flow,
			   uint32_t frame_bytes, uint64_t now_us);
void congestion_delivered(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t segments,
			  uint64_t now_us);
/** So many are known to have been lost, and were repaired already. */
void congestion_note_lost(struct snoop_engine *engine, struct snoop_flow *flow, uint32_t segments);
/** Judge the loss of a first transmission. @return true if it is left to the sender, which must
 * hear of it.
 */
bool congestion_judge_loss(struct snoop_engine *engine, struct snoop_flow *flow,
			   const struct snoop_segment *segment, uint64_t now_us);
/** The sender retransmits [seq, end): has it heard the signal? */
void congestion_sender_retransmit(struct snoop_flow *flow, uint32_t seq, uint32_t end);
void congestion_progress(struct snoop_flow *flow, uint64_t now_us);
/** @return the queueing delay from which on a loss is congestion. */
uint32_t congestion_threshold_us(struct snoop_engine *engine, const struct snoop_flow *flow);
/** @return true where the radio's queue is half as long as that, or will be soon. */
bool congestion_is_near(struct snoop_engine *engine, const struct snoop_flow *flow);
/** @return base RTT between wired host and station. */
uint64_t congestion_path_rtt_us(struct snoop_engine *engine, const struct snoop_flow *flow);
/** @return the radio's own loss share, measured while its queue was short; 0 without evidence. */
uint64_t congestion_radio_share_ppm(struct snoop_engine *engine, const struct snoop_flow *flow);

#endif
