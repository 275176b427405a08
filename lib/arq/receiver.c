/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <base/minmax.h>
#include <base/seq.h>

#include <arq/receiver.h>

/* So often in a row the peer is so far before us: somebody else told us wrong numbers. */
#define BEHIND_MAX 8U
#define FAR_BEHIND (2 * ARQ_WINDOW_MAX)

static struct arq_slot *slot_at(const struct arq_receiver *receiver, uint32_t seq)
{
	return &receiver->ring[seq & receiver->mask];
}

size_t arq_receiver_bytes(const struct arq_config *config)
{
	return config->window_frames * sizeof(struct arq_slot) + config->window_frames / 8;
}

void arq_receiver_init(struct arq_receiver *receiver, struct arq_shared *shared, void *memory,
		       uint8_t lane)
{
	*receiver = (struct arq_receiver){
		.shared = shared,
		.ring = memory,
		.bits = (uint64_t *)((struct arq_slot *)memory + shared->config->window_frames),
		.mask = shared->config->window_frames - 1,
		.lane = lane,
		.gap_us = ARQ_NEVER,
	};
	arq_receiver_restart(receiver, 0);
}

/* Deliver the frame of a number, then those that wait for one another after it. */
static void deliver(struct arq_receiver *receiver, uint32_t seq, void *handle)
{
	struct arq_shared *shared = receiver->shared;
	struct arq_slot *slot = slot_at(receiver, seq);

	slot->state = ARQ_SLOT_DELIVERED;
	shared->ops->deliver(shared->owner, handle);
	/* Each turn takes one out of what is withheld. */
	while (slot->follower) {
		seq += slot->follower;
		slot->follower = 0;
		slot = slot_at(receiver, seq);
		if (slot->state != ARQ_SLOT_WITHHELD)
			return;
		handle = slot->handle;
		slot->handle = NULL;
		slot->state = ARQ_SLOT_DELIVERED;
		receiver->withheld--;
		receiver->withheld_bytes -= slot->bytes;
		shared->ops->deliver(shared->owner, handle);
	}
}

/* Move base to the first missing number. */
static void advance(struct arq_receiver *receiver)
{
	while (receiver->base != receiver->end) {
		uint32_t base = receiver->base;
		uint64_t missing = ~receiver->bits[(base & receiver->mask) / 64] >> (base & 63);
		uint32_t step = missing ? (uint32_t)__builtin_ctzll(missing) : 64 - (base & 63);

		receiver->base += (uint32_t)min_u64(step, receiver->end - base);
		if (missing)
			break;
	}
	receiver->ripe = seq_max(receiver->ripe, receiver->base);
}

static void settle(struct arq_receiver *receiver, uint32_t seq)
{
	receiver->bits[(seq & receiver->mask) / 64] |= 1ULL << (seq & 63);
	if (seq == receiver->base)
		advance(receiver);
}

void arq_receiver_give_up(struct arq_receiver *receiver, uint32_t seq)
{
	struct arq_slot *slot = slot_at(receiver, seq);
	uint32_t follower = slot->follower;

	slot->state = ARQ_SLOT_GIVEN_UP;
	slot->follower = 0;
	receiver->given_up++;
	receiver->shared->counters->given_up++;
	settle(receiver, seq);
	if (follower && slot_at(receiver, seq + follower)->state == ARQ_SLOT_WITHHELD) {
		struct arq_slot *first = slot_at(receiver, seq + follower);
		void *handle = first->handle;

		first->handle = NULL;
		receiver->withheld--;
		receiver->withheld_bytes -= first->bytes;
		deliver(receiver, seq + follower, handle);
	}
}

void arq_receiver_flush(struct arq_receiver *receiver)
{
	while (receiver->base != receiver->end)
		arq_receiver_give_up(receiver, receiver->base);
}

