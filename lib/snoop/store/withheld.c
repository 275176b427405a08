/* SPDX-License-Identifier: BSD-3-Clause */
#include <snoop/store/lists.h>
#include <snoop/store/withheld.h>

bool withheld_append(struct snoop_engine *engine, struct snoop_flow *flow,
		     const struct snoop_packet *packet, uint64_t deadline_us)
{
	uint32_t index;

	if (!packet->handle || flow->withheld_count >= engine->config.withhold_acks)
		return false;
	index = record_get(engine, packet->frame_bytes);
	if (!index)
		return false;
	*segment_at(engine, index) = (struct snoop_segment){
		.packet = packet->handle,
		.sent_us = deadline_us,
		.frame_bytes = packet->frame_bytes,
		.lost_us = (uint32_t)engine->now_us,
	};
	list_append(engine, &flow->withheld, LIST_SEND, index);
	flow->withheld_count++;
	flow->has_withheld = true;
	engine->counters->acks_withheld_now = ++engine->withheld_acks;
	return true;
}

void *withheld_pop(struct snoop_engine *engine, struct snoop_flow *flow)
{
	uint32_t index = flow->withheld.head;
	void *packet;

	if (!index)
		return NULL;
	packet = segment_at(engine, index)->packet;
	histogram_add(&engine->histograms.withhold_time,
		      (uint32_t)engine->now_us - segment_at(engine, index)->lost_us);
	list_remove(engine, &flow->withheld, LIST_SEND, index);
	record_put(engine, index);
	flow->has_withheld = --flow->withheld_count > 0;
	engine->counters->acks_withheld_now = --engine->withheld_acks;
	return packet;
}
