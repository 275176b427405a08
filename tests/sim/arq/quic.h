/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A bulk transfer as QUIC does it (RFC 9002): a fixed packet threshold of three, a time threshold
 * of 9/8 of the round trip, one reduction for each round of losses, probe timeouts, pacing; NewReno
 * or CUBIC (RFC 9438). The receiver acknowledges every second packet, and at once what is out of
 * order (RFC 9000 section 13.2.1).
 */
#ifndef SIM_ARQ_QUIC_H
#define SIM_ARQ_QUIC_H

#include "link.h"

#define QUIC_PACKETS (1U << 20) /* most of one run */
#define QUIC_FRAME_BYTES 1514U
#define QUIC_PAYLOAD_BYTES 1440U

enum quic_cc { QUIC_NEWRENO, QUIC_CUBIC };

struct quic_sent {
	uint64_t sent_ns;
	uint32_t chunk;
	bool acked, lost;
};

/* One connection, both of its ends. */
struct quic {
	struct link *link;
	/* Hand a frame to the network, from the sender or from the receiver. */
	void (*send)(void *context, struct frame *frame);
	void *context;
	uint32_t flow;
	uint8_t side; /* of the sender */
	enum arq_class class;
	enum quic_cc cc;
	bool closed; /* neither sends any more */
	/* Sender. */
	struct quic_sent *sent; /* by packet number */
	uint32_t next, oldest, largest_acked, in_flight;
	uint32_t chunks; /* first one not sent */
	uint32_t *again; /* chunks to send again, a stack */
	uint32_t again_count;
	double cwnd, ssthresh;
	uint64_t recovery_ns;
	double w_max, k_s, w_est;
	uint64_t epoch_ns;
	uint64_t srtt_ns, rttvar_ns, latest_ns;
	uint64_t loss_at_ns, pto_at_ns, timer_ns;
	uint32_t pto_count, probes;
	uint64_t pace_ns, pace_timer_ns;
	uint64_t losses, spurious, reductions, ptos;
	/* Receiver. */
	uint8_t *got_packet, *got_chunk;
	uint32_t largest, unacked;
	uint64_t ack_timer_ns;
	uint64_t delivered; /* chunks, each once */
};

void quic_init(struct quic *quic, struct link *link, uint32_t flow, uint8_t side,
	       enum arq_class class, enum quic_cc cc, void (*send)(void *, struct frame *),
	       void *context);
void quic_free(struct quic *quic);
/** A frame of this flow arrives at either host. The frame stays the caller's. */
void quic_receive(struct quic *quic, const struct frame *frame);

#endif
