/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * Who is at the other end: epochs, hellos, probes, silence. A state machine on what is heard and on
 * time, which knows nothing of lanes. Called by arq.c only.
 *
 * Each end draws an epoch when it starts. That both hear each other is proven when the peer names
 * our epoch. An end takes tagged frames as soon as it knows the peer's epoch, and sends them only
 * when the proof and the probes are done: make before break.
 *
 * A probe is a control frame as long as the longest frame with its tag, which the peer answers. One
 * as long as a plain frame goes with it: if that is answered and the long one never, the radio does
 * not take tags. If neither is, the radio loses too much to tell, and the probes go on.
 */
#ifndef ARQ_PEER_H
#define ARQ_PEER_H

#include <arq/arq.h>

#define ARQ_PROBE_TRIES 8U /* of which the radio may lose some */

struct arq_peer {
	const struct arq_config *config;
	struct arq_counters *counters;
	enum arq_state state;
	uint32_t own_epoch, epoch; /* the peer's, 0 if there is none */
	bool proven;		   /* the peer named our epoch */
	bool steady; /* it said something else than hello: from then on it does so all the time */
	bool left, leaving;
	uint64_t heard_us;   /* newest frame of the peer that is for us */
	uint64_t silence_us; /* since when it is silent */
	uint64_t met_us;     /* its first hello */
	/* Another epoch, heard while the peer was: a peer that restarted, or a third box. */
	uint32_t other_epoch;
	uint64_t other_us;
	uint64_t loop_until_us, third_until_us;
	bool hello_asked; /* answer a hello at once */
	uint64_t hello_us, hello_due_us;
	/* Probes. */
	bool passed, is_short; /* what the last round showed, neither if nothing */
	bool answered_long, answered_plain;
	uint32_t tries;	       /* of this round, ARQ_PROBE_TRIES at most */
	uint64_t probe_due_us; /* the next pair or, after the last one, the verdict */
	uint64_t round_due_us;
	bool probe_long; /* the next one of a pair */
	/* Saying bye. */
	uint32_t byes;
	uint64_t bye_due_us;
	bool bye_answered;
};

/** What a control frame means for the lanes. */
enum arq_heard {
	ARQ_HEARD_IGNORE, /* not from our peer, or not for us */
	ARQ_HEARD_NEW,	  /* a hello of a peer that was not known: start lanes afresh */
	ARQ_HEARD_PEER,	  /* from our peer, for us */
};

void arq_peer_init(struct arq_peer *peer, const struct arq_config *config,
		   struct arq_counters *counters, uint32_t epoch, uint64_t now_us);
/** @param rtt_us  mean round trip */
enum arq_heard arq_peer_hear(struct arq_peer *peer, const struct arq_control *control,
			     uint32_t rtt_us, uint64_t now_us);
/** A tagged frame. @return true if its epoch is the peer's. */
bool arq_peer_hear_tag(struct arq_peer *peer, uint8_t epoch, uint64_t now_us);
/** Let time pass. */
void arq_peer_timer(struct arq_peer *peer, uint64_t now_us);
/** @return a control frame that is due now (ARQ_HELLO, ARQ_PROBE, ARQ_BYE) or 0. Call until 0. */
uint8_t arq_peer_due(struct arq_peer *peer, uint32_t rtt_us, uint64_t now_us,
		     uint32_t *probe_bytes);
uint64_t arq_peer_deadline_us(const struct arq_peer *peer);
/** Begin a round of probes. */
void arq_peer_reprobe(struct arq_peer *peer, uint64_t now_us);
/** The same unless one is under way. */
void arq_peer_suspect(struct arq_peer *peer, uint64_t now_us);
void arq_peer_leave(struct arq_peer *peer, uint64_t now_us);
/** @return true if the peer knows that we leave, or need not. */
bool arq_peer_knows_bye(const struct arq_peer *peer);

#endif
