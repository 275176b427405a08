/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quic.h"

#define PACKET_THRESHOLD 3U
#define MAX_ACK_DELAY_NS (25 * NS_PER_MS)
#define GRANULARITY_NS NS_PER_MS
#define INITIAL_RTT_NS (333 * NS_PER_MS)
#define INITIAL_CWND 10.0
#define CWND_MIN 2.0
#define CWND_MAX 20000.0
#define PACE_GAIN 1.25
#define PACE_BURST 10
#define CUBIC_C 0.4
#define CUBIC_BETA 0.7
#define ACK_BYTES 80U
#define RANGES 16U
#define ACK_SPAN 1500U /* packets that an ACK tells of */

enum { KIND_DATA, KIND_ACK };

static void send_more(struct quic *quic);
static void set_timer(struct quic *quic);

void quic_init(struct quic *quic, struct link *link, uint32_t flow, uint8_t side,
	       enum arq_class class, enum quic_cc cc, void (*send)(void *, struct frame *),
	       void *context)
{
	*quic = (struct quic){
		.link = link,
		.send = send,
		.context = context,
		.flow = flow,
		.side = side,
		.class = class,
		.cc = cc,
		.next = 1,
		.oldest = 1,
		.cwnd = INITIAL_CWND,
		.ssthresh = CWND_MAX,
		.loss_at_ns = UINT64_MAX,
		.pto_at_ns = UINT64_MAX,
		.timer_ns = UINT64_MAX,
		.pace_timer_ns = UINT64_MAX,
		.ack_timer_ns = UINT64_MAX,
		.sent = calloc(QUIC_PACKETS, sizeof(struct quic_sent)),
		.again = calloc(QUIC_PACKETS, sizeof(uint32_t)),
		.got_packet = calloc(QUIC_PACKETS, 1),
		.got_chunk = calloc(QUIC_PACKETS, 1),
	};
	if (!quic->sent || !quic->again || !quic->got_packet || !quic->got_chunk)
		abort();
	send_more(quic);
}

void quic_free(struct quic *quic)
{
	free(quic->sent);
	free(quic->again);
	free(quic->got_packet);
	free(quic->got_chunk);
}

static uint64_t now_ns(const struct quic *quic)
{
	return quic->link->world.now_ns;
}

/* ---- Congestion control ---- */

static void reduce(struct quic *quic, uint64_t sent_ns)
{
	if (quic->recovery_ns && sent_ns <= quic->recovery_ns)
		return;
	quic->recovery_ns = now_ns(quic);
	quic->reductions++;
	if (quic->cc == QUIC_CUBIC) {
		quic->w_max =
			quic->cwnd < quic->w_max ? quic->cwnd * (1 + CUBIC_BETA) / 2 : quic->cwnd;
		quic->cwnd *= CUBIC_BETA;
	} else {
		quic->cwnd /= 2;
	}
	quic->cwnd = fmax(quic->cwnd, CWND_MIN);
	quic->ssthresh = quic->cwnd;
	quic->epoch_ns = 0;
}

static void grow_cubic(struct quic *quic)
{
	double rtt_s = (double)quic->srtt_ns / NS_PER_S, t, target;

	if (!quic->epoch_ns) {
		quic->epoch_ns = now_ns(quic);
		quic->w_max = fmax(quic->w_max, quic->cwnd);
		quic->k_s = cbrt((quic->w_max - quic->cwnd) / CUBIC_C);
		quic->w_est = quic->cwnd;
	}
	t = (double)(now_ns(quic) - quic->epoch_ns) / NS_PER_S + rtt_s - quic->k_s;
	target = CUBIC_C * t * t * t + quic->w_max;
	target = fmin(fmax(target, quic->cwnd), 1.5 * quic->cwnd);
	quic->w_est += 3 * (1 - CUBIC_BETA) / (1 + CUBIC_BETA) / quic->cwnd;
	quic->cwnd = fmax(quic->cwnd + (target - quic->cwnd) / quic->cwnd, quic->w_est);
}

static void grow(struct quic *quic, uint64_t sent_ns)
{
	if (quic->recovery_ns && sent_ns <= quic->recovery_ns)
		return;
	if (quic->cwnd < quic->ssthresh)
		quic->cwnd += 1;
	else if (quic->cc == QUIC_CUBIC)
		grow_cubic(quic);
	else
		quic->cwnd += 1 / quic->cwnd;
	quic->cwnd = fmin(quic->cwnd, CWND_MAX);
}

