/* SPDX-License-Identifier: BSD-3-Clause */
#include <base/minmax.h>
#include <base/seq.h>

#include <arq/sender.h>

#define LONG_SLACK 64U /* bytes */

static struct arq_sent *sent_at(const struct arq_sender *sender, uint32_t seq)
{
	return &sender->ring[seq & sender->mask];
}

static uint64_t *known_word(const struct arq_sender *sender, uint32_t seq)
{
	return &sender->known[(seq & sender->mask) / 64];
}

size_t arq_sender_bytes(const struct arq_config *config)
{
	return config->window_frames * sizeof(struct arq_sent) + config->window_frames / 8;
}

void arq_sender_init(struct arq_sender *sender, struct arq_shared *shared, void *memory,
		     uint8_t lane, uint32_t first)
{
	*sender = (struct arq_sender){
		.shared = shared,
		.ring = memory,
		.known = (uint64_t *)((struct arq_sent *)memory + shared->config->window_frames),
		.mask = shared->config->window_frames - 1,
		.lane = lane,
		.newest_first = lane == ARQ_UNORDERED,
		.una = first,
		.next = first,
		.settled = first,
	};
	for (uint32_t i = 0; i < ARQ_KEYS; i++)
		sender->last_of_key[i] = first - 1;
}

static void release(struct arq_sender *sender, struct arq_sent *sent)
{
	if (!sent->handle)
		return;
	sender->shared->ops->unref(sender->shared->owner, sent->handle);
	sender->stored--;
	sender->stored_bytes -= sent->bytes;
	sent->handle = NULL;
}

static void keep(struct arq_sender *sender, struct arq_sent *sent, const struct arq_packet *packet)
{
	struct arq_shared *shared = sender->shared;

	if (sender->stored_bytes + packet->frame_bytes <= shared->config->store_bytes)
		sent->handle = shared->ops->keep(shared->owner, packet->handle);
	if (!sent->handle) {
		shared->counters->store_full++;
		return;
	}
	sender->stored++;
	sender->stored_bytes += packet->frame_bytes;
}

/* The frame leaves the window. */
static void retire(struct arq_sender *sender)
{
	struct arq_sent *sent = sent_at(sender, sender->una++);

	arq_estimator_frame(&sender->shared->estimator, sent->missed);
	release(sender, sent);
}

static uint16_t distance_of(struct arq_sender *sender, uint32_t key, uint32_t seq)
{
	uint32_t *last = &sender->last_of_key[key % ARQ_KEYS];
	uint32_t distance = seq - *last;

	*last = seq;
	/* More than 16 bits is more than a window, so the peer has settled it when this arrives. */
	return distance <= seq - sender->settled && distance <= UINT16_MAX ? (uint16_t)distance : 0;
}

static uint32_t share_ppm(const struct arq_shared *shared)
{
	return (uint32_t)min_u64(shared->config->share_max_ppm,
				 shared->config->share_min_ppm + 2ULL * shared->estimator.loss_ppm);
}

void arq_sender_number(struct arq_sender *sender, const struct arq_packet *packet, uint64_t now_us,
		       struct arq_tag *tag)
{
	struct arq_shared *shared = sender->shared;
	uint32_t seq = sender->next;
	struct arq_sent *sent = sent_at(sender, seq);

	if (seq - sender->una > sender->mask) {
		shared->counters->window_full += sent->handle != NULL;
		retire(sender);
	}
	*sent = (struct arq_sent){
		.first_us = now_us,
		.last_us = now_us,
		.bytes = packet->frame_bytes,
	};
	if (sender->lane == ARQ_ORDERED)
		sent->distance = distance_of(sender, packet->key, seq);
	*known_word(sender, seq) &= ~(1ULL << (seq & 63));
	sender->next = seq + 1;
	keep(sender, sent, packet);
	arq_bucket_earn(&shared->bucket, packet->frame_bytes, share_ppm(shared));
	*tag = (struct arq_tag){
		.seq = seq & ARQ_SEQ_MASK,
		.distance = sent->distance,
		.lane = sender->lane,
		.epoch = shared->epoch & ARQ_EPOCH_MASK,
	};
}

