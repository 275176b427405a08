/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <base/minmax.h>
#include <base/seq.h>

#include <arq/arq.h>
#include <arq/end.h>

#define ALIGN 64U
#define TAILS 3U
#define FORGET_US 1000000U /* silence after which sent frames are given back */
#define LONG_LOST_MAX 16U  /* long frames in a row that make us probe for their length */
#define NO_ECHO UINT32_MAX
#define CLOCK_SLACK_US 10000000U

static size_t aligned(size_t bytes)
{
	return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

size_t arq_bytes(const struct arq_config *config)
{
	return aligned(sizeof(struct arq)) + ARQ_LANES * (aligned(arq_sender_bytes(config)) +
							  aligned(arq_receiver_bytes(config)));
}

struct arq *arq_init(void *memory, const struct arq_config *config, const struct arq_ops *ops,
		     void *owner, struct arq_counters *counters, uint32_t epoch, uint64_t now_us)
{
	struct arq *arq = memory;
	uint8_t *at = (uint8_t *)memory + aligned(sizeof(*arq));

	memset(memory, 0, arq_bytes(config));
	arq->config = *config;
	arq->ops = *ops;
	arq_peer_init(&arq->peer, &arq->config, counters, epoch, now_us);
	arq->shared = (struct arq_shared){
		.config = &arq->config,
		.ops = &arq->ops,
		.owner = owner,
		.counters = counters,
		.epoch = arq->peer.own_epoch,
	};
	arq_estimator_init(&arq->shared.estimator, now_us);
	arq_bucket_init(&arq->shared.bucket, ARQ_BUCKET_MIN_BYTES);
	for (uint8_t i = 0; i < ARQ_LANES; i++) {
		/* Any number will do; what an epoch before used is unlikely to be near. */
		arq_sender_init(&arq->lane[i].sender, &arq->shared, at, i,
				(arq->shared.epoch + i) * 0x9e3779b1U);
		at += aligned(arq_sender_bytes(config));
		arq_receiver_init(&arq->lane[i].receiver, &arq->shared, at, i);
		at += aligned(arq_receiver_bytes(config));
		arq->lane[i].tails = TAILS;
	}
	return arq;
}

static uint32_t rtt_us(const struct arq *arq)
{
	return arq_rtt_us(&arq->shared.estimator);
}

static void send_control(struct arq *arq, struct arq_control *control, uint32_t to_epoch,
			 uint32_t frame_bytes, uint64_t now_us)
{
	uint8_t payload[ARQ_CONTROL_BYTES_MAX];
	uint32_t bytes;

	control->from_epoch = arq->shared.epoch;
	control->to_epoch = to_epoch;
	control->tx_us = (uint32_t)now_us;
	control->echo_us = arq->echo_us;
	control->echo_age_us = NO_ECHO;
	if (arq->has_echo)
		control->echo_age_us = (uint32_t)min_u64(now_us - arq->echo_heard_us, NO_ECHO);
	bytes = arq_control_write(payload, control);
	arq->control_us = now_us;
	arq->shared.counters->controls_sent++;
	arq->shared.counters->control_bytes += bytes;
	arq->ops.control(arq->shared.owner, payload, bytes, frame_bytes);
}

static void send_status(struct arq *arq, uint8_t lane, uint64_t now_us)
{
	struct arq_control control = {.type = ARQ_STATUS, .lane = lane};

	arq_receiver_tell(&arq->lane[lane].receiver, &control.status, now_us);
	control.status.next = arq->lane[lane].sender.next;
	control.status.first = arq->lane[lane].sender.una;
	send_control(arq, &control, arq->peer.epoch, 0, now_us);
}

static void send_of_peer(struct arq *arq, uint8_t type, uint32_t probe_bytes, uint64_t now_us)
{
	struct arq_control control = {.type = type};

	if (type == ARQ_HELLO) {
		for (uint32_t i = 0; i < ARQ_LANES; i++)
			control.hello.next[i] = arq->lane[i].sender.next;
		control.hello.passed_bytes = arq->peer.passed ? arq->config.frame_bytes : 0;
	} else if (type == ARQ_PROBE) {
		control.probe_bytes = probe_bytes;
	}
	send_control(arq, &control, arq->peer.epoch, probe_bytes, now_us);
}

static enum arq_verdict send_plain(struct arq *arq, const struct arq_packet *packet)
{
	struct arq_sender *sender = &arq->lane[ARQ_ORDERED].sender;

	arq->shared.counters->sent_plain++;
	/* What was numbered and comes after this frame would be out of order. */
	if (packet->class == ARQ_ORDERED && sender->una != sender->next)
		arq_sender_reset(sender);
	return ARQ_SEND_PLAIN;
}

enum arq_verdict arq_send(struct arq *arq, const struct arq_packet *packet, uint64_t now_us,
			  struct arq_tag *tag)
{
	struct arq_lane *lane;

	if (packet->class < ARQ_LANES && packet->frame_bytes > arq->config.frame_bytes) {
		arq->shared.counters->sent_plain++;
		arq->shared.counters->sent_long++;
		return ARQ_SEND_PLAIN;
	}
	if (packet->class >= ARQ_LANES || arq->peer.state != ARQ_UP)
		return send_plain(arq, packet);
	lane = &arq->lane[packet->class];
	arq_sender_number(&lane->sender, packet, now_us, tag);
	lane->last_us = now_us;
	lane->tails = 0;
	arq->shared.counters->sent_tagged++;
	return ARQ_SEND_TAGGED;
}

enum arq_verdict arq_receive(struct arq *arq, const struct arq_packet *packet,
			     const struct arq_tag *tag, uint64_t now_us)
{
	if (tag->lane < ARQ_LANES && arq_peer_hear_tag(&arq->peer, tag->epoch, now_us))
		return arq_receiver_frame(&arq->lane[tag->lane].receiver, packet, tag, now_us);
	/* Of a peer that we do not know yet, or not any more: what is fresh is passed on. */
	arq->shared.counters->other_epoch++;
	if (tag->retransmit)
		return ARQ_DROP;
	arq_receiver_flush(&arq->lane[ARQ_ORDERED].receiver);
	arq->ops.deliver(arq->shared.owner, packet->handle);
	return ARQ_TAKEN;
}

void arq_receive_plain(struct arq *arq, const struct arq_packet *packet, uint64_t now_us)
{
	/* The peer tags no more: nothing before this frame may follow it. A frame that is too long
	 * for a tag says nothing of the kind. */
	if (packet->class == ARQ_ORDERED && packet->frame_bytes <= arq->config.frame_bytes)
		arq_receiver_flush(&arq->lane[ARQ_ORDERED].receiver);
}

/* How a control frame relates to the newest before it. One whose time of sending is far ahead is
 * not the peer's, whose clock runs as ours does. */
enum age { AGE_OLD, AGE_NEWEST, AGE_ABSURD };

static enum age age_of(const struct arq *arq, const struct arq_control *control, uint64_t now_us)
{
	uint32_t ahead_us = control->tx_us - arq->echo_us;

	if (!arq->has_echo)
		return AGE_NEWEST;
	if (!seq_gt(control->tx_us, arq->echo_us))
		return AGE_OLD;
	return ahead_us <= now_us - arq->echo_heard_us + CLOCK_SLACK_US ? AGE_NEWEST : AGE_ABSURD;
}

/* Measure by our own time of sending, the first time that it comes back. @return that time, or 0
 * if there is none. */
static uint64_t take_echo(struct arq *arq, const struct arq_control *control, uint64_t now_us)
{
	uint32_t ago_us = (uint32_t)now_us - control->echo_us;

	if (control->echo_age_us == NO_ECHO || control->echo_age_us > ago_us || ago_us > now_us)
		return 0;
	if (control->echo_us != arq->echoed_us)
		arq_estimator_rtt(&arq->shared.estimator, ago_us - control->echo_age_us, now_us);
	arq->echoed_us = control->echo_us;
	return now_us - ago_us;
}

static void start_afresh(struct arq *arq, const struct arq_control *hello)
{
	for (uint32_t i = 0; i < ARQ_LANES; i++) {
		arq_sender_reset(&arq->lane[i].sender);
		arq->lane[i].tails = TAILS;
		arq_receiver_restart(&arq->lane[i].receiver, hello->hello.next[i]);
	}
	arq->has_echo = false;
}

static void answer(struct arq *arq, const struct arq_control *question, uint8_t type,
		   uint64_t now_us)
{
	struct arq_control control = {.type = type};

	if (type == ARQ_PROBE_ANSWER)
		control.probe_bytes = question->probe_bytes;
	send_control(arq, &control, question->from_epoch, 0, now_us);
}

static void take_status(struct arq *arq, const struct arq_control *control, enum age age,
			uint64_t now_us)
{
	struct arq_lane *lane = &arq->lane[control->lane];
	uint64_t echo_us = take_echo(arq, control, now_us);

	if (arq_sender_status(&lane->sender, &control->status, echo_us, now_us) &&
	    age == AGE_NEWEST)
		arq_receiver_next(&lane->receiver, control->status.first, control->status.next,
				  now_us);
}

void arq_receive_control(struct arq *arq, const uint8_t *payload, uint32_t bytes,
			 uint32_t frame_bytes, uint64_t now_us)
{
	struct arq_control control;
	enum arq_heard heard;
	enum age age;

	if (!arq_control_read(payload, bytes, &control)) {
		arq->shared.counters->controls_bad++;
		return;
	}
	arq->shared.counters->controls_received++;
	heard = arq_peer_hear(&arq->peer, &control, rtt_us(arq), now_us);
	if (heard == ARQ_HEARD_IGNORE)
		return;
	arq->forgot = false;
	if (heard == ARQ_HEARD_NEW)
		start_afresh(arq, &control);
	age = age_of(arq, &control, now_us);
	if (age == AGE_ABSURD) {
		arq->shared.counters->controls_absurd++;
		return;
	}
	if (age == AGE_NEWEST) {
		arq->has_echo = true;
		arq->echo_us = control.tx_us;
		arq->echo_heard_us = now_us;
	}
	if (control.type == ARQ_STATUS)
		take_status(arq, &control, age, now_us);
	else if (control.type == ARQ_PROBE && control.probe_bytes == frame_bytes)
		answer(arq, &control, ARQ_PROBE_ANSWER, now_us);
	else if (control.type == ARQ_BYE)
		answer(arq, &control, ARQ_BYE_ANSWER, now_us);
}

static uint64_t tail_due_us(const struct arq *arq, const struct arq_lane *lane)
{
	if (lane->tails >= TAILS || lane->sender.una == lane->sender.next)
		return ARQ_NEVER;
	return lane->last_us + (rtt_us(arq) >> (TAILS - 1 - lane->tails));
}

static uint64_t alive_due_us(const struct arq *arq)
{
	if (!arq->peer.proven || arq->peer.leaving)
		return ARQ_NEVER;
	return arq->control_us + arq->config.alive_us;
}

static uint64_t status_due_us(const struct arq *arq, const struct arq_lane *lane)
{
	if (!arq->peer.proven)
		return ARQ_NEVER;
	return min_u64(arq_receiver_status_due_us(&lane->receiver), tail_due_us(arq, lane));
}

static uint64_t forget_due_us(const struct arq *arq)
{
	if (arq->forgot || !arq->peer.silence_us)
		return ARQ_NEVER;
	return arq->peer.silence_us + arq->config.persist_max_us + FORGET_US;
}

uint64_t arq_deadline_us(const struct arq *arq)
{
	uint64_t due_us = min_u64(arq_peer_deadline_us(&arq->peer), alive_due_us(arq));

	due_us = min_u64(due_us, forget_due_us(arq));
	for (uint32_t i = 0; i < ARQ_LANES; i++) {
		const struct arq_lane *lane = &arq->lane[i];

		due_us = min_u64(due_us, arq_sender_deadline_us(&lane->sender));
		due_us = min_u64(due_us, arq_receiver_expiry_us(&lane->receiver));
		due_us = min_u64(due_us, status_due_us(arq, lane));
	}
	return due_us;
}

static void serve_lane(struct arq *arq, uint8_t index, uint64_t now_us)
{
	struct arq_lane *lane = &arq->lane[index];

	arq_receiver_expire(&lane->receiver, now_us);
	if (!arq->peer.silence_us)
		arq_sender_timer(&lane->sender, now_us);
	else
		arq_sender_drop_twins(&lane->sender);
	if (status_due_us(arq, lane) > now_us)
		return;
	if (tail_due_us(arq, lane) <= now_us)
		lane->tails++;
	send_status(arq, index, now_us);
}

/* A lane that was never used needs no status to be known alive. */
static void stay_alive(struct arq *arq, uint64_t now_us)
{
	arq->alive_lane = (uint8_t)((arq->alive_lane + 1) % ARQ_LANES);
	if (!arq->lane[arq->alive_lane].receiver.used)
		arq->alive_lane = ARQ_ORDERED;
	send_status(arq, arq->alive_lane, now_us);
}

void arq_timer(struct arq *arq, uint64_t now_us)
{
	uint32_t probe_bytes = 0;
	uint8_t type;

	if (arq->shared.long_lost >= LONG_LOST_MAX) {
		arq->shared.long_lost = 0;
		arq_peer_suspect(&arq->peer, now_us);
	}
	arq_peer_timer(&arq->peer, now_us);
	/* One hello or bye, and two probes at most. */
	while ((type = arq_peer_due(&arq->peer, rtt_us(arq), now_us, &probe_bytes))) {
		send_of_peer(arq, type, probe_bytes, now_us);
		probe_bytes = 0;
	}
	for (uint8_t i = 0; i < ARQ_LANES; i++)
		serve_lane(arq, i, now_us);
	if (forget_due_us(arq) <= now_us) {
		for (uint32_t i = 0; i < ARQ_LANES; i++)
			arq_sender_reset(&arq->lane[i].sender);
		arq->forgot = true;
		arq->has_echo = false;
	}
	if (alive_due_us(arq) <= now_us)
		stay_alive(arq, now_us);
}

void arq_carrier_changed(struct arq *arq, uint64_t now_us)
{
	arq_peer_reprobe(&arq->peer, now_us);
}

void arq_leave(struct arq *arq, uint64_t now_us)
{
	arq_peer_leave(&arq->peer, now_us);
}

bool arq_left(const struct arq *arq)
{
	return arq->peer.leaving && arq_peer_knows_bye(&arq->peer);
}

void arq_flush(struct arq *arq)
{
	for (uint32_t i = 0; i < ARQ_LANES; i++) {
		arq_sender_reset(&arq->lane[i].sender);
		arq_receiver_flush(&arq->lane[i].receiver);
	}
}