/* ---- Sender ---- */

static void send_packet(struct quic *quic)
{
	struct frame *frame =
		link_frame(quic->link, quic->side, quic->flow, quic->class, QUIC_FRAME_BYTES);
	struct quic_sent *sent = &quic->sent[quic->next];

	sent->sent_ns = now_ns(quic);
	sent->chunk = quic->again_count ? quic->again[--quic->again_count] : quic->chunks++;
	frame->flow = quic->flow;
	frame->kind = KIND_DATA;
	frame->number = quic->next++;
	frame->stamp_ns = sent->chunk;
	quic->in_flight++;
	quic->send(quic->context, frame);
}

static void pace_event(void *context, void *argument)
{
	struct quic *quic = context;

	if (quic->pace_timer_ns != now_ns(quic) || quic->closed)
		return;
	quic->pace_timer_ns = UINT64_MAX;
	send_more(quic);
}

static void send_more(struct quic *quic)
{
	uint64_t rtt_ns = quic->srtt_ns ? quic->srtt_ns : INITIAL_RTT_NS;
	uint64_t step_ns = (uint64_t)((double)rtt_ns / (PACE_GAIN * quic->cwnd));
	uint64_t earliest_ns =
		now_ns(quic) > PACE_BURST * step_ns ? now_ns(quic) - PACE_BURST * step_ns : 0;

	if (quic->pace_ns < earliest_ns)
		quic->pace_ns = earliest_ns;
	while ((quic->in_flight < quic->cwnd || quic->probes) && quic->next < QUIC_PACKETS - 1) {
		if (!quic->probes && quic->pace_ns > now_ns(quic)) {
			if (quic->pace_timer_ns == UINT64_MAX) {
				quic->pace_timer_ns = quic->pace_ns;
				world_at(&quic->link->world, quic->pace_ns, pace_event, quic, NULL);
			}
			break;
		}
		quic->probes -= quic->probes > 0;
		quic->pace_ns += step_ns;
		send_packet(quic);
	}
	set_timer(quic);
}

static void take_rtt(struct quic *quic, uint64_t rtt_ns)
{
	uint64_t error_ns;

	quic->latest_ns = rtt_ns;
	if (!quic->srtt_ns) {
		quic->srtt_ns = rtt_ns;
		quic->rttvar_ns = rtt_ns / 2;
		return;
	}
	error_ns = rtt_ns > quic->srtt_ns ? rtt_ns - quic->srtt_ns : quic->srtt_ns - rtt_ns;
	quic->rttvar_ns = (3 * quic->rttvar_ns + error_ns) / 4;
	quic->srtt_ns = (7 * quic->srtt_ns + rtt_ns) / 8;
}

/* RFC 9002 section 6.1 */
static void detect_losses(struct quic *quic)
{
	uint64_t rtt_ns = quic->srtt_ns > quic->latest_ns ? quic->srtt_ns : quic->latest_ns;
	uint64_t delay_ns = rtt_ns * 9 / 8 > GRANULARITY_NS ? rtt_ns * 9 / 8 : GRANULARITY_NS;

	quic->loss_at_ns = UINT64_MAX;
	while (quic->oldest < quic->next &&
	       (quic->sent[quic->oldest].acked || quic->sent[quic->oldest].lost))
		quic->oldest++;
	for (uint32_t i = quic->oldest; i < quic->largest_acked; i++) {
		struct quic_sent *sent = &quic->sent[i];

		if (sent->acked || sent->lost)
			continue;
		if (i + PACKET_THRESHOLD > quic->largest_acked &&
		    sent->sent_ns + delay_ns > now_ns(quic)) {
			if (sent->sent_ns + delay_ns < quic->loss_at_ns)
				quic->loss_at_ns = sent->sent_ns + delay_ns;
			continue;
		}
		sent->lost = true;
		quic->losses++;
		quic->in_flight--;
		quic->again[quic->again_count++] = sent->chunk;
		reduce(quic, sent->sent_ns);
	}
}