/* Nearly as long as the radio has to take. */
static bool is_long(const struct arq_shared *shared, const struct arq_sent *sent)
{
	return sent->bytes + LONG_SLACK >= shared->config->frame_bytes;
}

/* @return false if the bucket is empty. */
static bool retransmit(struct arq_sender *sender, uint32_t seq, uint64_t now_us)
{
	struct arq_shared *shared = sender->shared;
	struct arq_sent *sent = sent_at(sender, seq);
	struct arq_tag tag = {
		.seq = seq & ARQ_SEQ_MASK,
		.distance = sent->distance,
		.lane = sender->lane,
		.epoch = shared->epoch & ARQ_EPOCH_MASK,
		.retransmit = true,
	};

	if (!arq_bucket_take(&shared->bucket, sent->bytes)) {
		shared->counters->bucket_empty++;
		return false;
	}
	if (sent->retransmits < UINT8_MAX)
		sent->retransmits++;
	sent->last_us = now_us;
	shared->counters->retransmits++;
	shared->counters->retransmit_bytes += sent->bytes;
	shared->ops->retransmit(shared->owner, sent->handle, &tag);
	return true;
}

static void plan_twin(struct arq_sender *sender, uint32_t seq, uint64_t now_us)
{
	if (!sender->shared->config->twin_us || sender->twin_count == ARQ_TWINS)
		return;
	sender->twins[(sender->twin_head + sender->twin_count++) % ARQ_TWINS] = (struct arq_twin){
		.due_us = now_us + sender->shared->config->twin_us,
		.seq = seq,
	};
}

/* Acknowledge one number, which was not known. */
static void know(struct arq_sender *sender, uint32_t seq, uint64_t now_us)
{
	struct arq_sent *sent = sent_at(sender, seq);

	/* Which transmission arrived is known if there was one, or if the last one is so old that
	 * its answer cannot be that of one before (RFC 8985 section 6.2, step 2). */
	if (!sent->retransmits ||
	    now_us - sent->last_us >= arq_min_rtt_us(&sender->shared->estimator))
		sender->rack_us = max_u64(sender->rack_us, sent->last_us);
	if (!sent->missed && is_long(sender->shared, sent))
		sender->shared->long_lost = 0;
	arq_estimator_delivered(&sender->shared->estimator, sent->bytes, now_us);
	release(sender, sent);
}

static bool is_lost(const struct arq_sender *sender, const struct arq_sent *sent,
		    uint32_t tolerance_us, uint64_t now_us)
{
	if (!sent->handle)
		return false;
	if (!sent->retransmits)
		return true;
	if (sent->retransmits >= sender->shared->config->tries_max) {
		sender->shared->counters->tries_used_up++;
		return false;
	}
	return sent->last_us + tolerance_us < sender->rack_us &&
	       now_us - sent->last_us >= arq_min_rtt_us(&sender->shared->estimator);
}

static void note_missed(struct arq_shared *shared, struct arq_sent *sent)
{
	if (sent->missed)
		return;
	sent->missed = true;
	shared->long_lost += is_long(shared, sent);
}

/* One number that is missing at the peer. */
static void repair(struct arq_sender *sender, uint32_t seq, uint32_t tolerance_us, uint64_t now_us)
{
	struct arq_sent *sent = sent_at(sender, seq);

	note_missed(sender->shared, sent);
	if (!is_lost(sender, sent, tolerance_us, now_us) || !retransmit(sender, seq, now_us))
		return;
	if (sent->retransmits > 1)
		plan_twin(sender, seq, now_us);
}

/* @return the numbers of a word that are in the status' range and still in the window. */
static uint64_t word_range(const struct arq_sender *sender, const struct arq_status *status,
			   uint32_t word)
{
	uint32_t start = (status->cumulative & ~63U) + 64 * word;
	uint32_t first = seq_max(status->cumulative, sender->una);
	uint64_t range = ~0ULL;

	if (seq_leq(start + 64, first))
		return 0;
	if (seq_lt(start, first))
		range &= ~0ULL << (first - start);
	if (status->end - start < 64)
		range &= (1ULL << (status->end - start)) - 1;
	return range;
}