void arq_receiver_restart(struct arq_receiver *receiver, uint32_t first)
{
	arq_receiver_flush(receiver);
	for (uint32_t i = 0; i <= receiver->mask; i++)
		receiver->ring[i] = (struct arq_slot){.state = ARQ_SLOT_GIVEN_UP};
	memset(receiver->bits, 0xff, (receiver->mask + 1) / 8);
	receiver->base = receiver->end = receiver->ripe = first;
	receiver->gap_us = ARQ_NEVER;
	receiver->untold = 0;
	receiver->behind = 0;
}

/* Make slots up to seq, which is less than a window ahead; all are missing as yet. */
static void extend(struct arq_receiver *receiver, uint32_t to, uint64_t now_us)
{
	for (; receiver->end != to; receiver->end++) {
		uint32_t seq = receiver->end;

		if (seq - receiver->base > receiver->mask)
			arq_receiver_give_up(receiver, receiver->base);
		*slot_at(receiver, seq) = (struct arq_slot){.missed_us = (uint32_t)now_us};
		receiver->bits[(seq & receiver->mask) / 64] &= ~(1ULL << (seq & 63));
	}
}

static void note_gap(struct arq_receiver *receiver, uint32_t missing, uint64_t now_us)
{
	receiver->shared->counters->missing += missing;
	receiver->gap_us = min_u64(receiver->gap_us, now_us + receiver->tolerance_us);
}

/* The tolerance grows at once, and is forgotten by a sixteenth in 64 round trips. */
static void learn_tolerance(struct arq_receiver *receiver, uint32_t late_us, uint64_t now_us)
{
	if (late_us < receiver->tolerance_us)
		return;
	receiver->tolerance_us = (uint32_t)min_u64(late_us + late_us / 8 + 1,
						   receiver->shared->config->tolerance_max_us);
	receiver->tolerance_since_us = now_us;
}

static void forget_tolerance(struct arq_receiver *receiver, uint64_t now_us)
{
	if (now_us - receiver->tolerance_since_us <
	    64 * (uint64_t)arq_rtt_us(&receiver->shared->estimator))
		return;
	receiver->tolerance_us -= (receiver->tolerance_us + 15) / 16;
	receiver->tolerance_since_us = now_us;
}

/* The frame that has to go first is still missing or withheld itself. */
static bool must_wait(const struct arq_receiver *receiver, uint32_t seq, uint16_t distance)
{
	uint32_t before = seq - distance;

	if (!distance || receiver->lane == ARQ_UNORDERED || seq_lt(before, receiver->base))
		return false;
	return slot_at(receiver, before)->state <= ARQ_SLOT_WITHHELD;
}

static bool has_room(const struct arq_receiver *receiver, uint32_t bytes)
{
	const struct arq_config *config = receiver->shared->config;

	return receiver->withheld < config->withheld_frames &&
	       receiver->withheld_bytes + bytes <= config->withheld_bytes;
}

/* A frame must wait and there is no room: give up what is missing, in the order of numbers. A
 * missing frame of the same key may have others before it that are withheld; nobody knows. */
static void make_room(struct arq_receiver *receiver, uint32_t bytes, uint32_t seq,
		      uint16_t distance)
{
	while (must_wait(receiver, seq, distance) && !has_room(receiver, bytes)) {
		receiver->shared->counters->forced++;
		arq_receiver_give_up(receiver, receiver->base);
	}
}

/* A number that was missing. */
static void place(struct arq_receiver *receiver, const struct arq_packet *packet, uint32_t seq,
		  uint16_t distance)
{
	struct arq_counters *counters = receiver->shared->counters;
	struct arq_slot *slot = slot_at(receiver, seq);

	make_room(receiver, packet->frame_bytes, seq, distance);
	if (must_wait(receiver, seq, distance) && slot_at(receiver, seq - distance)->follower) {
		counters->not_chained++;
		distance = 0;
	}
	if (!must_wait(receiver, seq, distance)) {
		deliver(receiver, seq, packet->handle);
	} else {
		slot->handle = packet->handle;
		slot->bytes = packet->frame_bytes;
		slot->distance = distance;
		slot->state = ARQ_SLOT_WITHHELD;
		slot_at(receiver, seq - distance)->follower = distance;
		receiver->withheld++;
		receiver->withheld_bytes += packet->frame_bytes;
		counters->withheld++;
	}
	settle(receiver, seq);
}