static void take_ack(struct quic *quic, const struct frame *frame)
{
	uint32_t largest = (uint32_t)frame->range[1];

	for (uint32_t i = 0; i < frame->ranges; i++)
		for (uint64_t at = frame->range[2 * i]; at <= frame->range[2 * i + 1]; at++) {
			struct quic_sent *sent = &quic->sent[at];

			if (sent->acked)
				continue;
			sent->acked = true;
			quic->pto_count = 0;
			if (at == largest)
				take_rtt(quic, now_ns(quic) - sent->sent_ns);
			if (sent->lost) {
				quic->spurious++;
				continue;
			}
			quic->in_flight--;
			grow(quic, sent->sent_ns);
		}
	if (largest > quic->largest_acked)
		quic->largest_acked = largest;
	detect_losses(quic);
	send_more(quic);
}

static void timer_event(void *context, void *argument)
{
	struct quic *quic = context;

	if (quic->timer_ns != now_ns(quic) || quic->closed)
		return;
	quic->timer_ns = UINT64_MAX;
	if (now_ns(quic) >= quic->loss_at_ns) {
		detect_losses(quic);
	} else if (now_ns(quic) >= quic->pto_at_ns) {
		quic->ptos++;
		quic->pto_count += quic->pto_count < 6;
		quic->probes = 2;
		/* The probes carry what is missing for longest. */
		if (quic->oldest < quic->next && !quic->sent[quic->oldest].acked)
			quic->again[quic->again_count++] = quic->sent[quic->oldest].chunk;
	}
	send_more(quic);
}

static void set_timer(struct quic *quic)
{
	uint64_t at_ns = quic->loss_at_ns;

	if (quic->in_flight && at_ns == UINT64_MAX) {
		uint64_t var_ns =
			4 * quic->rttvar_ns > GRANULARITY_NS ? 4 * quic->rttvar_ns : GRANULARITY_NS;
		uint64_t rtt_ns = quic->srtt_ns ? quic->srtt_ns : INITIAL_RTT_NS;

		at_ns = quic->sent[quic->next - 1].sent_ns +
			((rtt_ns + var_ns + MAX_ACK_DELAY_NS) << quic->pto_count);
	}
	quic->pto_at_ns = at_ns;
	if (at_ns == UINT64_MAX || at_ns == quic->timer_ns)
		return;
	quic->timer_ns = at_ns > now_ns(quic) ? at_ns : now_ns(quic);
	world_at(&quic->link->world, quic->timer_ns, timer_event, quic, NULL);
}

/* ---- Receiver ---- */

static void send_ack(struct quic *quic)
{
	struct frame *frame =
		link_frame(quic->link, 1 - quic->side, quic->flow, quic->class, ACK_BYTES);
	uint32_t at = quic->largest, stop = at > ACK_SPAN ? at - ACK_SPAN : 0;

	frame->flow = quic->flow;
	frame->kind = KIND_ACK;
	while (at > stop && frame->ranges < RANGES) {
		frame->range[2 * frame->ranges + 1] = at;
		while (at > stop && quic->got_packet[at])
			at--;
		frame->range[2 * frame->ranges++] = at + 1;
		while (at > stop && !quic->got_packet[at])
			at--;
	}
	quic->unacked = 0;
	quic->ack_timer_ns = UINT64_MAX;
	quic->send(quic->context, frame);
}

static void ack_event(void *context, void *argument)
{
	struct quic *quic = context;

	if (quic->ack_timer_ns == now_ns(quic) && !quic->closed)
		send_ack(quic);
}

static void take_data(struct quic *quic, const struct frame *frame)
{
	uint32_t number = (uint32_t)frame->number, chunk = (uint32_t)frame->stamp_ns;
	bool in_order = number == quic->largest + 1;

	if (quic->got_packet[number])
		return;
	quic->got_packet[number] = 1;
	quic->delivered += !quic->got_chunk[chunk];
	quic->got_chunk[chunk] = 1;
	if (number > quic->largest)
		quic->largest = number;
	if (++quic->unacked >= 2 || !in_order) {
		send_ack(quic);
	} else if (quic->ack_timer_ns == UINT64_MAX) {
		quic->ack_timer_ns = now_ns(quic) + MAX_ACK_DELAY_NS;
		world_at(&quic->link->world, quic->ack_timer_ns, ack_event, quic, NULL);
	}
}

void quic_receive(struct quic *quic, const struct frame *frame)
{
	if (quic->closed)
		return;
	if (frame->kind == KIND_ACK)
		take_ack(quic, frame);
	else
		take_data(quic, frame);
}