static void repair_word(struct arq_sender *sender, const struct arq_status *status, uint32_t word,
			uint64_t now_us)
{
	uint32_t start = (status->cumulative & ~63U) + 64 * word;
	uint64_t missing = ~status->bits[word] & word_range(sender, status, word);
	uint32_t tolerance_us =
		(uint32_t)min_u64(status->tolerance_us, sender->shared->config->tolerance_max_us);

	while (missing) {
		uint32_t bit = (uint32_t)(sender->newest_first ? 63 - __builtin_clzll(missing)
							       : __builtin_ctzll(missing));

		repair(sender, start + bit, tolerance_us, now_us);
		missing &= ~(1ULL << bit);
	}
}

static void take_knowledge(struct arq_sender *sender, const struct arq_status *status,
			   uint64_t now_us)
{
	for (uint32_t word = 0; word < status->words; word++) {
		uint32_t start = (status->cumulative & ~63U) + 64 * word;
		uint64_t *known = known_word(sender, start);
		uint64_t bits = status->bits[word] & word_range(sender, status, word) & ~*known;

		*known |= bits;
		for (; bits; bits &= bits - 1)
			know(sender, start + (uint32_t)__builtin_ctzll(bits), now_us);
	}
	for (; seq_lt(sender->una, status->cumulative); retire(sender))
		if (!(*known_word(sender, sender->una) >> (sender->una & 63) & 1))
			know(sender, sender->una, now_us);
}

/* A burst of losses is as long as the radio is fast. */
static void resize_bucket(struct arq_shared *shared)
{
	uint64_t bytes = shared->estimator.rate_bytes_per_s * shared->config->bucket_us / 1000000;

	bytes = min_u64(max_u64(bytes, ARQ_BUCKET_MIN_BYTES), shared->config->bucket_bytes);
	arq_bucket_resize(&shared->bucket, bytes);
}

bool arq_sender_status(struct arq_sender *sender, const struct arq_status *status, uint64_t echo_us,
		       uint64_t now_us)
{
	uint32_t sent = sender->next - sender->settled;

	/* One that is older than what is known tells nothing. */
	if (seq_lt(status->cumulative, sender->settled)) {
		sender->shared->counters->status_old++;
		return true;
	}
	if (status->cumulative - sender->settled > sent || status->end - sender->settled > sent ||
	    seq_lt(status->end, status->cumulative)) {
		sender->shared->counters->status_bad++;
		return false;
	}
	take_knowledge(sender, status, now_us);
	resize_bucket(sender->shared);
	sender->settled = status->cumulative;
	sender->rack_us = max_u64(sender->rack_us, min_u64(echo_us, now_us));
	sender->peer_received = status->received;
	sender->peer_duplicates = status->duplicates;
	sender->peer_given_up = status->given_up;
	for (uint32_t i = 0; i < status->words; i++)
		repair_word(sender, status, sender->newest_first ? status->words - 1 - i : i,
			    now_us);
	return true;
}

uint64_t arq_sender_deadline_us(const struct arq_sender *sender)
{
	return sender->twin_count ? sender->twins[sender->twin_head].due_us : ARQ_NEVER;
}

void arq_sender_timer(struct arq_sender *sender, uint64_t now_us)
{
	while (arq_sender_deadline_us(sender) <= now_us) {
		uint32_t seq = sender->twins[sender->twin_head].seq;

		sender->twin_head = (sender->twin_head + 1) % ARQ_TWINS;
		sender->twin_count--;
		if (seq - sender->una < sender->next - sender->una &&
		    sent_at(sender, seq)->handle && retransmit(sender, seq, now_us))
			sender->shared->counters->twins++;
	}
}

void arq_sender_drop_twins(struct arq_sender *sender)
{
	sender->twin_count = 0;
}

void arq_sender_reset(struct arq_sender *sender)
{
	for (; sender->una != sender->next; sender->una++)
		release(sender, sent_at(sender, sender->una));
	sender->twin_count = 0;
	sender->rack_us = 0;
}
