/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * The SYN memory: handshakes under way, least recently used first out, and a heap of those whose
 * SYN is to be retransmitted.
 */
#ifndef SNOOP_STORE_HANDSHAKES_H
#define SNOOP_STORE_HANDSHAKES_H

#include <snoop/engine.h>

/** One handshake in the SYN memory. */
struct snoop_handshake {
	struct snoop_key key;
	uint32_t next;	       /* chain of the hash bucket, or of the free list */
	uint32_t older, newer; /* LRU order */
	void *packet;	       /* SYN or SYN-ACK that crossed to the radio and is unanswered */
	uint32_t frame_bytes;
	uint32_t tries;
	uint32_t seq[2]; /* of the last SYN or SYN-ACK, by enum snoop_side: where it came from */
	uint32_t window_bytes;	/* the station's newest; valid with to_wired_us */
	uint64_t to_station_us; /* when it crossed; 0 = none did */
	uint64_t to_wired_us;	/* when the station's SYN or SYN-ACK crossed; 0 = none did */
	uint64_t retransmit_us; /* when it is to be retransmitted */
	uint32_t due_at;	/* place in the heap of those with a packet, 0 = not in it */
	uint32_t due;		/* the heap's entry at the place that this record's index is */
	uint32_t wired_rtt_us;
	uint32_t wireless_rtt_us;
	bool answered; /* the station has answered packet */
	bool again[2]; /* this side's SYN was sent more than once: its answer gives no RTT (Karn) */
	uint8_t shift[2]; /* window scale by enum snoop_side */
	bool scales[2], sack[2];
};

void handshakes_init(struct snoop_engine *engine);
/** @return index of the handshake, 0 if there is none. */
uint32_t handshake_find(const struct snoop_engine *engine, const struct snoop_key *key);
/** @return its index, made if it is new: the least recently used one goes. Not for a memory of 0
 * entries. */
uint32_t handshake_get(struct snoop_engine *engine, const struct snoop_key *key);
/** Forget a handshake, and give its record back. */
void handshake_forget(struct snoop_engine *engine, uint32_t index);
/** Do not retransmit its packet, if it has one. */
void handshake_drop_packet(struct snoop_engine *engine, struct snoop_handshake *handshake);
/** Retransmit its packet at this time. */
void handshake_due_set(struct snoop_engine *engine, struct snoop_handshake *handshake,
		       uint64_t retransmit_us);
/** @return the one that is due first, NULL if none has a packet. */
static inline struct snoop_handshake *handshake_due_first(const struct snoop_engine *engine)
{
	return engine->due_count ? &engine->handshakes[engine->handshakes[1].due] : NULL;
}

#endif