static void note_received(struct arq_receiver *receiver, uint64_t now_us)
{
	receiver->used = true;
	receiver->received++;
	receiver->shared->counters->received++;
	if (!receiver->untold++)
		receiver->untold_us = now_us;
}

static void fill(struct arq_receiver *receiver, const struct arq_packet *packet, uint32_t seq,
		 const struct arq_tag *tag, uint64_t now_us)
{
	struct arq_counters *counters = receiver->shared->counters;

	if (tag->retransmit) {
		counters->repaired++;
	} else {
		counters->reordered++;
		learn_tolerance(receiver, (uint32_t)now_us - slot_at(receiver, seq)->missed_us,
				now_us);
	}
	note_received(receiver, now_us);
	place(receiver, packet, seq, tag->distance);
}

/* A number that is settled already. */
static enum arq_verdict again(struct arq_receiver *receiver, const struct arq_packet *packet,
			      uint32_t seq, const struct arq_tag *tag)
{
	struct arq_counters *counters = receiver->shared->counters;
	struct arq_slot *slot = slot_at(receiver, seq);

	if (receiver->end - seq > receiver->mask + 1) {
		counters->too_old++;
		return ARQ_DROP;
	}
	if (slot->state != ARQ_SLOT_GIVEN_UP) {
		receiver->duplicates++;
		counters->duplicates++;
		return ARQ_DROP;
	}
	if (tag->retransmit) {
		counters->late_retransmits++;
		return ARQ_DROP;
	}
	/* The plain wire would have delivered it as late. */
	counters->late_originals++;
	slot->state = ARQ_SLOT_DELIVERED;
	receiver->shared->ops->deliver(receiver->shared->owner, packet->handle);
	return ARQ_TAKEN;
}

enum arq_verdict arq_receiver_frame(struct arq_receiver *receiver, const struct arq_packet *packet,
				    const struct arq_tag *tag, uint64_t now_us)
{
	uint32_t seq = arq_seq_expand(tag->seq, receiver->end);
	uint32_t gap = seq - receiver->end;

	receiver->heard_us = now_us;
	forget_tolerance(receiver, now_us);
	if (seq_geq(seq, receiver->end)) {
		if (gap > receiver->mask) {
			receiver->shared->counters->resyncs++;
			arq_receiver_restart(receiver, seq);
			gap = 0;
		}
		if (gap)
			note_gap(receiver, gap, now_us);
		extend(receiver, seq + 1, now_us);
		note_received(receiver, now_us);
		place(receiver, packet, seq, tag->distance);
		return ARQ_TAKEN;
	}
	if (receiver->end - seq > receiver->mask + 1 ||
	    slot_at(receiver, seq)->state != ARQ_SLOT_MISSING)
		return again(receiver, packet, seq, tag);
	fill(receiver, packet, seq, tag, now_us);
	return ARQ_TAKEN;
}

void arq_receiver_next(struct arq_receiver *receiver, uint32_t first, uint32_t next,
		       uint64_t now_us)
{
	uint32_t gap = next - receiver->end;
	bool behind = seq_lt(next, receiver->end);
	bool far_behind = behind && receiver->end - next > FAR_BEHIND;

	/* Frames of a preferred lane overtake statuses, but not so many. */
	receiver->behind = far_behind ? receiver->behind + 1 : 0;
	if (behind ? receiver->behind >= BEHIND_MAX : gap > receiver->mask) {
		receiver->shared->counters->resyncs++;
		arq_receiver_restart(receiver, next);
		return;
	}
	receiver->heard_us = now_us;
	if (gap && !behind) {
		note_gap(receiver, gap, now_us);
		extend(receiver, next, now_us);
	}
	while (receiver->base != receiver->end && seq_lt(receiver->base, first))
		arq_receiver_give_up(receiver, receiver->base);
}
