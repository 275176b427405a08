/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * What the box saw of one flow, and what it did with each packet: a bounded list of frame heads with
 * a verdict, written by the worker that owns the flow and read while it grows.
 *
 * Control side: capture_new(), hand it to the worker (REQUEST_CAPTURE), read up to filled, take
 * it away from the worker (REQUEST_CAPTURE with NULL), free. Worker: the other functions. Off, it
 * costs the packet path one branch per burst.
 */
#ifndef SNOOPD_CAPTURE_H
#define SNOOPD_CAPTURE_H

#include <stdint.h>

#include <rte_mbuf.h>

#include <snoop/snoop.h>

#define CAPTURE_PACKETS_MAX 10000
#define CAPTURE_FRAME_BYTES 180 /* headers, and a little payload */

/* X(identifier, "comment") */
#define CAPTURE_VERDICTS(X) \
	X(FORWARDED, "forwarded") \
	X(CACHED, "forwarded, cached") \
	X(WITHHELD, "withheld") \
	X(RELEASED, "released") \
	X(RETRANSMITTED_SCOREBOARD, "retransmitted: SACK says that it was lost") \
	X(RETRANSMITTED_DUPACK, "retransmitted: duplicate or partial ACKs") \
	X(RETRANSMITTED_TIMEOUT, "retransmitted: time-out") \
	X(RETRANSMITTED_PROBE, "retransmitted: probe of a silent station") \
	X(RETRANSMITTED_SYN, "retransmitted: SYN without an answer") \
	X(RETRANSMITTED_SHIELD, "retransmitted: ahead of a retransmit of the sender")

enum capture_verdict {
#define CAPTURE_ENUM(id, text) CAPTURE_##id,
	CAPTURE_VERDICTS(CAPTURE_ENUM)
#undef CAPTURE_ENUM
};

struct capture_packet {
	uint64_t time_us;     /* since 1970 */
	uint32_t frame_bytes; /* on the wire */
	uint16_t kept_bytes;
	uint8_t to;	      /* enum snoop_side */
	uint8_t verdict;
	uint16_t losses, vetoes; /* that an ACK brought to light */
	uint8_t bytes[CAPTURE_FRAME_BYTES];
};

struct capture {
	struct snoop_key key;
	uint64_t epoch_us; /* what to add to the worker's clock */
	uint32_t count;	   /* packets that it holds at most */
	uint32_t filled;   /* atomic: those that may be read */
	uint32_t used;	   /* worker */
	struct capture_packet packets[];
};

struct worker;

const char *capture_verdict_text(enum capture_verdict verdict);

/** @return a capture, to be given to free(), or NULL without memory. */
struct capture *capture_new(const struct worker *worker, const struct snoop_key *key,
			       uint32_t count);

/** A packet with that key passes. @return what capture_end() takes; NULL where it is not wanted. */
struct capture_packet *capture_begin(struct worker *worker, const struct snoop_key *key,
				     enum snoop_side to, const struct rte_mbuf *packet);

/** What became of it; cached, losses, vetoes are counters of before. */
struct capture_before {
	uint64_t cached, losses, vetoes;
};
struct capture_before capture_before(const struct worker *worker);
void capture_end(struct worker *worker, struct capture_packet *captured,
		 const struct capture_before *before, bool withheld);

/** A retransmit, or a released ACK. */
void capture_own(struct worker *worker, enum snoop_side to, const struct rte_mbuf *packet,
		 enum capture_verdict verdict);

/** What was captured may be read. */
void capture_publish(struct worker *worker);

#endif
