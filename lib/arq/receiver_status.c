/* SPDX-License-Identifier: BSD-3-Clause */
/* What a receiver says and when, and how long it waits. */
#include <base/minmax.h>
#include <base/seq.h>

#include <arq/receiver.h>

#define EXPIRE_AT_ONCE 1024U
#define ROUNDS_MIN 3U /* round trips that persist_max_us does not cut off */
/* Parts of a round trip between two statuses: while something is missing, after a gap that is new
 * (many come in a burst of losses), and while nothing is missing. A bulk transfer is to reach
 * status_frames first: each status is air time that the other direction has not. */
#define MISSING_PART 4U
#define GAP_PART 16U
#define QUIET_PART 1U

static uint32_t age_us(const struct arq_receiver *receiver, uint32_t seq, uint64_t now_us)
{
	return (uint32_t)now_us - receiver->ring[seq & receiver->mask].missed_us;
}

static bool is_missing(const struct arq_receiver *receiver, uint32_t seq)
{
	return !(receiver->bits[(seq & receiver->mask) / 64] >> (seq & 63) & 1);
}

static uint32_t lane_rtt_us(const struct arq_receiver *receiver)
{
	return arq_rtt_us(&receiver->shared->estimator);
}

/* A wait that ends before a retransmit can come costs time for nothing. */
static uint32_t persist_us(const struct arq_receiver *receiver)
{
	const struct arq_config *config = receiver->shared->config;
	uint32_t rounds = config->persist_rounds[receiver->lane];
	uint64_t rtt = lane_rtt_us(receiver), margin = config->persist_margin_us[receiver->lane];
	uint64_t least = min_u64(rounds, ROUNDS_MIN) * rtt + margin;
	uint64_t most = max_u64(config->persist_max_us, least);

	return (uint32_t)min_u64(most, rounds * rtt + margin) + receiver->tolerance_us;
}

uint64_t arq_receiver_expiry_us(const struct arq_receiver *receiver)
{
	uint32_t missed_us = receiver->ring[receiver->base & receiver->mask].missed_us;
	/* The last event of this lane is less than half a clock later. */
	uint64_t near_us = receiver->heard_us;

	if (receiver->base == receiver->end)
		return ARQ_NEVER;
	return near_us - ((uint32_t)near_us - missed_us) + persist_us(receiver);
}

void arq_receiver_expire(struct arq_receiver *receiver, uint64_t now_us)
{
	uint32_t persist = persist_us(receiver);

	for (uint32_t i = 0; i < EXPIRE_AT_ONCE && receiver->base != receiver->end; i++) {
		if (age_us(receiver, receiver->base, now_us) < persist)
			break;
		arq_receiver_give_up(receiver, receiver->base);
	}
}

uint64_t arq_receiver_status_due_us(const struct arq_receiver *receiver)
{
	uint64_t due_us = ARQ_NEVER;

	if (receiver->gap_us != ARQ_NEVER)
		due_us = max_u64(receiver->gap_us,
				 receiver->told_us + lane_rtt_us(receiver) / GAP_PART);
	if (receiver->base != receiver->ripe)
		due_us = min_u64(due_us, receiver->told_us + lane_rtt_us(receiver) / MISSING_PART);
	if (receiver->untold >= receiver->shared->config->status_frames)
		due_us = min_u64(due_us, receiver->told_us);
	else if (receiver->untold)
		due_us = min_u64(due_us, receiver->untold_us + lane_rtt_us(receiver) / QUIET_PART);
	return due_us;
}

/* Numbers ripen in their order, as they were found missing in it. */
static void ripen(struct arq_receiver *receiver, uint64_t now_us)
{
	receiver->gap_us = ARQ_NEVER;
	for (; receiver->ripe != receiver->end; receiver->ripe++) {
		uint32_t age = age_us(receiver, receiver->ripe, now_us);

		if (is_missing(receiver, receiver->ripe) && age < receiver->tolerance_us) {
			receiver->gap_us = now_us + receiver->tolerance_us - age;
			return;
		}
	}
}

void arq_receiver_tell(struct arq_receiver *receiver, struct arq_status *status, uint64_t now_us)
{
	uint32_t first = receiver->base & ~63U, words;

	ripen(receiver, now_us);
	*status = (struct arq_status){
		.cumulative = receiver->base,
		.end = receiver->ripe,
		.received = receiver->received,
		.duplicates = receiver->duplicates,
		.given_up = receiver->given_up,
		.tolerance_us = receiver->tolerance_us,
	};
	words = arq_status_words(status->cumulative, status->end);
	if (words > ARQ_STATUS_WORDS) {
		words = ARQ_STATUS_WORDS;
		status->end = first + 64 * words;
	}
	status->words = words;
	for (uint32_t i = 0; i < words; i++)
		status->bits[i] = receiver->bits[((first + 64 * i) & receiver->mask) / 64];
	if (words) {
		status->bits[0] &= ~0ULL << (status->cumulative & 63);
		if (status->end & 63)
			status->bits[words - 1] &= (1ULL << (status->end & 63)) - 1;
	}
	receiver->told_us = now_us;
	receiver->untold = 0;
}
